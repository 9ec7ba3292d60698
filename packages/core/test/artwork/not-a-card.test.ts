/** What is said of documents that were read and cannot be printed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutter, kept, pdf, refuses } from './cutter-rig.ts';
import { document, stream, written } from './made-pdfs.ts';

void test('what is not a card is told in a sentence', async () => {
  const annotated = (note: string): Buffer =>
    written([
      '<</Type/Catalog/Pages 2 0 R>>',
      '<</Type/Pages/Count 1/Kids[3 0 R]>>',
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[${note}]/Contents 4 0 R>>`,
      stream('0 0 5 5 re f'),
    ]);
  const cases: Readonly<Record<string, readonly [Uint8Array, number, RegExp]>> = {
    empty: [Buffer.alloc(0), 1, /it is not a PDF/],
    html: [Buffer.from('<html>not found</html>'), 1, /it is not a PDF/],
    'cut off': [pdf.subarray(0, pdf.length / 2), 1, /it is cut off, or no PDF/],
    encrypted: [await document('encrypted'), 1, /it is encrypted/],
    beyond: [pdf, 7, /it has no page 7: it has 6 pages/],
    zero: [pdf, 0, /it has no page 0: it has 6 pages/],
    half: [pdf, 1.5, /it has no page 1\.5/],
    field: [
      annotated('<</Subtype/Widget/F 4>>'),
      1,
      /page 1 has a form field or a note on top \(Widget\)/,
    ],
    sizeless: [
      written(['<</Pages 2 0 R>>', '<</Kids[3 0 R]>>', '<</Type/Page>>']),
      1,
      /its page 1 has no size/,
    ],
    'no pages': [written(['<</Type/Catalog>>']), 1, /it has no tree of pages that can be read/],
    circle: [
      written(['<</Pages 2 0 R>>', '<</Kids[3 0 R]>>', '<</Kids[2 0 R]>>']),
      1,
      /a page in two places/,
    ],
    packed: [
      written([
        '<</Pages 2 0 R>>',
        '<</Kids[3 0 R]/MediaBox[0 0 9 9]>>',
        '<</Type/Page/Contents 4 0 R>>',
        stream('abc', '/Filter/LZWDecode'),
      ]),
      1,
      /packed with LZWDecode, which is not read here/,
    ],
  };
  for (const [name, [bytes, page, sentence]] of Object.entries(cases)) {
    const url = await kept(`${name}.pdf`, bytes);
    const message = await refuses(cutter().cut([{ url, page }]), 'unusable', sentence);
    assert.ok(message.includes(new URL(url).pathname), message);
  }
  // A link is nothing that is printed, and neither is what is hidden.
  const url = await kept('links.pdf', annotated('<</Subtype/Link>><</Subtype/Widget/F 2>>'));
  const { bytes } = await cutter().cut([{ url, page: 1 }]);
  assert.doesNotMatch(Buffer.from(bytes).toString('latin1'), /Annots|Link/);
});

void test('of several documents the one at fault is named', async () => {
  const good = await kept('good.pdf', pdf);
  const bad = await kept('bad.pdf', Buffer.from('nothing'));
  const pages = [
    { url: good, page: 1 },
    { url: bad, page: 1 },
  ];
  await refuses(cutter().cut(pages), 'unusable', /bad\.pdf cannot be used: it is not a PDF/);
});

void test('a picture is handed on as it is, alone', async () => {
  const png = Buffer.from('89504e470d0a1a0a0000', 'hex');
  const url = await kept('card.png', png);
  const file = await cutter().cut([{ url, page: 1 }]);
  assert.equal(file.mediaType, 'image/png');
  assert.deepEqual(Buffer.from(file.bytes), png);
  await refuses(cutter().cut([{ url, page: 2 }]), 'unusable', /has no page 2: it is a picture/);
  const other = await kept('other.pdf', pdf);
  const pages = [
    { url: other, page: 1 },
    { url, page: 1 },
  ];
  await refuses(cutter().cut(pages), 'unusable', /a picture, which is not put together/);
});
