/**
 * Effects: what follows from a card that was sent is written with it, and done at least once under
 * one key.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryEffects } from '@postrider/core';
import { claimEffects, settleEffects } from '../../../packages/core/src/machine/effects.ts';
import {
  accepted,
  alarms,
  place,
  sending,
  sent,
  settleAll,
  sharedMachine,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
const LEASE = 60_000;

async function all(organizationId: string) {
  return (
    await rig.sql<{ kind: string; state: string; attempt: number; error: string | null }[]>`
      select kind, state, attempt, error
      from postrider.effect
      where organization_id = ${organizationId}
      order by kind`
  ).map((row) => ({ ...row }));
}

void test('effects are written with sent, one of each kind, and once', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter', 'event_sink'] });
  const batch = await sending(sql, at);
  assert.deepEqual(await all(at.organizationId), []);
  for (const _ of [1, 2]) await settleAll(sql, at, batch);
  assert.deepEqual(await all(at.organizationId), [
    { kind: 'event_sink', state: 'waiting', attempt: 0, error: null },
    { kind: 'usage_meter', state: 'waiting', attempt: 0, error: null },
  ]);
});

void test('a settle that is rolled back leaves no effect', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter'] });
  const batch = await sending(sql, at);
  const results = JSON.stringify(batch.pieces.map((piece) => accepted(piece)));
  await sql
    .begin(async (tx) => {
      await tx`
        select postrider.settle_mail(
          ${at.organizationId}, ${batch.cohortId}, ${results}::text::json, true, '1 minute'
        )`;
      throw new Error('no commit');
    })
    .catch(() => undefined);
  assert.deepEqual(await all(at.organizationId), []);
});

void test('an effect is claimed by one at a time, with all that a provider needs, and comes back when its lease passes', async () => {
  const { sql, machine } = rig;
  const at = await place(sql, { effects: ['usage_meter'] });
  const batch = await sent(sql, at, 5);
  const clients = machine.connect(4);
  const claims = (
    await Promise.all(
      [1, 2, 3, 4].map(
        async () =>
          await claimEffects(clients, { ...at, kind: 'usage_meter', limit: 2, leaseMs: LEASE }),
      ),
    )
  ).flat();
  assert.deepEqual([claims.length, new Set(claims.map((claim) => claim.mailpieceId)).size], [5, 5]);
  const [first] = claims;
  assert.equal(first?.key, `${first?.mailpieceId}:usage_meter`);
  assert.deepEqual(
    [first?.attempt, first?.format, first?.mailClass, first?.mode, first?.campaignId],
    [1, '4x6', 'first_class', 'live', at.campaignId],
  );
  assert.deepEqual(
    await claimEffects(sql, { ...at, kind: 'usage_meter', limit: 10, leaseMs: LEASE }),
    [],
  );
  assert.deepEqual(
    await claimEffects(sql, { ...at, kind: 'event_sink', limit: 10, leaseMs: LEASE }),
    [],
  );
  await turnClock(sql, LEASE + 1000);
  const again = await claimEffects(sql, { ...at, kind: 'usage_meter', limit: 10, leaseMs: LEASE });
  assert.deepEqual(new Set(again.map((claim) => claim.attempt)), new Set([2]));
  assert.equal(batch.pieces.length, 5);
});

void test('done is done, failed stays failed, and what failed in passing is tried again in its time', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter', 'event_sink'] });
  await sent(sql, at);
  const [meter] = await claimEffects(sql, {
    ...at,
    kind: 'usage_meter',
    limit: 10,
    leaseMs: LEASE,
  });
  const [sink] = await claimEffects(sql, { ...at, kind: 'event_sink', limit: 10, leaseMs: LEASE });
  assert.ok(meter && sink);
  assert.equal(
    await settleEffects(sql, at.organizationId, [
      { ...meter, outcome: 'retry', message: 'busy', afterMs: 300_000 },
      { ...sink, outcome: 'failed', message: 'no such event' },
    ]),
    2,
  );
  assert.deepEqual(
    await claimEffects(sql, { ...at, kind: 'usage_meter', limit: 10, leaseMs: LEASE }),
    [],
  );
  await turnClock(sql, 301_000);
  const [again] = await claimEffects(sql, {
    ...at,
    kind: 'usage_meter',
    limit: 10,
    leaseMs: LEASE,
  });
  assert.equal(again?.key, meter.key, 'the key at the provider stays the same');
  assert.equal(await settleEffects(sql, at.organizationId, [{ ...meter, outcome: 'done' }]), 1);
  assert.equal(
    await settleEffects(sql, at.organizationId, [{ ...meter, outcome: 'retry' }]),
    0,
    'a late answer undoes nothing',
  );
  assert.deepEqual(await all(at.organizationId), [
    { kind: 'event_sink', state: 'failed', attempt: 1, error: 'no such event' },
    { kind: 'usage_meter', state: 'done', attempt: 2, error: null },
  ]);
  await turnClock(sql, 86_400_000);
  assert.deepEqual(
    await claimEffects(sql, { ...at, kind: 'event_sink', limit: 10, leaseMs: LEASE }),
    [],
  );
});

void test('a campaign without effects has none, and test cards say that they are', async () => {
  const { sql } = rig;
  const none = await place(sql);
  await sent(sql, none);
  assert.deepEqual(await all(none.organizationId), []);
  const trial = await place(sql, { effects: ['usage_meter', 'event_sink'] }, 'test');
  await sent(sql, trial);
  // A test costs nobody anything: nothing is metered.
  assert.deepEqual(
    (await all(trial.organizationId)).map(({ kind }) => kind),
    ['event_sink'],
  );
  assert.equal(
    (
      await claimEffects(sql, {
        ...trial,
        kind: 'event_sink',
        limit: 1,
        leaseMs: LEASE,
      })
    )[0]?.mode,
    'test',
  );
});

void test('an effect that failed for good raises one alarm a campaign, and is tried again by one call', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter', 'event_sink'] });
  await sent(sql, at, 3);
  const meters = await claimEffects(sql, { ...at, kind: 'usage_meter', limit: 10, leaseMs: LEASE });
  for (const meter of meters)
    await settleEffects(sql, at.organizationId, [
      { ...meter, outcome: 'failed', message: 'no such customer' },
    ]);
  assert.deepEqual(await alarms(sql, at), ['effect_failed']);
  const [alarm] = await sql`
    select meaning, what_helps from postrider.alarms where organization_id = ${at.organizationId}`;
  assert.match(String(alarm?.['meaning']), /usage_meter.*no such customer/);
  assert.match(String(alarm?.['what_helps']), /retry_effects/);
  assert.equal(await retryEffects(sql, at.organizationId, 'event_sink'), 0);
  assert.equal(await retryEffects(sql, at.organizationId), 3);
  assert.deepEqual(
    [...(await sql`select 1 from postrider.alarms where organization_id = ${at.organizationId}`)],
    [],
  );
  assert.deepEqual(
    (await claimEffects(sql, { ...at, kind: 'usage_meter', limit: 10, leaseMs: LEASE })).map(
      (meter) => [meter.attempt, meter.key],
    ),
    meters.map((meter) => [2, meter.key]),
    'with the same keys, and as no first attempt',
  );
});
