/** begin: at most once, under every lock, and with eligibility asked for once more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, hold, release } from '@postrider/core';
import {
  OTHER_RUNNER,
  RUNNER,
  alarms,
  begin,
  cohort,
  one,
  openCohorts,
  place,
  reap,
  reasonsOf,
  sending,
  sharedMachine,
  stageOne,
  staged,
  standing,
  statesOf,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

void test('a cohort begins at most once, also when two runners get its job at the same time', async () => {
  const { sql, machine } = rig;
  for (const name of ['proof', 'mail'] as const) {
    const at = await place(sql);
    const id = await staged(sql, at, name);
    const clients = machine.connect(4);
    const begun = await Promise.all(
      [RUNNER, OTHER_RUNNER, RUNNER, OTHER_RUNNER].map(
        async (runner) => await begin(clients, at, name, id, runner),
      ),
    );
    assert.equal(begun.filter((b) => b !== null).length, 1);
    const [row] = await sql`select runner_id, closed_at from postrider.cohort where id = ${id}`;
    const winner = [RUNNER, OTHER_RUNNER, RUNNER, OTHER_RUNNER][begun.findIndex((b) => b !== null)];
    assert.deepEqual(
      { ...row },
      { runner_id: winner, closed_at: null },
      'and belongs to who got it',
    );
    assert.equal(await begin(sql, at, name, id), null, 'a redelivery finds nothing to do');
    assert.equal(
      (await standing(sql, at)).every((p) => p.moveNo === (name === 'proof' ? 3 : 6)),
      true,
    );
  }
});

void test('a cohort that is closed, gone, or of the other stage does not begin', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const id = await staged(sql, at, 'proof');
  assert.equal(await begin(sql, at, 'mail', id), null);
  assert.equal(await begin(sql, at, 'proof', at.campaignId), null);
  await sql`update postrider.cohort set closed_at = now(), closed_why = 'by hand' where id = ${id}`;
  assert.equal(await begin(sql, at, 'proof', id), null);
  assert.deepEqual(await statesOf(sql, at), { p0: 'proofing_staged', p1: 'proofing_staged' });
});

for (const name of ['proof', 'mail'] as const) {
  const back = name === 'proof' ? 'pending' : 'proofed';
  void test(`${name}: nothing begins in what is held: its people go back without waiting, and go on when it is released`, async () => {
    const { sql } = rig;
    for (const kind of [
      'organization',
      'campaign',
      ...(name === 'mail' ? (['printer'] as const) : []),
    ] as const) {
      const at = await place(sql);
      const id = await staged(sql, at, name);
      const before = (await one(sql, at, 'p0')).availableAt;
      const what =
        kind === 'organization' ? at.organizationId : kind === 'campaign' ? at.campaignId : 'press';
      await hold(sql, { ...at, kind, id: what });
      assert.equal(await begin(sql, at, name, id), null);
      assert.deepEqual(await reasonsOf(sql, at), { p0: `${back} (held)`, p1: `${back} (held)` });
      assert.equal((await cohort(sql, id)).closedWhy, 'held');
      const person = await one(sql, at, 'p0');
      assert.deepEqual([person.losses, person.attempt, person.availableAt], [0, 0, before]);
      await release(sql, { ...at, kind, id: what });
      assert.notEqual(await begin(sql, at, name, await stageOne(sql, at, name)), null);
    }
  });

  void test(`${name}: somebody who is held goes back alone`, async () => {
    const { sql } = rig;
    const at = await place(sql);
    const id = await staged(sql, at, name);
    await hold(sql, { ...at, kind: 'recipient', id: (await one(sql, at, 'p0')).id });
    assert.notEqual(await begin(sql, at, name, id), null);
    assert.deepEqual(await statesOf(sql, at), {
      p0: back,
      p1: name === 'proof' ? 'proofing' : 'sending',
    });
  });
}

void test('a cohort of which nobody is left closes and is nothing to do', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const id = await staged(sql, at, 'mail');
  for (const person of await standing(sql, at)) await cancel(sql, person.id);
  assert.equal(await begin(sql, at, 'mail', id), null);
  assert.equal((await cohort(sql, id)).closedWhy, 'empty');
});

void test('a campaign that does not run any more begins nothing', async () => {
  const { sql } = rig;
  for (const status of ['archived', 'completed']) {
    const at = await place(sql);
    const id = await staged(sql, at, 'mail');
    // Changed by hand, past end_campaign() which would have moved everybody first.
    await sql`update postrider.campaign set status = ${status} where id = ${at.campaignId}`;
    assert.equal(await begin(sql, at, 'mail', id), null);
    assert.deepEqual(
      new Set(Object.values(await reasonsOf(sql, at))),
      new Set(['proofed (campaign_not_running)']),
    );
  }
});

void test('a lease that is renewed holds, of a cohort that is still ours and open', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 1);
  const renew = async (runner: string) =>
    (
      await sql`
        select postrider.renew(
          ${runner}, ${[at.organizationId]}::uuid[], ${[batch.cohortId]}::uuid[], '1 minute'
        ) as ours`
    )[0]?.['ours'];
  await turnClock(sql, 50_000);
  assert.deepEqual(await renew(RUNNER), [batch.cohortId]);
  assert.deepEqual(await renew(OTHER_RUNNER), []);
  await turnClock(sql, 50_000);
  await reap(sql);
  assert.equal((await cohort(sql, batch.cohortId)).closedWhy, null);
  await turnClock(sql, 11_000);
  await reap(sql);
  assert.equal((await cohort(sql, batch.cohortId)).closedWhy, 'lease_lost');
  assert.deepEqual(await renew(RUNNER), [], 'a runner that was written off learns it');
  assert.deepEqual(await openCohorts(sql, at), []);
  assert.deepEqual(await alarms(sql, at), []);
});
