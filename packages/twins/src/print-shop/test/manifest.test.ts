import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { cell } from '../manifest.ts';
import { cardOf, makeArtwork, pageTexts, pdfNames } from './artwork.ts';
import { anOrder, eventually, shopWithArtwork } from './helpers.ts';
import { readManifest } from './manifest.ts';

test('a manifest that could not be written is said, and written later by itself', async (t) => {
  const { order, post, folder, at } = await shopWithArtwork(t);
  const manifest = join(folder, 'manifest.csv');
  await rm(manifest);
  // No file can take the place of a folder that holds something.
  await mkdir(join(manifest, 'in the way'), { recursive: true });
  await order([anOrder(cardOf(await makeArtwork(at('card.pdf')), 0))]);
  for (let ask = 0; ask < 2; ask += 1) assert.equal((await post('/v1/print', {})).status, 503);
  assert.deepEqual(await pdfNames(folder), ['cards-000001.pdf']);
  await rm(manifest, { recursive: true });
  const rows = await eventually('the manifest', () => readManifest(folder).catch(() => null));
  assert.deepEqual(
    rows.map(({ file, card }) => [file, card]),
    [['cards-000001.pdf', '1']],
  );
  assert.equal((await post('/v1/print', {})).status, 200);
});

test('neither test pieces nor pieces without artwork get into a PDF or the manifest', async (t) => {
  const { order, post, folder, ledger, at } = await shopWithArtwork(t);
  const card = cardOf(await makeArtwork(at('card.pdf')), 0);
  await order([anOrder({ ...card, mode: 'test' }), anOrder(), anOrder(card)]);
  assert.deepEqual((await post('/v1/print', {})).body['files'], [
    { file: 'cards-000001.pdf', cards: 1 },
  ]);
  assert.equal((await pageTexts(join(folder, 'cards-000001.pdf'))).length, 2);
  const rows = await readManifest(folder);
  const lines = await ledger();
  assert.deepEqual(
    rows.map((row) => row['piece_id']),
    [lines[2]?.id],
  );
  assert.deepEqual(
    lines.map((line) => [line.printedAt !== null, line.file]),
    [
      [false, null],
      [true, null],
      [true, 'cards-000001.pdf'],
    ],
  );
});

test('a cell that a spreadsheet would run is disarmed, and only such a cell', () => {
  assert.equal(cell(`=cmd|' /C calc'!A0`), `'=cmd|' /C calc'!A0`);
  for (const start of ['=', '+', '-', '@', '\t']) assert.equal(cell(`${start}1`), `'${start}1`);
  assert.equal(cell('\r=1'), `"'\r=1"`);
  assert.equal(cell('=HYPERLINK("http://x","y")'), `"'=HYPERLINK(""http://x"",""y"")"`);
  for (const plain of ['', 'Ada', '62701-1234', "O'Brien", 'a=b', ' -'])
    assert.equal(cell(plain), plain);
});

test('names that are formulas reach the manifest disarmed', async (t) => {
  const { order, post, folder, at } = await shopWithArtwork(t);
  const card = cardOf(await makeArtwork(at('card.pdf')), 0);
  await order([
    anOrder({
      ...card,
      name: "=cmd|'/C calc'!A0",
      address: { line1: '-1 "Minus", Street', line2: '@SUM(A1)' },
    }),
  ]);
  await post('/v1/print', {});
  const [row] = await readManifest(folder);
  assert.deepEqual(
    [row?.['name'], row?.['line1'], row?.['line2']],
    [`'=cmd|'/C calc'!A0`, `'-1 "Minus", Street`, `'@SUM(A1)`],
  );
});
