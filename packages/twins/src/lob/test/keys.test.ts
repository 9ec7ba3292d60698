/** Idempotency keys: what is done once, and for how long. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, lobHere, TEST } from './helpers.ts';

test('a key makes one piece in a mode, for 24 hours, and then another', async (t) => {
  const { create, twin } = await lobHere(t);
  const first = await create({}, { idempotencyKey: 'k1' });
  const again = await create({}, { idempotencyKey: 'k1' });
  assert.equal(again.body.id, first.body.id);
  const inTest = await create({}, { idempotencyKey: 'k1', key: TEST });
  assert.notEqual(inTest.body.id, first.body.id);
  await twin.advance({ seconds: 86_390 });
  assert.equal((await create({}, { idempotencyKey: 'k1' })).body.id, first.body.id);
  await twin.advance({ seconds: 20 });
  const second = await create({}, { idempotencyKey: 'k1' });
  assert.notEqual(second.body.id, first.body.id);
  assert.equal((await create({}, { idempotencyKey: 'k1' })).body.id, second.body.id);
  assert.deepEqual(
    (await twin.ledger()).map(({ mode, key }) => `${mode} ${key}`),
    ['test k1', 'live k1', 'live k1'],
  );
});

test('another body under a known key gets the old piece, or a conflict', async (t) => {
  const replaying = await lobHere(t);
  const first = await replaying.create({}, { idempotencyKey: 'k' });
  const other = { metadata: { mailpiece: 'm-2' } };
  const answer = await replaying.create(other, { idempotencyKey: 'k' });
  assert.deepEqual(
    [answer.status, answer.body.id, answer.body.metadata],
    [200, first.body.id, { mailpiece: 'm-1' }],
  );
  const strict = await lobHere(t, { sameKeyOtherBody: 'conflict_409' });
  await strict.create({}, { idempotencyKey: 'k' });
  assert.equal((await strict.create({}, { idempotencyKey: 'k' })).status, 200);
  const refused = await strict.create(other, { idempotencyKey: 'k' });
  assert.deepEqual([refused.status, refused.body.error.code], [409, 'conflict']);
  assert.equal((await strict.twin.ledger()).length, 1);
});

test('a key whose first request is under way is a conflict, or waits', async (t) => {
  const strict = await lobHere(t);
  await strict.twin.fault({ kind: 'latency', ms: 1_500 });
  const first = strict.create({}, { idempotencyKey: 'k' });
  await eventually('it is under way', async () => (await strict.twin.requests()).length === 1);
  const second = await strict.create({}, { idempotencyKey: 'k' });
  assert.deepEqual([second.status, second.body.error.code], [409, 'conflict']);
  assert.equal((await first).status, 200);
  assert.equal((await strict.twin.ledger()).length, 1);

  const patient = await lobHere(t, { sameKeyUnderWay: 'wait', latencyMs: 100 });
  const ten = await Promise.all(
    Array.from({ length: 10 }, () => patient.create({}, { idempotencyKey: 'k' })),
  );
  assert.equal(new Set(ten.map(({ body }) => body.id)).size, 1);
  assert.equal((await patient.twin.ledger()).length, 1);
});

test('two keys at once are refused, and so is one that is too long', async (t) => {
  const { ask, create, twin } = await lobHere(t);
  const two = await ask('POST', '/postcards?idempotency_key=a', {
    headers: { 'idempotency-key': 'b' },
    body: {},
  });
  assert.deepEqual([two.status, two.body.error.code], [422, 'bad_request']);
  const long = await create({}, { idempotencyKey: 'x'.repeat(257) });
  assert.deepEqual([long.status, long.body.error.code], [422, 'invalid']);
  assert.equal((await twin.ledger()).length, 0);
});

test('a key whose request was refused may be used again', async (t) => {
  const { create } = await lobHere(t);
  assert.equal((await create({ size: '7x7' }, { idempotencyKey: 'k' })).status, 422);
  assert.equal((await create({}, { idempotencyKey: 'k' })).status, 200);
});
