import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { PieceView } from '../index.ts';
import { anOrder, shopHere, TOKEN } from './helpers.ts';

type Pieces = { pieces: readonly PieceView[] };
function accepted(results: readonly { status: string }[]): string[] {
  return results.map((result) => ('id' in result ? String(result.id) : result.status));
}

test('a batch is accepted in order, with an id and an expected day for each piece', async (t) => {
  const { order, ledger } = await shopHere(t);
  const orders = Array.from({ length: 100 }, () => anOrder());
  const inSixDays = (): string => new Date(Date.now() + 6 * 86_400_000).toISOString().slice(0, 10);
  const before = inSixDays();
  const results = await order(orders);
  assert.equal(results.length, 100);
  const days = [before, inSixDays()];
  for (const result of results) {
    assert.equal(result.status, 'accepted');
    assert.match(result.id, /^fp_[0-9a-f]{24}$/);
    assert.equal(result.replayed, false);
    assert.ok(days.includes(result.expectedDelivery));
  }
  const lines = await ledger();
  assert.deepEqual(
    lines.map((line) => [line.id, line.reference, line.idempotencyKey]),
    orders.map((one, index) => [accepted(results)[index], one.reference, one.idempotencyKey]),
  );
});

test('the same key with the same order gives the first result again; with another order it is a conflict', async (t) => {
  const { order, ledger } = await shopHere(t);
  const first = anOrder();
  const [one] = await order([first]);
  // The fields in another sequence are still the same order.
  const [again] = await order([
    Object.fromEntries(Object.entries(first).toReversed()) as typeof first,
  ]);
  assert.deepEqual(again, { ...one, replayed: true });
  const [other] = await order([{ ...first, to: { ...first.to, name: 'Somebody Else' } }]);
  assert.equal(other?.status === 'rejected' && other.code, 'idempotency_conflict');
  assert.equal((await ledger()).length, 1);
});

test('a key that stands twice in one request makes one piece', async (t) => {
  const { order, ledger } = await shopHere(t);
  const one = anOrder();
  const changed = { ...one, mailClass: 'standard' };
  const results = await order([one, one, changed]);
  assert.equal(new Set(accepted(results.slice(0, 2))).size, 1);
  assert.equal(results[1]?.status === 'accepted' && results[1].replayed, true);
  assert.equal(results[2]?.status === 'rejected' && results[2].code, 'idempotency_conflict');
  assert.equal((await ledger()).length, 1);
});

test('twenty clients with one key at the same time get one piece', async (t) => {
  const { order, ledger } = await shopHere(t);
  const one = anOrder();
  const results = await Promise.all(Array.from({ length: 20 }, () => order([anOrder(), one])));
  assert.equal(new Set(results.map((result) => accepted(result)[1])).size, 1);
  assert.equal(
    results.filter(([, result]) => result?.status === 'accepted' && !result.replayed).length,
    1,
  );
  assert.equal((await ledger()).length, 21);
});

test('without keys, and where no key is given, every order makes a piece', async (t) => {
  const keyless = await shopHere(t, { keys: false });
  const one = anOrder();
  await keyless.order([one, one]);
  await keyless.order([one]);
  assert.equal((await keyless.ledger()).length, 3);
  const { body } = await keyless.get<Pieces>(`/v1/pieces?mailpiece=${one.reference.mailpieceId}`);
  assert.equal(body.pieces.length, 3);

  const keyed = await shopHere(t);
  const unmarked = anOrder({ idempotencyKey: null });
  await keyed.order([unmarked, unmarked]);
  assert.equal((await keyed.ledger()).length, 2);
});

test('a body that is not the format is refused whole, with the piece and the field', async (t) => {
  const { post, ledger } = await shopHere(t);
  const broken = {
    ...anOrder(),
    to: { name: 'A', address: { ...anOrder().to.address, postalCode: 62701 } },
  };
  const { status, body } = await post('/v1/pieces', { pieces: [anOrder(), broken] });
  assert.equal(status, 400);
  assert.equal(body['code'], 'bad_request');
  assert.equal(body['piece'], 1);
  assert.equal(body['field'], 'to.address.postalCode');
  assert.match(String(body['message']), /pieces\[1\]\.to\.address\.postalCode/);
  for (const wrong of [
    '{',
    '[]',
    '{"pieces":[]}',
    { pieces: [{ ...anOrder(), mode: 'draft' }] },
    { pieces: Array.from({ length: 101 }, () => anOrder()) },
  ]) {
    assert.equal((await post('/v1/pieces', wrong)).status, 400);
  }
  assert.equal((await ledger()).length, 0);
});

