/** A page that is cut out looks as it did, and nothing of the others is in it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { bakery, card, renderIn } from '../../../adapters/src/typst/test/cards.ts';
import { loader } from '../../../../test/support/loader.ts';
import { cutPages } from '../../src/runtime/artwork/pdf-cut.ts';
import {
  byPdfLib,
  cutOf,
  deflated,
  document,
  inheriting,
  looksOf,
  sourceOf,
  stream,
  written,
} from './made-pdfs.ts';

const folder = mkdtempSync(join(tmpdir(), 'postrider-cutter-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const mailing = Array.from({ length: 12 }, () => card());
async function typst(): Promise<Uint8Array> {
  return (await renderIn(bakery, mailing)).pdf;
}

const producers: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  typst,
  'pdf-lib with objects in streams': byPdfLib,
  'pdf-lib with plain objects': async () => await byPdfLib({ useObjectStreams: false }),
  'reportlab (ASCII85, TrueType, pictures)': async () => await document('reportlab'),
  'a linearised document': async () => await document('linearised'),
  'matplotlib (Type 3 fonts, patterns)': async () => await document('matplotlib'),
  'objects in streams': async () => await document('object-streams'),
  'a tree of pages that hands down': async () => inheriting(4),
};

for (const [producer, make] of Object.entries(producers)) {
  void test(`a page looks as it did in its document: ${producer}`, async () => {
    const pdf = await make();
    const source = sourceOf(pdf);
    const many = Math.min(source.pages.length, 4);
    const before = await looksOf(
      pdf,
      Array.from({ length: many }, (_, index) => index + 1),
    );
    for (const [index, look] of before.entries()) {
      const after = await looksOf(cutPages([{ source, page: index + 1 }]));
      assert.equal(after.length, 1);
      assert.equal(after[0]?.text, look.text, `text of page ${index + 1}`);
      assert.deepEqual([after[0]?.width, after[0]?.height], [look.width, look.height]);
      assert.ok(after[0]?.pixels.equals(look.pixels), `pixels of page ${index + 1}`);
      assert.ok(new Set(look.pixels).size > 2, 'there is something on it');
    }
  });
}

void test('several pages, of one document or of two, are one document in their order', async () => {
  const [one, two] = [sourceOf(await typst()), sourceOf(await document('reportlab'))];
  const both = cutPages([
    { source: one, page: 4 },
    { source: two, page: 2 },
    { source: one, page: 3 },
  ]);
  const alone = await Promise.all([
    looksOf(cutPages([{ source: one, page: 4 }])),
    looksOf(cutPages([{ source: two, page: 2 }])),
    looksOf(cutPages([{ source: one, page: 3 }])),
  ]);
  assert.deepEqual(await looksOf(both), alone.flat());
});

void test('the same page is the same bytes, also in another process', async () => {
  const pdf = await typst();
  const file = join(folder, 'same.pdf');
  writeFileSync(file, pdf);
  const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const source = sourceOf(pdf);
  const first = hash(cutPages([{ source, page: 7 }]));
  cutPages([{ source, page: 8 }]);
  assert.equal(hash(cutPages([{ source, page: 7 }])), first);
  // By a source that has met other pages first.
  assert.equal(hash(cutOf(pdf, 7)), first);
  const program = `
    import { readFileSync } from 'node:fs';
    import { createHash } from 'node:crypto';
    import { cutOf } from ${JSON.stringify(import.meta.resolve('./made-pdfs.ts'))};
    const bytes = cutOf(readFileSync(${JSON.stringify(file)}), 7);
    process.stdout.write(createHash('sha256').update(bytes).digest('hex'));`;
  const script = join(folder, 'other.mts');
  writeFileSync(script, program);
  const told = execFileSync(process.execPath, [...loader, script], { encoding: 'utf8' });
  assert.equal(told, first);
});

void test('nothing of other people is in a page that is cut out, and it is as small as it needs', async () => {
  const pdf = await typst();
  const cards = mailing.map(({ lastName }) => lastName ?? '');
  const front = cutOf(pdf, 1);
  const back = cutOf(pdf, 2);
  const objects = (bytes: Buffer): number => bytes.toString('latin1').split(' 0 obj').length - 1;
  // Without choosing, each page has the codes of all: 500 kB of a document of 250 cards.
  assert.ok(objects(front) < 60 && objects(back) < 60, `${objects(front)} ${objects(back)}`);
  assert.ok(front.length < 60_000 && back.length < 60_000, `${front.length} ${back.length}`);
  const [look] = await looksOf(back);
  assert.ok(look?.text.includes(cards[0] ?? '-'), look?.text);

  const made = inheriting(5);
  for (let page = 1; page <= 5; page++) {
    const plain = cutOf(made, page).toString('latin1');
    const secrets = [...plain.matchAll(/secret of person (\d)/g)].map(([, number]) => number);
    assert.deepEqual(secrets, [String(page)]);
  }
});

void test('a document of 500 pages is parsed once and cut into 500 different files', () => {
  const source = sourceOf(inheriting(500));
  const hashes = new Set<string>();
  for (let page = 1; page <= 500; page++) {
    const bytes = cutPages([{ source, page }]);
    assert.ok(bytes.length < 2_000, `${bytes.length} bytes`);
    hashes.add(createHash('sha256').update(bytes).digest('hex'));
  }
  assert.equal(hashes.size, 500);
});

void test('what a page uses without naming it is taken along', async () => {
  // A pattern draws with a form that has no resources: it uses the font of the page. An inline
  // image may have any byte in its pixels, an open bracket too.
  const pdf = written([
    '<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[9 0 R]/D<</OFF[9 0 R]>>>>>>',
    '<</Type/Pages/Count 1/Kids[3 0 R]>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents[4 0 R 5 0 R]/Resources 6 0 R>>',
    deflated('/Stamp Do q 40 0 0 40 20 20 cm BI /W 2 /H 2 /BPC 8 /CS /G ID (/<( EI Q'),
    stream('/Pattern cs /Tiles#31 scn 100 20 150 150 re f /OC /Layer BDC 0 0 50 200 re f EMC'),
    '<</Font<</F1 7 0 R/F2 7 0 R>>/Pattern<</Tiles1 8 0 R>>/XObject<</Stamp 10 0 R/Not 11 0 R>>' +
      '/Properties<</Layer 9 0 R>>>>',
    // pdfium puts Helvetica where a font is missing.
    '<</Type/Font/Subtype/Type1/BaseFont/Times-Italic>>',
    stream(
      '/Mark Do',
      '/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 30 30]/XStep 30/YStep 30' +
        '/Resources<</XObject<</Mark 10 0 R>>>>',
    ),
    '<</Type/OCG/Name(Layer)>>',
    stream(
      'BT /F1 14 Tf 2 8 Td (ab) Tj ET',
      '/Type/XObject/Subtype/Form/BBox[0 0 30 30]/Group<</S/Transparency>>/StructParent 3',
    ),
    stream('0 0 9 9 re f', '/Type/XObject/Subtype/Form/BBox[0 0 30 30]'),
  ]);
  const bytes = cutOf(pdf, 1);
  const [[before], [after]] = await Promise.all([looksOf(pdf), looksOf(bytes)]);
  assert.ok(before !== undefined && after !== undefined && after.pixels.equals(before.pixels));
  const text = bytes.toString('latin1');
  assert.match(text, /OCProperties/);
  assert.match(text, /\/F1 \d+ 0 R/);
  assert.doesNotMatch(text, /\/Not |StructParent|\/F2 /);
});

void test('the streams of a page are those of its document, byte by byte', async () => {
  const pdf = Buffer.from(await typst());
  const bytes = cutOf(pdf, 1);
  let streams = 0;
  for (let at = bytes.indexOf('\nstream\n'); at >= 0; at = bytes.indexOf('\nstream\n', at + 1)) {
    const content = bytes.subarray(at + 8, bytes.indexOf('\nendstream', at));
    assert.ok(pdf.includes(content));
    if (content[0] === 0x78) assert.ok(inflateSync(content).length > 0);
    streams++;
  }
  assert.ok(streams > 5, `${streams} streams`);
});
