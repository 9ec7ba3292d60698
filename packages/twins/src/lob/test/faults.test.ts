/** Bad luck by script, and what came of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { misfortuneKinds } from '../../kit/misfortunes.ts';
import { refusalCodes } from '../refusals.ts';
import { lobHere } from './helpers.ts';

type Kind = (typeof misfortuneKinds)[number];

/** What comes of an order that was hit, and whether the piece is there. */
const outcomes: Readonly<
  Record<
    Exclude<Kind, 'silence' | 'silence_after_effect' | 'latency' | 'slow_body'>,
    { readonly status: number | 'cut' | 'no JSON'; readonly effect: boolean }
  >
> = {
  rate_limited: { status: 429, effect: false },
  error_before_effect: { status: 500, effect: false },
  error_after_effect: { status: 500, effect: true },
  reset_before_effect: { status: 'cut', effect: false },
  reset_after_effect: { status: 'cut', effect: true },
  broken_json: { status: 'no JSON', effect: true },
  half_answer: { status: 'cut', effect: true },
  expired_key: { status: 401, effect: false },
  refusal: { status: 422, effect: false },
};

for (const [kind, { status, effect }] of Object.entries(outcomes)) {
  test(`${kind}: twice, then all is well, and the key tells whether there was a piece`, async (t) => {
    const { create, twin } = await lobHere(t);
    await twin.fault({ kind: kind as Kind, count: 2, endpoint: 'create' });
    for (let time = 0; time < 2; time += 1) {
      const answer = create({}, { idempotencyKey: 'k' });
      if (status === 'cut') await assert.rejects(answer, TypeError);
      else if (status === 'no JSON') await assert.rejects(answer, SyntaxError);
      else assert.equal((await answer).status, status);
      assert.equal((await twin.ledger()).length, effect ? 1 : 0);
    }
    assert.equal((await create({}, { idempotencyKey: 'k' })).status, 200);
    assert.equal((await twin.ledger()).length, 1);
    const requests = await twin.requests('create');
    assert.deepEqual(
      requests.map(({ fault }) => fault),
      [kind, kind, null],
    );
  });
}

for (const [kind, effect] of [
  ['silence', false],
  ['silence_after_effect', true],
] as const) {
  test(`${kind}: no answer ever, and a stop is not held up`, async (t) => {
    const { create, twin, stop } = await lobHere(t);
    await twin.fault({ kind, endpoint: 'create' });
    const signal = AbortSignal.timeout(300);
    await assert.rejects(create({}, { signal }), { name: 'TimeoutError' });
    assert.equal((await twin.ledger()).length, effect ? 1 : 0);
    await stop();
  });
}

test('latency and a slow body: the effect comes, also when the client has gone', async (t) => {
  const { create, twin } = await lobHere(t);
  for (const kind of ['latency', 'slow_body'] as const) {
    await twin.fault({ kind, ms: 500 });
    const began = performance.now();
    assert.equal((await create()).status, 200);
    assert.ok(performance.now() - began > 400, kind);
    await twin.fault({ kind, ms: 500 });
    await assert.rejects(create({}, { signal: AbortSignal.timeout(150) }));
  }
  for (let patience = 100; (await twin.ledger()).length < 4; patience -= 1) {
    assert.ok(patience > 0, 'the late effect never came');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

test('a fault is meant for an endpoint and a subject', async (t) => {
  const { create, ask, twin } = await lobHere(t);
  await twin.fault(
    { kind: 'error_before_effect', endpoint: 'create', subject: 'm-2', status: 503 },
    { kind: 'error_before_effect', endpoint: 'create', subject: 'key-3' },
    { kind: 'error_before_effect', endpoint: 'list', subject: 'm-4' },
  );
  const one = await create();
  assert.equal(one.status, 200);
  const two = await create({ metadata: { mailpiece: 'm-2' } });
  assert.deepEqual([two.status, two.body.error.code], [503, 'service_unavailable']);
  assert.equal((await create({}, { idempotencyKey: 'key-3' })).status, 500);
  assert.equal((await ask('GET', '/postcards?metadata[mailpiece]=m-1')).status, 200);
  assert.equal((await ask('GET', '/postcards?metadata[mailpiece]=m-4')).status, 500);
  await twin.fault({ kind: 'expired_key', subject: one.body.id });
  const expired = await ask('GET', `/postcards/${one.body.id}`);
  assert.deepEqual([expired.status, expired.body.error.code], [401, 'invalid_api_key']);
});

test('each of Lob’s codes can be ordered, with the status that Lob has for it', async (t) => {
  const { create, twin } = await lobHere(t, { limit: 0 });
  for (const code of refusalCodes) {
    await twin.fault({ kind: 'refusal', code });
    const { status, body } = await create();
    assert.deepEqual([body.error.code, body.error.status_code], [code, status]);
  }
  assert.equal((await twin.ledger()).length, 0);
  await twin.fault({ kind: 'refusal', code: 'a_new_one', status: 451, message: 'No.' });
  assert.deepEqual((await create()).body.error, {
    message: 'No.',
    status_code: 451,
    code: 'a_new_one',
  });
});

test('faults that make no sense are refused, in one line', async (t) => {
  const { twin, url } = await lobHere(t);
  await assert.rejects(
    twin.fault({ kind: 'rate_limited', endpoint: 'letters' }),
    /no endpoint letters/,
  );
  await assert.rejects(twin.fault({ kind: 'earthquake' as 'silence' }), /faults\.0\.kind/);
  const stranger = await fetch(`${url}/twin/ledger`);
  assert.equal(stranger.status, 401);
  await twin.fault({ kind: 'silence' });
  await twin.clearFaults();
});

test('every request is kept, with what came of it and without its key', async (t) => {
  const { create, ask, twin } = await lobHere(t, { keepRequests: 3 });
  await create({}, { idempotencyKey: 'k' });
  await ask('GET', '/postcards?limit=1', { key: 'live_wrong' });
  const requests = await twin.requests();
  assert.deepEqual(
    requests.map(({ endpoint, mode, status, query }) => [endpoint, mode, status, query]),
    [
      ['create', 'live', 200, ''],
      ['', '', 401, 'limit=1'],
    ],
  );
  const [first] = requests;
  assert.equal(first?.headers['idempotency-key'], 'k');
  assert.equal(first?.headers['authorization'], '(not kept)');
  assert.deepEqual((first?.fields as { metadata: object } | undefined)?.metadata, {
    mailpiece: 'm-1',
  });
  assert.doesNotMatch(JSON.stringify(requests), /live_|bGl2ZV9/);
  for (let number = 0; number < 8; number += 1) await ask('GET', '/postcards');
  const kept = await twin.requests();
  assert.ok(kept.length <= 6 && kept.at(-1)?.number === 10, String(kept.length));
});
