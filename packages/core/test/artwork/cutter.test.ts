/** Which documents are read, how often, and what is said of those that cannot be fetched. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { ArtworkError } from '../../src/ports/index.ts';
import { allowed, cutter, elsewhere, kept, pdf, refuses, root, served } from './cutter-rig.ts';
import { cutOf, document, inheriting } from './made-pdfs.ts';

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

void test('a document that is not what was proofed is not printed, until it is put back', async () => {
  const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const [proofed, other] = [pdf, inheriting(7)];
  const told = /is not what was proofed, .*put the document back, or have its cards proofed again/;
  const hash = hashOf(proofed);
  let content = other;
  await using host = await served((_, response) => response.end(content));
  const file = await kept('proofed.pdf', other);
  for (const url of [`${host.url}/p.pdf`, file]) {
    content = other;
    const cuts = cutter();
    const page = { url, page: 1, hash };
    await refuses(cuts.cut([page]), 'unusable', told);
    // Without a hash nobody can know.
    await cuts.cut([{ url, page: 7, hash: null }]);
    await refuses(cuts.cut([page]), 'unusable', told);
    // Front and back at once, while somebody asks for what is there now.
    await Promise.all([
      refuses(cuts.cut([page, { ...page, page: 2 }]), 'unusable', told),
      cuts.cut([{ url, page: 7, hash: hashOf(other) }]),
    ]);
    content = proofed;
    if (url === file) await kept('proofed.pdf', proofed);
    assert.deepEqual(Buffer.from((await cuts.cut([page])).bytes), cutOf(proofed, 1));
  }
  // In memory is what was proofed: another document at its place does not matter any more.
  const cuts = cutter();
  const page = { url: file, hash };
  const before = await cuts.cut([{ ...page, page: 3 }]);
  await kept('proofed.pdf', other);
  assert.deepEqual(await cuts.cut([{ ...page, page: 3 }]), before);
  await refuses(cutter().cut([{ ...page, page: 3 }]), 'unusable', told);
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
    'gone',
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
    'gone',
  );
  await of(
    pathToFileURL(join(allowed, 'not-mounted', 'gone.pdf')).href,
    /gone\.pdf cannot be read: it does not exist, nor does its folder/,
  );
  await of(pathToFileURL(join(elsewhere, 'gone.pdf')).href, /not below a folder/);
  await of('noop:', /noop: cannot be read: noop: is not fetched/);
});

void test('a runner that stops ends what it fetches', async () => {
  await using host = await served(() => undefined);
  const stopping = new AbortController();
  const cut = cutter({ signal: stopping.signal }).cut([{ url: `${host.url}/a.pdf`, page: 1 }]);
  setTimeout(() => stopping.abort(), 30);
  await refuses(cut, 'unreachable', /the runner stops/);
});
