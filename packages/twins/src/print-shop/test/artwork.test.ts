/**
 * Which artwork is taken: what fits the format, from the directories that the shop was given, as it
 * was when it was accepted.
 */
import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PDFDocument } from 'pdf-lib';
import type { PieceOrder, RejectionCode } from '../index.ts';
import { ArtworkReader } from '../artwork.ts';
import { cardOf, makeArtwork } from './artwork.ts';
import { anOrder, shopHere, shopWithArtwork, temporaryFolder } from './helpers.ts';

test('artwork that does not fit is rejected with the sizes', async (t) => {
  const { order, at } = await shopWithArtwork(t);
  const why = async (changes: Partial<PieceOrder>): Promise<[string, string]> => {
    const [result] = await order([anOrder(changes)]);
    return result?.status === 'rejected'
      ? [result.code, result.message]
      : [result?.status ?? '', ''];
  };
  const trimmed = await makeArtwork(at('trimmed.pdf'), { size: [432, 288], trim: null });
  const [code, message] = await why(cardOf(trimmed, 0));
  assert.equal(code, 'bad_artwork');
  assert.match(message, /front .*4 x 6 in.*4\.25 x 6\.25 in/);

  const right = await makeArtwork(at('right.pdf'));
  assert.match((await why({ ...cardOf(right, 0), format: '6x11' }))[1], /6\.25 x 11\.25 in/);
  assert.match(
    (await why({ artwork: { front: { url: right, page: 1 }, back: { url: right, page: 3 } } }))[1],
    /back is page 3 .*has 2 page/,
  );
  const [, trim] = await why(cardOf(await makeArtwork(at('trim.pdf'), { trim: [400, 288] }), 0));
  assert.match(trim, /TrimBox is 4 x 5\.556 in/);

  await writeFile(at('no.pdf'), 'not a PDF');
  assert.match(
    (await why(cardOf(pathToFileURL(at('no.pdf')).href, 0)))[1],
    /cannot be read as a PDF/,
  );
  assert.match((await why(cardOf(pathToFileURL(at('missing.pdf')).href, 0)))[1], /does not exist/);
  const locked = await PDFDocument.create();
  locked.addPage([450, 306]);
  const bytes = Buffer.from(await locked.save({ useObjectStreams: false })).toString('latin1');
  await writeFile(
    at('locked.pdf'),
    bytes.replace('trailer\n<<', 'trailer\n<<\n/Encrypt 1 0 R'),
    'latin1',
  );
  assert.match((await why(cardOf(pathToFileURL(at('locked.pdf')).href, 0)))[1], /encrypted/);
  await mkdir(at('folder.pdf'));
  assert.match((await why(cardOf(pathToFileURL(at('folder.pdf')).href, 0)))[1], /not a file/);
  // A document that is mended under its name is looked at again.
  await makeArtwork(at('trimmed.pdf'));
  assert.equal((await why(cardOf(trimmed, 0)))[0], 'accepted');
});

test('artwork is read from the given directories and from nowhere else', async (t) => {
  const art = await temporaryFolder(t);
  const secret = await temporaryFolder(t);
  const outside = await makeArtwork(join(secret, 'secret.pdf'));
  await symlink(join(secret, 'secret.pdf'), join(art, 'link.pdf'));
  await symlink(secret, join(art, 'way-out'));
  await mkdir(join(art, 'sub'));
  const inside = await makeArtwork(join(art, 'sub', 'inside.pdf'));
  await symlink(join(art, 'sub', 'inside.pdf'), join(art, 'allowed-link.pdf'));
  // A neighbour whose name begins like the directory's.
  await mkdir(`${art}-neighbour`);
  t.after(() => rm(`${art}-neighbour`, { recursive: true }));
  const neighbour = await makeArtwork(join(`${art}-neighbour`, 'card.pdf'));
  const base = pathToFileURL(art).href;
  const refused = [
    outside,
    neighbour,
    `${base}/link.pdf`,
    `${base}/way-out/secret.pdf`,
    `${base}/../${outside.split('/').slice(-2).join('/')}`,
    `${base}/%2e%2e/${outside.split('/').slice(-2).join('/')}`,
    `${base}/..%2f..%2fetc%2fpasswd`,
    'file:///etc/passwd',
    'file:///etc/does-not-exist',
    'file://example.test/etc/passwd',
    'http://127.0.0.1/card.pdf',
    'data:application/pdf;base64,JVBERi0=',
    '/etc/passwd',
    base,
  ];
  const { order, shop, folder } = await shopHere(t, { artwork: [join(art, 'none'), art] });
  const results = await order(refused.map((url) => anOrder(cardOf(url, 0))));
  const codes = results.map((result) =>
    result.status === 'rejected' ? (result.code as RejectionCode) : result.status,
  );
  assert.deepEqual(
    codes,
    refused.map(() => 'artwork_not_allowed'),
  );
  const [real, linked] = await order([
    anOrder(cardOf(inside, 0)),
    anOrder(cardOf(`${base}/allowed-link.pdf`, 0)),
  ]);
  assert.deepEqual([real?.status, linked?.status], ['accepted', 'accepted']);
  await shop.stop();

  const none = await shopHere(t, { folder });
  const [result] = await none.order([anOrder(cardOf(inside, 0))]);
  assert.deepEqual(
    result?.status === 'rejected' && [result.code, /--artwork/.test(result.message)],
    ['artwork_not_allowed', true],
  );
  // The cards accepted before still wait: they are not at fault when the shop is started without
  // its directories.
  assert.equal((await none.post('/v1/print', {})).status, 503);
  assert.deepEqual(
    (await none.ledger()).map(({ status }) => status),
    ['accepted', 'accepted'],
  );
  await none.shop.stop();
  const again = await shopHere(t, { folder, artwork: [art] });
  assert.deepEqual((await again.post('/v1/print', {})).body['files'], [
    { file: 'cards-000001.pdf', cards: 2 },
  ]);
});

test('artwork is compared by its bytes when it is read, whatever its time and size say', async (t) => {
  const art = await temporaryFolder(t);
  const url = await makeArtwork(join(art, 'card.pdf'));
  const reader = new ArtworkReader([art]);
  const { sha256 } = await reader.inspect(url);
  assert.ok((await reader.read({ url, sha256 })).length > 0);
  await assert.rejects(reader.read({ url, sha256: 'another' }), /is not what it was/);
  await assert.rejects(reader.check({ url, sha256: 'another' }), /is not what it was/);
});
