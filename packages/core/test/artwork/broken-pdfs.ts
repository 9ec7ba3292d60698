/**
 * Documents broken at random: whatever comes, a page is cut or there is a sentence, soon. Short in
 * `broken-pdfs.test.ts`, long in `broken-pdfs.long.test.ts`.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cutPages, PdfSource } from '../../src/runtime/artwork/pdf-cut.ts';
import { PdfFile } from '../../src/runtime/artwork/pdf-file.ts';
import { PdfError } from '../../src/runtime/artwork/pdf-syntax.ts';
import { byPdfLib, document, inheriting } from './made-pdfs.ts';

const words = [
  '<<',
  '>>',
  '[',
  ']',
  '(',
  ')',
  '<',
  '>',
  '/',
  '%',
  '\0',
  '\n',
  ' ',
  '0',
  '-1',
  '1.5',
  '99999999',
  '999999999999',
  '1 0 R',
  '2 0 R',
  '3 0 R',
  '5 0 R',
  '4294967296 0 R',
  'null',
  'obj',
  'endobj',
  'stream\n',
  'endstream',
  'xref',
  'trailer',
  'startxref',
  '%%EOF',
  '/Kids',
  '/Kids[2 0 R 3 0 R]',
  '/Parent',
  '/Length 0',
  '/Length 5 0 R',
  '/Filter/FlateDecode',
  '/Filter[/ASCII85Decode]',
  '/Filter/LZWDecode',
  '/Type/Page',
  '/Type/ObjStm',
  '/Type/XRef',
  '/W[1 2 1]',
  '/W[9 9 9]',
  '/Index[0 9999999]',
  '/Size 1',
  '/Prev 0',
  '/Prev 9',
  '/First 3',
  '/N 99999999',
  '/Encrypt 1 0 R',
  '/DecodeParms<</Predictor 12/Columns 99999>>',
  '/Resources',
  '/Contents',
  '[['.repeat(90),
  '<</A'.repeat(150),
];

const change = fc.record({
  /** As a share of the document. */
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  /** Of what is replaced. */
  length: fc.oneof(fc.constant(0), fc.nat(12), fc.nat(4000)),
  by: fc.oneof(
    fc.constantFrom(...words).map((word) => Buffer.from(word, 'latin1')),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  ),
  /** Behind the next dictionary that begins: what is put there is read. */
  inDictionary: fc.boolean(),
});

/** Resolves with what came of them. */
export async function cutBroken(runs: number): Promise<{ cut: number; told: number }> {
  const documents = [
    inheriting(3),
    Buffer.from(await byPdfLib()),
    await document('object-streams'),
    await document('matplotlib'),
  ];
  const counts = { cut: 0, told: 0 };
  const broken = fc.record({
    of: fc.nat(documents.length - 1),
    changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    page: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(broken, ({ of, changes, page }) => {
      let bytes = documents[of] ?? Buffer.alloc(0);
      for (const { at, length, by, inDictionary } of changes) {
        const chosen = Math.floor(at * bytes.length);
        const next = inDictionary ? bytes.indexOf('<<', chosen) : -1;
        const from = next < 0 ? chosen : next + 2;
        bytes = Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(from + length)]);
      }
      const began = performance.now();
      try {
        const file = cutPages([{ source: new PdfSource(new PdfFile(bytes)), page }]);
        // What was cut can be cut again: it is a document that is whole.
        cutPages([{ source: new PdfSource(new PdfFile(file)), page: 1 }]);
        counts.cut++;
      } catch (error) {
        assert.ok(error instanceof PdfError, (error as Error).stack);
        assert.match(error.message, /^its? [^\n]+$/);
        counts.told++;
      }
      assert.ok(performance.now() - began < 5_000, 'it took too long');
    }),
    { numRuns: runs },
  );
  return counts;
}
