/**
 * kill -9 between any two steps: what was acknowledged is there once, and no card is in two PDFs.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type PieceOrder, type PieceResult } from '../index.ts';
import { cardOf, makeArtwork, pageTexts, pdfNames } from './artwork.ts';
import { anOrder, client, eventually, shopHere, shopProcess, temporaryFolder } from './helpers.ts';
import { readManifest } from './manifest.ts';

/**
 * Every card of the ledger is once in the PDFs and once in the manifest, at the place that the
 * ledger says.
 */
async function assertPrintedOnce(
  folder: string,
  orders: readonly PieceOrder[],
  ledger: readonly { mailpiece: string; file: string | null; card: number | null }[],
): Promise<void> {
  const rows = await readManifest(folder);
  const wanted = orders.map(({ reference }) => reference.mailpieceId).toSorted();
  assert.deepEqual(rows.map((row) => row['mailpiece'] ?? '').toSorted(), wanted);
  assert.deepEqual(ledger.map(({ mailpiece }) => mailpiece).toSorted(), wanted);
  const places = new Map(rows.map((row) => [row['mailpiece'], `${row['file']} ${row['card']}`]));
  for (const { mailpiece, file, card } of ledger)
    assert.equal(places.get(mailpiece), `${file} ${card}`);
  const fronts: string[] = [];
  for (const name of await pdfNames(folder)) {
    const texts = await pageTexts(join(folder, name));
    const cards = rows.filter(({ file }) => file === name);
    assert.equal(texts.length, 2 * cards.length, `${name} holds what the manifest says`);
    fronts.push(...texts.filter((_, page) => page % 2 === 0));
  }
  assert.equal(fronts.length, orders.length);
  assert.equal(new Set(fronts).size, orders.length, 'no card is in two PDFs');
}

