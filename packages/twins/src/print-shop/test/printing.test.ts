import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PDFDocument, PDFName } from 'pdf-lib';
import type { PieceOrder, PrintReport } from '../index.ts';
import { cardOf, makeArtwork, pageTexts, pdfNames } from './artwork.ts';
import { anOrder, eventually, shopWithArtwork } from './helpers.ts';
import { parseCsv, readManifest } from './manifest.ts';

function inBatches(orders: readonly PieceOrder[]): PieceOrder[][] {
  return Array.from({ length: Math.ceil(orders.length / 100) }, (_, batch) =>
    orders.slice(100 * batch, 100 * batch + 100),
  );
}

test('each card is a sheet of its own, as the artwork has it, and a row of the manifest', async (t) => {
  const { order, post, ledger, folder, at } = await shopWithArtwork(t);
  const first = await makeArtwork(at('first.pdf'), { cards: 3, text: 'First' });
  const second = await makeArtwork(at('second.pdf'), { cards: 2, text: 'Second' });
  // Not in the order of the documents, and one back for two cards.
  const orders = [
    anOrder({ ...cardOf(second, 1), name: 'Zoë Åström', address: { line2: 'Apt 4, rear' } }),
    anOrder({ ...cardOf(first, 2), name: 'A "quoted" name' }),
    anOrder({
      artwork: { front: { url: first, page: 1 }, back: { url: second, page: 4 } },
      mailClass: 'standard',
    }),
    anOrder({ ...cardOf(first, 2) }),
  ];
  const results = await order(orders);
  const { body } = await post<PrintReport>('/v1/print', {});
  assert.deepEqual(body, { files: [{ file: 'cards-000001.pdf', cards: 4 }], failed: 0 });

  const texts = await pageTexts(join(folder, 'cards-000001.pdf'));
  const sides = [
    'Second front 1',
    'Second back 1',
    'First front 2',
    'First back 2',
    'First front 0',
    'Second back 1',
    'First front 2',
    'First back 2',
  ];
  assert.deepEqual(
    texts.map((text) => text.trim()),
    sides,
  );

  const [header] = parseCsv(await readFile(join(folder, 'manifest.csv'), 'utf8'));
  const columns =
    'piece_id,mailpiece,file,card,front_page,back_page,name,line1,line2,city,region,postal_code,country,format,mail_class,printed_at';
  assert.equal(header?.join(','), columns);
  const rows = await readManifest(folder);
  assert.equal(rows.length, 4);
  for (const [index, row] of rows.entries()) {
    const { to, reference, mailClass } = orders[index] ?? anOrder();
    const result = results[index];
    assert.deepEqual(
      { ...row, printed_at: '' },
      {
        piece_id: result?.status === 'accepted' ? result.id : '',
        mailpiece: reference.mailpieceId,
        file: 'cards-000001.pdf',
        card: String(index + 1),
        front_page: String(2 * index + 1),
        back_page: String(2 * index + 2),
        name: to.name,
        line1: to.address.line1,
        line2: to.address.line2 ?? '',
        city: to.address.city,
        region: to.address.region,
        postal_code: to.address.postalCode,
        country: to.address.country,
        format: '4x6',
        mail_class: mailClass,
        printed_at: '',
      },
    );
    assert.ok(Math.abs(Date.parse(row['printed_at'] ?? '') - Date.now()) < 60_000);
  }
  assert.deepEqual(
    (await ledger()).map(({ file, card, status }) => [file, card, status]),
    [1, 2, 3, 4].map((card) => ['cards-000001.pdf', card, 'in_production']),
  );
});

test('boxes are kept, and follow from the format where the artwork has none', async (t) => {
  const { order, post, folder, at } = await shopWithArtwork(t);
  const boxed = await makeArtwork(at('boxed.pdf'), { trim: [432.3, 288.3] });
  const bare = await makeArtwork(at('bare.pdf'), { trim: null });
  const tall = await makeArtwork(at('tall.pdf'), { size: [450, 666], trim: [432, 648] });
  await order([
    anOrder(cardOf(boxed, 0)),
    anOrder(cardOf(bare, 0)),
    anOrder({ ...cardOf(tall, 0), format: '6x9' }),
  ]);
  await post('/v1/print', {});
  const pages = (
    await PDFDocument.load(await readFile(join(folder, 'cards-000001.pdf')))
  ).getPages();
  const box = ({ width, height }: { width: number; height: number }): number[] =>
    [width, height].map((points) => Math.round(points * 10) / 10);
  assert.deepEqual(
    [0, 2, 4]
      .map((page) => pages[page])
      .map(
        (page) =>
          page && [box(page.getMediaBox()), box(page.getTrimBox()), box(page.getBleedBox())],
      ),
    [
      [
        [450, 306],
        [432.3, 288.3],
        [450, 306],
      ],
      [
        [450, 306],
        [432, 288],
        [450, 306],
      ],
      [
        [450, 666],
        [432, 648],
        [450, 666],
      ],
    ],
  );
  assert.ok(pages.every((page) => page.node.get(PDFName.of('TrimBox')) !== undefined));
});

