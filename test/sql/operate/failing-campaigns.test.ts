/**
 * A campaign whose cards fail at their printer one by one is held before all of them have: with the
 * printer's words, once, and by a release it goes on.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { release } from '@postrider/core';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import {
  answered,
  event,
  idOf,
  mailBegun,
  place,
  proofAll,
  sending,
  sent,
  settleAll,
  sharedMachine,
  tell,
  type Sending,
} from '../rig.ts';
import { statusOf } from '../rig/campaigns.ts';

const rig = sharedMachine();

async function fail(at: Place, { pieces }: Sending, n: number): Promise<void> {
  await tell(
    rig.sql,
    at,
    pieces.slice(0, n).map((piece) => event({ providerId: idOf(piece), status: 'failed' })),
  );
}

async function housekeeping(): Promise<void> {
  const failures = await rig.sql`
    select * from postrider.run_housekeeping('{hold_failing_campaigns}')`;
  assert.deepEqual([...failures], []);
}

async function alarmsOf({ campaignId }: Place): Promise<string[]> {
  const rows = await rig.sql<{ why: string }[]>`
    select detail ->> 'why' as why
    from postrider.alarm
    where campaign_id = ${campaignId} and kind = 'campaign_refused' and cleared_at is null`;
  return rows.map(({ why }) => why);
}

async function more(at: Place, n: number, prefix: string): Promise<Sending> {
  await syncPeople(rig.sql, at, people(n, prefix), false);
  await proofAll(rig.sql, at);
  return await mailBegun(rig.sql, at);
}

for (const [failed, of, status] of [
  [20, 40, 'paused'],
  [19, 20, 'active'],
  [20, 45, 'active'],
] as const)
  void test(`${failed} of ${of} accepted cards that fail at the printer leave the campaign ${status}`, async () => {
    const at = await place(rig.sql);
    await fail(at, await sent(rig.sql, at, of), failed);
    await housekeeping();
    await housekeeping();
    assert.equal(await statusOf(rig.sql, at), status);
    assert.deepEqual(
      await alarmsOf(at),
      status === 'paused' ? ['20 of 40 cards failed at the printer: it could not make them'] : [],
    );
  });

void test('cards that are rejected one by one hold it, with the words that most of them have', async () => {
  const at = await place(rig.sql);
  const batch = await sending(rig.sql, at, 21);
  await settleAll(rig.sql, at, batch, (piece) =>
    answered(piece, 'rejected', { message: 'from.address_zip is invalid' }),
  );
  await housekeeping();
  assert.deepEqual(await alarmsOf(at), [
    '21 of 21 cards failed at the printer: from.address_zip is invalid',
  ]);
});

void test('a release lets the errors stand and the others go; what fails after it holds again', async () => {
  const at = await place(rig.sql);
  await fail(at, await sent(rig.sql, at, 20), 20);
  await housekeeping();
  assert.equal(await statusOf(rig.sql, at), 'paused');
  await release(rig.sql, { ...at, kind: 'campaign', id: at.campaignId });
  assert.deepEqual(await alarmsOf(at), []);
  await housekeeping();
  assert.equal(await statusOf(rig.sql, at), 'active');
  const batch = await more(at, 20, 'second');
  await settleAll(rig.sql, at, batch);
  await housekeeping();
  assert.equal(await statusOf(rig.sql, at), 'active');
  await fail(at, batch, 20);
  await housekeeping();
  assert.equal(await statusOf(rig.sql, at), 'paused');
});