// Side by side, because each mostly waits for a process to start.
suite('a print shop that is killed', { concurrency: 4 }, () => {
  const printPlaces: readonly string[] = [
    'before-plan',
    'after-plan',
    'mid-pdf',
    'after-pdf',
    'after-part',
    'after-printed',
    'after-manifest',
  ];
  for (const place of printPlaces) {
    test(`killed ${place.replace('-', ' ')}, every card is still printed once`, async (t) => {
      const folder = await temporaryFolder(t);
      const art = await temporaryFolder(t);
      const url = await makeArtwork(join(art, 'cards.pdf'), { cards: 5 });
      const orders = Array.from({ length: 5 }, (_, card) => anOrder(cardOf(url, card)));
      const first = await shopProcess(t, {
        folder,
        artwork: [art],
        env: { TWIN_CRASH_AT: place },
      });
      await first.order(orders.slice(0, 3));
      await assert.rejects(first.post('/v1/print', {}));
      assert.equal((await first.shop.exited).signal, 'SIGKILL');
      const known = new Set(await pdfNames(folder));
      for (const { file = '' } of await readManifest(folder))
        assert.ok(known.has(file), 'the manifest names no PDF that is not there');

      const second = await shopHere(t, { folder, artwork: [art] });
      await second.order(orders.slice(3));
      await second.post('/v1/print', {});
      await assertPrintedOnce(folder, orders, await second.ledger());
    });
  }

  test('killed after the plan and with artwork gone, the card fails and the others keep the number of the PDF', async (t) => {
    const folder = await temporaryFolder(t);
    const art = await temporaryFolder(t);
    const [kept, gone] = await Promise.all(
      ['kept', 'gone'].map((name) => makeArtwork(join(art, `${name}.pdf`), { text: name })),
    );
    const orders = [anOrder(cardOf(gone ?? '', 0)), anOrder(cardOf(kept ?? '', 0))];
    const first = await shopProcess(t, {
      folder,
      artwork: [art],
      env: { TWIN_CRASH_AT: 'after-plan' },
    });
    await first.order(orders);
    await assert.rejects(first.post('/v1/print', {}));
    await first.shop.exited;
    await rm(join(art, 'gone.pdf'));
    const third = await shopHere(t, { folder, artwork: [art] });
    assert.deepEqual(
      (await third.ledger()).map(({ status, file, card }) => [status, file, card]),
      [
        ['failed', null, null],
        ['in_production', 'cards-000001.pdf', 1],
      ],
    );
    assert.deepEqual(
      (await pageTexts(join(folder, 'cards-000001.pdf'))).map((text) => text.trim()),
      ['kept front 0', 'kept back 0'],
    );
    assert.deepEqual(
      (await readManifest(folder)).map((row) => row['mailpiece']),
      [orders[1]?.reference.mailpieceId],
    );
  });

  test('killed after the PDF and with the artwork gone, the PDF counts: its cards are on paper', async (t) => {
    const folder = await temporaryFolder(t);
    const art = await temporaryFolder(t);
    const orders = [anOrder(cardOf(await makeArtwork(join(art, 'card.pdf')), 0))];
    const first = await shopProcess(t, {
      folder,
      artwork: [art],
      env: { TWIN_CRASH_AT: 'after-pdf' },
    });
    await first.order(orders);
    await assert.rejects(first.post('/v1/print', {}));
    await first.shop.exited;
    await rm(join(art, 'card.pdf'));
    const second = await shopHere(t, { folder, artwork: [art] });
    await assertPrintedOnce(folder, orders, await second.ledger());
  });

  const acceptPlaces: readonly string[] = ['mid-append', 'before-sync', 'after-accept'];
  for (const place of acceptPlaces) {
    test(`killed ${place.replace('-', ' ')} of an order, asking again makes one piece`, async (t) => {
      const folder = await temporaryFolder(t);
      // The shop's own opening entry is the first that is written.
      const env = { TWIN_CRASH_AT: place === 'after-accept' ? place : `${place}:2` };
      const first = await shopProcess(t, { folder, env });
      const orders = [anOrder(), anOrder()];
      await assert.rejects(first.order(orders));
      assert.equal((await first.shop.exited).signal, 'SIGKILL');
      const second = await shopHere(t, { folder });
      // Half a line was never an order; a whole one is kept, although nobody was told.
      assert.equal((await second.ledger()).length, place === 'mid-append' ? 0 : 2);
      const results = await second.order(orders);
      assert.ok(
        results.every(
          (result) => result.status === 'accepted' && result.replayed === (place !== 'mid-append'),
        ),
      );
      assert.equal((await second.ledger()).length, 2);
    });
  }

  test('killed at random under load, everything acknowledged is kept, and everything asked again is there once', async (t) => {
    const folder = await temporaryFolder(t);
    const orders = Array.from({ length: 1_200 }, () => anOrder());
    const acknowledged = new Map<string, string>();
    let waiting = orders;
    for (let round = 0; waiting.length > 0; round += 1) {
      const { shop } = await shopProcess(t, { folder });
      const { order } = client(shop.url);
      const batches = Array.from({ length: Math.ceil(waiting.length / 20) }, (_, batch) =>
        waiting.slice(20 * batch, 20 * batch + 20),
      );
      let answered = 0;
      const work = async (): Promise<void> => {
        for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
          const results: readonly PieceResult[] | null = await order(batch).catch(() => null);
          if (results === null) return;
          for (const [index, result] of results.entries()) {
            const mailpiece: string = batch[index]?.reference.mailpieceId ?? '';
            assert.equal(result.status, 'accepted');
            if (acknowledged.has(mailpiece)) assert.equal(acknowledged.get(mailpiece), result.id);
            acknowledged.set(mailpiece, result.id);
          }
          answered += 1;
          // Killed in the midst of other requests; the last round goes through.
          if (answered === 7 + round && round < 4) void shop.kill();
        }
      };
      await Promise.all(Array.from({ length: 6 }, work));
      await shop.kill();
      waiting = orders.filter(({ reference }) => !acknowledged.has(reference.mailpieceId));
    }
    const { ledger } = await shopHere(t, { folder });
    const lines = await ledger();
    assert.equal(lines.length, orders.length);
    assert.deepEqual(new Map(lines.map(({ mailpiece, id }) => [mailpiece, id])), acknowledged);
  });

  test('cards that waited when the shop was killed are printed after the next start', async (t) => {
    const folder = await temporaryFolder(t);
    const art = await temporaryFolder(t);
    const orders = [anOrder(cardOf(await makeArtwork(join(art, 'card.pdf')), 0))];
    const first = await shopProcess(t, { folder, artwork: [art] });
    await first.order(orders);
    await first.shop.kill();
    const second = await shopHere(t, { folder, artwork: [art], printAfterMs: 10 });
    const ledger = await eventually('a printed card', async () => {
      const lines = await second.ledger();
      return lines.every(({ file }) => file !== null) ? lines : null;
    });
    await eventually('a row', async () => (await readManifest(folder)).length === 1);
    await assertPrintedOnce(folder, orders, ledger);
  });
});