test('1,001 cards become three PDFs, each card in exactly one, and what they share is held once', async (t) => {
  const { order, post, folder, at } = await shopWithArtwork(t);
  const photo = randomBytes(400_000);
  // Cohorts of fifty: each document carries the same photograph.
  const documents = await Promise.all(
    Array.from({ length: 21 }, (_, cohort) =>
      makeArtwork(at(`cohort-${cohort}.pdf`), { cards: 50, text: `Cohort ${cohort}`, photo }),
    ),
  );
  const orders = Array.from({ length: 1_001 }, (_, index) =>
    anOrder(cardOf(documents[Math.floor(index / 50)] ?? '', index % 50)),
  );
  for (const batch of inBatches(orders)) await order(batch);
  // Full PDFs are begun without being asked for.
  await eventually('two full PDFs', async () => (await pdfNames(folder)).length >= 2);
  assert.deepEqual((await post<PrintReport>('/v1/print', {})).body.files.at(-1), {
    file: 'cards-000003.pdf',
    cards: 1,
  });

  const rows = await readManifest(folder);
  assert.deepEqual(
    rows.map((row) => row['mailpiece']),
    orders.map(({ reference }) => reference.mailpieceId),
  );
  const cards = new Map<string, number>();
  for (const { file = '' } of rows) cards.set(file, (cards.get(file) ?? 0) + 1);
  assert.deepEqual(
    [...cards],
    [
      ['cards-000001.pdf', 500],
      ['cards-000002.pdf', 500],
      ['cards-000003.pdf', 1],
    ],
  );
  const seen: string[] = [];
  for (const name of await pdfNames(folder)) {
    seen.push(...(await pageTexts(join(folder, name))).map((text) => text.trim()));
    // The photograph once, and about 350 bytes a page; ten of them would be 4 MB.
    const { size } = await stat(join(folder, name));
    assert.ok(size < 1_000_000, `${name} has ${size} bytes`);
  }
  const wanted = orders.flatMap((_, index) =>
    ['front', 'back'].map((side) => `Cohort ${Math.floor(index / 50)} ${side} ${index % 50}`),
  );
  assert.deepEqual(seen, wanted);
});

test('a few cards are printed after a while of quiet, without being asked for', async (t) => {
  const { order, folder, at } = await shopWithArtwork(t, { printAfterMs: 50 });
  await order([anOrder(cardOf(await makeArtwork(at('card.pdf')), 0))]);
  await eventually('a PDF', async () => (await pdfNames(folder)).length === 1);
  await eventually('a row', async () => (await readManifest(folder)).length === 1);
});

test('a shop that collects prints full files only, until it is asked for the rest', async (t) => {
  const { order, post, folder, at } = await shopWithArtwork(t, { printAfterMs: 0, collect: true });
  const artwork = await makeArtwork(at('card.pdf'));
  const batches = inBatches(Array.from({ length: 510 }, () => anOrder(cardOf(artwork, 0))));
  for (const batch of batches.slice(0, 5)) await order(batch);
  await eventually('a full PDF', async () => (await readManifest(folder)).length === 500);
  // Moments of quiet, of which each would have been enough.
  for (const batch of batches.slice(5)) {
    await order(batch);
    await new Promise((quiet) => setTimeout(quiet, 100));
  }
  assert.deepEqual(await pdfNames(folder), ['cards-000001.pdf']);
  assert.deepEqual((await post<PrintReport>('/v1/print', {})).body, {
    files: [{ file: 'cards-000002.pdf', cards: 10 }],
    failed: 0,
  });
  assert.equal((await readManifest(folder)).length, 510);
});

test('a card whose artwork was changed or removed fails; the others are printed', async (t) => {
  const { order, post, folder, ledger, at } = await shopWithArtwork(t);
  const [kept, changed, removed] = await Promise.all(
    ['kept', 'changed', 'removed'].map((name) => makeArtwork(at(`${name}.pdf`), { text: name })),
  );
  const [one, two, three] = [
    anOrder(cardOf(changed ?? '', 0)),
    anOrder(cardOf(kept ?? '', 0)),
    anOrder(cardOf(removed ?? '', 0)),
  ];
  await order([one, two, three]);
  await makeArtwork(at('changed.pdf'), { text: 'something else' });
  await rm(at('removed.pdf'));
  assert.deepEqual((await post('/v1/print', {})).body, {
    files: [{ file: 'cards-000001.pdf', cards: 1 }],
    failed: 2,
  });
  assert.deepEqual(
    (await pageTexts(join(folder, 'cards-000001.pdf'))).map((text) => text.trim()),
    ['kept front 0', 'kept back 0'],
  );
  assert.deepEqual(
    (await readManifest(folder)).map((row) => row['mailpiece']),
    [two.reference.mailpieceId],
  );
  assert.deepEqual(
    (await ledger()).map(({ status }) => status),
    ['failed', 'in_production', 'failed'],
  );
});