test('a body that is too large is refused with 413', async (t) => {
  const { shop, post } = await shopHere(t);
  const { status, body } = await post('/v1/pieces', { pieces: [], padding: 'x'.repeat(3_000_000) });
  assert.equal(status, 413);
  assert.equal(body['code'], 'too_large');
  // Without an announced length, as a client sends that streams.
  const stream = async (chunks: readonly string[]): Promise<number> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const body = ReadableStream.from(chunks.map((chunk) => Buffer.from(chunk)));
    return (await fetch(`${shop.url}/v1/pieces`, { method: 'POST', headers, body, duplex: 'half' }))
      .status;
  };
  assert.equal(await stream(['{"pieces":', JSON.stringify([anOrder()]), '}']), 200);
  assert.equal(await stream(Array.from({ length: 3 }, () => 'x'.repeat(1_000_000))), 413);
});

test('without the token nothing is told or taken', async (t) => {
  const { shop } = await shopHere(t, { allowFaults: true });
  for (const [method, path] of [
    ['POST', '/v1/pieces'],
    ['GET', '/v1/pieces'],
    ['GET', '/v1/events'],
    ['GET', '/v1/ledger'],
    ['POST', '/v1/print'],
    ['POST', '/v1/webhook'],
    ['GET', '/v1/webhook'],
    ['POST', '/v1/faults'],
    ['POST', '/v1/clock'],
  ] as const) {
    for (const authorization of [undefined, 'Bearer wrong', 'Bearer ', 'Basic abc']) {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await fetch(shop.url + path, {
        method,
        headers,
        ...(method === 'POST' ? { body: '{}' } : {}),
      });
      assert.equal(response.status, 401, `${method} ${path}`);
    }
  }
  assert.equal((await fetch(`${shop.url}/v1/health`)).status, 200);
});

test('what cannot be printed or delivered is one rejection among the accepted', async (t) => {
  const { order } = await shopHere(t);
  const results = await order([
    anOrder(),
    anOrder({ format: '5x7' }),
    anOrder({ format: 'constructor' }),
    anOrder({ mailClass: 'pigeon' }),
    anOrder({ address: { postalCode: '0000' } }),
    anOrder({ address: { region: null } }),
    anOrder({ address: { line1: ' ' } }),
    anOrder({ address: { country: 'usa' } }),
    anOrder({ name: 'Nul\u0000' }),
    anOrder({ address: { region: null, postalCode: 'SW1A 2AA', country: 'GB' } }),
    anOrder({
      artwork: {
        front: { url: 'noop:', page: 1 },
        back: { url: 'https://example.test/back.pdf', page: 1 },
      },
    }),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === 'rejected' ? result.code : result.status)),
    [
      'accepted',
      'unknown_format',
      'unknown_format',
      'unknown_mail_class',
      'bad_address',
      'bad_address',
      'bad_address',
      'bad_address',
      'bad_address',
      'accepted',
      'artwork_not_allowed',
    ],
  );
});

test('pieces without artwork are refused unless the shop was told to take them', async (t) => {
  const { order } = await shopHere(t, { acceptNoopArtwork: false });
  const [result] = await order([anOrder()]);
  assert.equal(result?.status === 'rejected' && result.code, 'artwork_not_allowed');
});

test('test pieces are accepted and followed, and never count as printed', async (t) => {
  const { order, post, ledger } = await shopHere(t, { daysPerSecond: 0 });
  await order([anOrder({ mode: 'test' })]);
  assert.deepEqual((await post('/v1/print', {})).body, { files: [], failed: 0 });
  await post('/v1/clock', { advanceDays: 7 });
  const [line] = await ledger();
  assert.equal(line?.status, 'delivered');
  assert.equal(line?.printedAt, null);
  assert.equal(line?.file, null);
});

test('keys, pieces and cancellations survive a restart', async (t) => {
  const first = await shopHere(t);
  const one = anOrder();
  const [id, gone] = accepted(await first.order([one, anOrder()]));
  await first.post(`/v1/pieces/${gone}/cancel`, {});
  const before = await first.ledger();
  await first.shop.stop();

  const second = await shopHere(t, { folder: first.folder });
  assert.deepEqual(await second.ledger(), before);
  const [again] = await second.order([one]);
  assert.deepEqual(again?.status === 'accepted' && [again.id, again.replayed], [id, true]);
  const [other] = await second.order([{ ...one, idempotencyKey: randomUUID() }]);
  assert.equal(other?.status === 'accepted' && other.replayed, false);
});

test('a stop does not wait for a body that does not come, and nothing of it is accepted', async (t) => {
  const { shop, folder, order } = await shopHere(t);
  await order([anOrder()]);
  const body = JSON.stringify({ pieces: [anOrder()] });
  const socket = connect(shop.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(
    `POST /v1/pieces HTTP/1.1\r\nhost: shop\r\n` +
      `authorization: Bearer ${TOKEN}\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
  );
  // The shop has read the head and waits for the rest.
  await once(socket, 'data');
  socket.write(body.slice(0, -1));
  const late = new Promise<string>((resolve) =>
    setTimeout(() => resolve('the stop hangs'), 20_000).unref(),
  );
  assert.equal(await Promise.race([shop.stop().then(() => 'stopped'), late]), 'stopped');
  const { ledger } = await shopHere(t, { folder });
  assert.equal((await ledger()).length, 1);
});
