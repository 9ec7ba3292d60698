/** Which documents are read, how often, and what is said of those that cannot be used. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ArtworkError, type ArtworkCutter } from '../../src/ports/index.ts';
import {
  createArtworkCutter,
  type ArtworkCutterOptions,
} from '../../src/runtime/artwork/cutter.ts';
import { cutOf, document, inheriting, stream, written } from './made-pdfs.ts';

const root = await mkdtemp(join(tmpdir(), 'postrider-artwork-'));
after(() => rm(root, { recursive: true, force: true }));
const [allowed, elsewhere] = [join(root, 'allowed'), join(root, 'elsewhere')];
await mkdir(allowed);
await mkdir(elsewhere);

function cutter(options: Partial<ArtworkCutterOptions> = {}): ArtworkCutter {
  return createArtworkCutter({ folders: [allowed], ...options });
}

async function kept(name: string, bytes: Uint8Array, folder = allowed): Promise<string> {
  await writeFile(join(folder, name), bytes);
  return pathToFileURL(join(folder, name)).href;
}

async function served(
  answer: RequestListener,
): Promise<AsyncDisposable & { readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Fails with a sentence that fits, and that is in one line. */
async function refuses(
  cut: Promise<unknown>,
  kind: ArtworkError['kind'],
  sentence: RegExp,
): Promise<string> {
  const error = await cut.then(
    () => assert.fail('it was cut'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ArtworkError, String(error));
  assert.equal(error.kind, kind, error.message);
  assert.match(error.message, sentence);
  assert.doesNotMatch(error.message, /\n|undefined|\[object/);
  return error.message;
}

const pdf = inheriting(6);

void test('pages of a file are cut, with the hash of their bytes', async () => {
  const url = await kept('a.pdf', pdf);
  const cuts = cutter();
  const [front, back, both] = await Promise.all([
    cuts.cut([{ url, page: 1 }]),
    cuts.cut([{ url, page: 2 }]),
    cuts.cut([
      { url, page: 1 },
      { url, page: 2 },
    ]),
  ]);
  assert.deepEqual(Buffer.from(front.bytes), cutOf(pdf, 1));
  assert.deepEqual(Buffer.from(both.bytes), cutOf(pdf, 1, 2));
  assert.equal(front.mediaType, 'application/pdf');
  assert.match(front.hash, /^[0-9a-f]{64}$/);
  assert.notEqual(front.hash, back.hash);
  assert.deepEqual(await cutter().cut([{ url, page: 1 }]), front);
});

void test('a document that is served is fetched once for all of its pages, at the same time too', async () => {
  await using host = await served((_, response) => setTimeout(() => response.end(pdf), 50));
  const cuts = cutter();
  const url = `${host.url}/cards.pdf`;
  const files = await Promise.all([1, 2, 3, 4, 5, 6].map((page) => cuts.cut([{ url, page }])));
  assert.equal(new Set(files.map(({ hash }) => hash)).size, 6);
  await cuts.cut([{ url, page: 3 }]);
  assert.deepEqual(host.asked, ['/cards.pdf']);
});

void test('documents in memory are bounded: the one that was used least lately is fetched again', async () => {
  await using host = await served((_, response) => response.end(pdf));
  const cuts = cutter({ keptBytes: pdf.length * 2 });
  const ask = async (name: string) => await cuts.cut([{ url: `${host.url}/${name}`, page: 1 }]);
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(name);
  assert.deepEqual(host.asked, ['/a', '/b', '/c', '/b']);
  // One that is larger than all that may be kept is not fetched for each of its pages.
  const small = cutter({ keptBytes: 10 });
  for (const page of [1, 2, 3]) await small.cut([{ url: `${host.url}/large`, page }]);
  assert.equal(host.asked.filter((path) => path === '/large').length, 1);
});

void test('a document that could not be fetched is tried again when it is asked for again', async () => {
  let broken = true;
  await using host = await served((_, response) => {
    response.statusCode = broken ? 503 : 200;
    response.end(broken ? 'no' : pdf);
  });
  const cuts = cutter();
  const url = `${host.url}/x.pdf`;
  await refuses(cuts.cut([{ url, page: 1 }]), 'unreachable', /answers with 503/);
  broken = false;
  assert.equal((await cuts.cut([{ url, page: 1 }])).mediaType, 'application/pdf');
});

void test('a file that is written again is read again', async () => {
  const url = await kept('changing.pdf', pdf);
  const cuts = cutter();
  const before = await cuts.cut([{ url, page: 1 }]);
  await kept('changing.pdf', await document('reportlab'));
  assert.notEqual((await cuts.cut([{ url, page: 1 }])).hash, before.hash);
});

void test('files outside of the folders are not read, by no way', async () => {
  const outside = await kept('secret.pdf', pdf, elsewhere);
  const told = /not below a folder .*artworkFolders/;
  await refuses(cutter().cut([{ url: outside, page: 1 }]), 'unreachable', told);
  await refuses(
    cutter({ folders: [] }).cut([{ url: outside, page: 1 }]),
    'unreachable',
    /reads no files as artwork \(its option artworkFolders/,
  );
  await symlink(join(elsewhere, 'secret.pdf'), join(allowed, 'link.pdf'));
  const link = pathToFileURL(join(allowed, 'link.pdf')).href;
  await refuses(cutter().cut([{ url: link, page: 1 }]), 'unreachable', told);
  const dots = `${pathToFileURL(allowed).href}/%2e%2e/elsewhere/secret.pdf`;
  await refuses(cutter().cut([{ url: dots, page: 1 }]), 'unreachable', told);
  await refuses(cutter().cut([{ url: pathToFileURL(allowed).href, page: 1 }]), 'unreachable', told);
  await symlink(allowed, join(root, 'by-link'));
  await kept('b.pdf', pdf);
  const linked = pathToFileURL(join(root, 'by-link', 'b.pdf')).href;
  await cutter({ folders: [join(root, 'by-link')] }).cut([{ url: linked, page: 1 }]);
});

void test('what cannot be fetched is told by its name, without what gives access', async () => {
  await using host = await served((request, response) => {
    if (request.url?.startsWith('/elsewhere') === true)
      response.writeHead(302, { location: '/there?token=s3cret' }).end();
    else if (request.url?.startsWith('/large') === true) response.end(Buffer.alloc(200_000));
    else if (request.url?.startsWith('/silent') === true) response.write('%PDF-');
    else if (request.url?.startsWith('/broken') === true) {
      response.writeHead(200, { 'content-length': 5000 });
      response.write('%PDF-');
      setTimeout(() => response.destroy(), 20);
    } else response.writeHead(404).end();
  });
  const { port } = new URL(host.url);
  const gone = await served(() => undefined);
  const closed = gone.url;
  await gone[Symbol.asyncDispose]();
  const cuts = cutter({ timeoutMs: 300, largest: 100_000 });
  const of = async (url: string, sentence: RegExp, kind: ArtworkError['kind'] = 'unreachable') => {
    const message = await refuses(cuts.cut([{ url, page: 1 }]), kind, sentence);
    assert.doesNotMatch(message, /s3cret|pa55|ann@|token/, message);
  };
  await of(
    `${host.url}/gone/a.pdf?token=s3cret#s3cret`,
    /\/gone\/a\.pdf cannot be read: its host answers with 404$/,
  );
  await of(
    `${host.url}/elsewhere?token=s3cret`,
    /answers with 302, a redirect, which is not followed/,
  );
  await of(`${host.url}/silent?token=s3cret`, /did not answer in 0.3 s/);
  await of(`${host.url}/broken?token=s3cret`, /\/broken cannot be read: /);
  await of(`${host.url}/large?token=s3cret`, /larger than 0 MB/, 'unusable');
  await of(`http://ann:pa55@127.0.0.1:${port}/a.pdf`, /has a user or a password in it/);
  await of(`${closed}/a.pdf?token=s3cret`, /\/a\.pdf cannot be read: .*ECONNREFUSED/);
  await of('https://no-such-host.invalid/a.pdf?token=s3cret', /cannot be read: /);
  await of('ftp://example.com/a.pdf', /ftp: is not fetched, only file:, https: and http:/);
  await of('data:application/pdf;base64,s3cret', /^data: cannot be read/);
  await of('no url, s3cret', /a document whose address is no URL cannot be read/);
  await of(
    `${pathToFileURL(join(allowed, 'gone.pdf')).href}?s3cret`,
    /gone\.pdf cannot be read: it does not exist/,
  );
  await of('noop:', /noop: cannot be read: .*there is no card/);
});

void test('a runner that stops ends what it fetches', async () => {
  await using host = await served(() => undefined);
  const stopping = new AbortController();
  const cut = cutter({ signal: stopping.signal }).cut([{ url: `${host.url}/a.pdf`, page: 1 }]);
  setTimeout(() => stopping.abort(), 30);
  await refuses(cut, 'unreachable', /the runner stops/);
});

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
