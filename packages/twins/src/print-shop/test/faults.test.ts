import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { faultKinds } from '../../kit/faults.ts';
import type { FaultInput, FaultKind, PieceOrder } from '../index.ts';
import { anOrder, shopHere, TOKEN } from './helpers.ts';

async function faultyShop(t: TestContext, ...faults: FaultInput[]) {
  const shop = await shopHere(t, { allowFaults: true });
  if (faults.length > 0) assert.equal((await shop.post('/v1/faults', { faults })).status, 200);
  return shop;
}

/** What comes of an order that was hit, and whether the piece is there. */
const outcomes: Readonly<
  Record<
    Exclude<FaultKind, 'reject' | 'delay_ms' | 'stall' | 'stall_after_effect'>,
    { status: number | 'cut'; effect: boolean }
  >
> = {
  drop_answer_after_effect: { status: 'cut', effect: true },
  drop_before_effect: { status: 'cut', effect: false },
  http_500_after_effect: { status: 500, effect: true },
  http_500_before_effect: { status: 500, effect: false },
  http_429: { status: 429, effect: false },
  http_503: { status: 503, effect: false },
};

for (const [kind, { status, effect }] of Object.entries(outcomes)) {
  test(`${kind}: twice, then all is well, and the key tells whether there was a piece`, async (t) => {
    const { post, order, ledger } = await faultyShop(t, {
      kind: kind as FaultKind,
      count: 2,
      retryAfterSeconds: 3,
    });
    const one = anOrder();
    for (let time = 0; time < 2; time += 1) {
      const answer = post('/v1/pieces', { pieces: [one] });
      if (status === 'cut') await assert.rejects(answer, TypeError);
      else assert.equal((await answer).status, status);
      if (kind === 'http_429') assert.equal((await answer).headers.get('retry-after'), '3');
      assert.equal((await ledger()).length, effect ? 1 : 0);
    }
    const [result] = await order([one]);
    assert.equal(result?.status === 'accepted' && result.replayed, effect);
    assert.equal((await ledger()).length, 1);
  });
}

for (const [kind, effect] of [
  ['stall', false],
  ['stall_after_effect', true],
] as const) {
  test(`${kind}: no answer ever, and a stop is not held up`, async (t) => {
    const { shop, order, ledger } = await faultyShop(t, { kind });
    const one = anOrder();
    const signal = AbortSignal.timeout(300);
    const body = JSON.stringify({ pieces: [one] });
    await assert.rejects(
      fetch(`${shop.url}/v1/pieces`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body,
        signal,
      }),
      {
        name: 'TimeoutError',
      },
    );
    assert.equal((await ledger()).length, effect ? 1 : 0);
    const [result] = await order([one]);
    assert.equal(result?.status === 'accepted' && result.replayed, effect);
    await shop.stop();
  });
}

test('delay_ms: the effect comes late, also when the client has gone', async (t) => {
  const { shop, ledger, get } = await faultyShop(t, { kind: 'delay_ms', ms: 600 });
  const body = JSON.stringify({ pieces: [anOrder()] });
  const signal = AbortSignal.timeout(100);
  await assert.rejects(
    fetch(`${shop.url}/v1/pieces`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
      body,
      signal,
    }),
  );
  for (let patience = 200; (await ledger()).length === 0; patience -= 1) {
    assert.ok(patience > 0, 'the late effect never came');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.deepEqual((await get('/v1/faults')).body, { faults: [] });
});

test('reject: the new pieces of a request, with the code that was asked for; a replay is no new piece', async (t) => {
  const { order, post, ledger } = await faultyShop(t);
  const known = anOrder();
  await order([known]);
  await post('/v1/faults', {
    faults: [{ kind: 'reject', code: 'bad_address', message: 'No such street.' }],
  });
  const results = await order([known, anOrder()]);
  assert.equal(results[0]?.status, 'accepted');
  assert.deepEqual(results[1], {
    status: 'rejected',
    code: 'bad_address',
    message: 'No such street.',
  });
  assert.equal((await ledger()).length, 1);
});

test('a fault can be meant for one mailpiece and for one kind of request', async (t) => {
  const { order, post, get, ledger } = await faultyShop(t);
  const [one, two]: readonly PieceOrder[] = [anOrder(), anOrder()];
  assert.ok(one !== undefined && two !== undefined);
  const { mailpieceId } = two.reference;
  await post('/v1/faults', {
    faults: [
      { kind: 'reject', mailpieceId, code: 'odd' },
      { kind: 'http_500_before_effect', endpoint: 'find' },
      { kind: 'http_503', endpoint: 'events' },
      { kind: 'drop_answer_after_effect', endpoint: 'cancel' },
    ],
  });
  assert.equal((await order([anOrder()]))[0]?.status, 'accepted');
  const results = await order([one, two]);
  assert.deepEqual(
    results.map((result) => (result.status === 'rejected' ? result.code : result.status)),
    ['accepted', 'odd'],
  );
  const query = `/v1/pieces?mailpiece=${one.reference.mailpieceId}`;
  assert.deepEqual([(await get(query)).status, (await get(query)).status], [500, 200]);
  assert.deepEqual(
    [(await get('/v1/events')).status, (await get('/v1/events')).status],
    [503, 200],
  );
  const id = (await ledger()).find(({ mailpiece }) => mailpiece === one.reference.mailpieceId)?.id;
  await assert.rejects(post(`/v1/pieces/${id}/cancel`, {}), TypeError);
  assert.equal((await ledger()).find((line) => line.id === id)?.status, 'cancelled');
});

test('faults wait in a queue, are listed, and can be cleared', async (t) => {
  const { shop, post, get, order } = await faultyShop(
    t,
    { kind: 'http_500_before_effect' },
    { kind: 'http_429', count: 2 },
  );
  const statuses: number[] = [];
  for (let time = 0; time < 2; time += 1)
    statuses.push((await post('/v1/pieces', { pieces: [anOrder()] })).status);
  assert.deepEqual(statuses, [500, 429]);
  const { faults } = (await get<{ faults: { kind: string; count: number }[] }>('/v1/faults')).body;
  assert.deepEqual(
    faults.map(({ kind, count }) => [kind, count]),
    [['http_429', 1]],
  );
  await fetch(`${shop.url}/v1/faults`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  assert.equal((await order([anOrder()]))[0]?.status, 'accepted');
  assert.equal((await post('/v1/faults', { faults: [{ kind: 'earthquake' }] })).status, 400);
});

test('without --allow-faults there is nobody to order bad luck from', async (t) => {
  const { post } = await shopHere(t);
  for (const kind of faultKinds)
    assert.equal((await post('/v1/faults', { faults: [{ kind }] })).status, 404);
});
