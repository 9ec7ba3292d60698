import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { contractContext } from '@postrider/core/contract';
import type { CardRequest, Member, PieceRequest } from '@postrider/core/ports';
import { startPrintShop } from '@postrider/twins/print-shop';
import { createCsvAudience } from '../src/csv/index.ts';
import { createFolderImageHost } from '../src/folder/index.ts';
import { createPrintShopPrinter } from '../src/print-shop/index.ts';
import { createTypstRenderer } from '../src/typst/index.ts';
import { temporaryFolder, wiringAt } from './helpers.ts';
import { decodeQr, lookAt, pageBoxes } from './pdf.ts';

it('a list of people becomes printed cards: CSV, typst, folder, print shop', async (t) => {
  const folder = await temporaryFolder();
  const wiring = wiringAt(folder, { PRINT_SHOP_TOKEN: 'token' });
  const context = contractContext();
  const rows = ['Ann,Lee', '"*Bo*, #panic()",Ray', 'Zoë,Вольф'].map(
    (name, index) => `c${index},${name},${index + 1} Main Street,Boston,MA,2138,Rye,CODE-${index}`,
  );
  await writeFile(
    join(folder, 'people.csv'),
    ['id,first name,last name,address,city,state,zip,favorite,promo_code', ...rows].join('\n'),
  );

  const people: Member[] = [];
  for await (const page of createCsvAudience({ path: 'people.csv' }, wiring).members(
    '',
    { pageSize: 2, limit: null },
    context,
  ))
    people.push(...page.members);
  assert.equal(people.length, 3);

  const renderer = await createTypstRenderer(
    {},
    {
      ...wiring,
      baseDirectory: fileURLToPath(new URL('../../../examples/bakery', import.meta.url)),
    },
  );
  const cards = people.map((one): CardRequest => ({
    recipientId: randomUUID(),
    firstName: one.firstName,
    lastName: one.lastName,
    address: one.address ?? assert.fail('an address'),
    returnAddress: null,
    merge: one.merge,
    reference: one.externalId,
  }));
  const { documents, results } = await renderer.render(
    { template: 'postcard.typ', format: '4x6', media: 'application/pdf', cards },
    context,
  );
  const [stored] = await createFolderImageHost({}, wiring).put(documents, context);
  assert.equal(stored?.outcome, 'stored');
  const url = stored?.outcome === 'stored' ? stored.url : '';

  const printed = await temporaryFolder();
  const shop = await startPrintShop({
    folder: printed,
    token: 'token',
    artwork: [join(folder, 'data', 'proofs')],
    printAfterMs: 3_600_000,
    log: () => undefined,
  });
  t.after(() => shop.stop());
  const pieces = cards.map((card, index): PieceRequest => {
    const result = results[index];
    assert.ok(result?.outcome === 'rendered', JSON.stringify(result));
    return {
      reference: {
        organizationId: 'o',
        campaignId: 'c',
        recipientId: card.recipientId,
        mailpieceId: randomUUID(),
      },
      idempotencyKey: randomUUID(),
      mode: 'live',
      format: '4x6',
      mailClass: 'first_class',
      to: { name: `${card.firstName} ${card.lastName}`, address: card.address },
      from: null,
      artwork: { front: { url, page: result.front.page }, back: { url, page: result.back.page } },
    };
  });
  const submitted = await createPrintShopPrinter({ url: shop.url }, wiring).submit(
    pieces,
    { assertMaySend: () => undefined },
    context,
  );
  for (const result of submitted) assert.equal(result.outcome, 'accepted', JSON.stringify(result));
  const print = await fetch(`${shop.url}/v1/print`, {
    method: 'POST',
    headers: { authorization: 'Bearer token' },
  });
  assert.equal(print.status, 200, await print.text());

  const [name] = (await readdir(printed)).filter((file) => file.endsWith('.pdf'));
  const pdf = await readFile(join(printed, name ?? ''));
  const looks = await lookAt(pdf, 150);
  assert.equal(looks.length, 6);
  for (const [index, card] of cards.entries()) {
    const [front, back] = [looks[2 * index], looks[2 * index + 1]];
    assert.ok(front?.text.includes(card.firstName ?? ''));
    assert.ok(back?.text.includes(`${card.firstName} ${card.lastName}`));
    assert.ok(back?.text.includes('Boston MA 02138'));
    assert.equal(
      decodeQr(back?.raster ?? assert.fail('a back')),
      `https://bakery.example/c/CODE-${index}`,
    );
  }
  for (const boxes of await pageBoxes(pdf)) assert.equal(boxes.trim, '9 9 432 288');
});
