import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { PdfError } from '../../src/runtime/artwork/pdf-syntax.ts';
import { cutBroken } from './broken-pdfs.ts';
import { cutOf, stream, written } from './made-pdfs.ts';

void test('a document that is broken is cut or told in a sentence: 400 of them', async (t) => {
  const { cut, told } = await cutBroken(400);
  t.diagnostic(`${cut} were cut, ${told} told`);
  assert.ok(cut > 20 && told > 20, `${cut} cut, ${told} told`);
});

void test('what is made to exhaust its reader is refused soon', () => {
  const bomb = deflateSync(Buffer.alloc(70 * 1024 * 1024)).toString('latin1');
  const page = '<</Type/Page/MediaBox[0 0 9 9]/Contents 4 0 R/Resources 5 0 R>>';
  const chain = 3_000;
  const cases: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
    'a stream of gigabytes': [
      written([
        '<</Pages 2 0 R>>',
        '<</Kids[3 0 R]>>',
        page,
        stream(bomb, '/Filter/FlateDecode'),
        '<<>>',
      ]),
      /more than is read of a page, once it is unpacked/,
    ],
    'references in a circle': [
      written(['<</Pages 2 0 R>>', '<</Kids 3 0 R/MediaBox 3 0 R>>', '4 0 R', '3 0 R']),
      /go in a circle/,
    ],
    'lists in lists': [
      written(['<</Pages 2 0 R>>', `<</Kids ${'['.repeat(50_000)}>>`]),
      /nested more than 100 deep/,
    ],
    'forms that all draw all others': [
      written([
        '<</Pages 2 0 R>>',
        '<</Kids[3 0 R]>>',
        page,
        stream('/F6 Do'),
        '<</XObject<</F6 6 0 R>>>>',
        ...Array.from({ length: chain }, (_, index) =>
          stream(
            '/A0 Do /A1 Do /A2 Do',
            `/Subtype/Form/Resources<</XObject<<${Array.from(
              { length: 300 },
              (_unused, other) => `/A${other} ${6 + ((index * 31 + other) % chain)} 0 R`,
            ).join('')}>>>>`,
          ),
        ),
      ]),
      /more tangled than is read for a page/,
    ],
  };
  for (const [name, [pdf, sentence]] of Object.entries(cases)) {
    const began = performance.now();
    assert.throws(
      () => cutOf(pdf, 1),
      (error) => error instanceof PdfError && sentence.test(error.message),
      name,
    );
    assert.ok(performance.now() - began < 10_000, name);
  }
});
