/**
 * Who holds, since when and why: told together, also after a second hold, for what was held before
 * it was recorded, and of a session without a name.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold, release } from '@postrider/core';
import type postgres from 'postgres';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import { answered, one, place, sending, settleAll, sharedMachine, turnClock } from '../rig.ts';

const rig = sharedMachine();

async function called(name: string): Promise<postgres.Sql> {
  const sql = rig.machine.connect(1);
  await sql`select set_config('application_name', ${name}, false)`;
  return sql;
}

function all(at: Place) {
  return [
    ['organization', at.organizationId],
    ['campaign', at.campaignId],
    ['printer', 'press'],
  ] as const;
}

/** Kind, application, why and how many whole hours ago it began. */
async function holds(at: Place): Promise<unknown[][]> {
  return [
    ...(await rig.sql`
      select kind, application, why,
        floor(extract(epoch from postrider.now() - since) / 3600)::int as hours
      from postrider.holds
      where organization_id = ${at.organizationId}
      order by kind`.values()),
  ];
}

async function why(id: string): Promise<string> {
  return String((await rig.sql`select postrider.why(${id}) as why`)[0]?.['why']);
}

async function stuck(at: Place): Promise<string> {
  return String(
    (
      await rig.sql`select why from postrider.stuck where organization_id = ${at.organizationId}`
    )[0]?.['why'],
  );
}

/** As an older version left it: held, and nobody wrote down by whom. */
async function heldBefore(statement: string): Promise<void> {
  await rig.admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx.unsafe(statement);
  });
}

void test('why, stuck and holds name who holds, and since when', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(1));
  const [me] = await sql<{ name: string }[]>`select session_user as name`;
  const { id } = await one(sql, at);
  const why = async (): Promise<string> =>
    String((await sql`select * from postrider.why(${id}) as why`)[0]?.['why']);
  await hold(sql, { ...at, kind: 'campaign', id: at.campaignId }, 'wrong price');
  await turnClock(sql, 300_000);
  const by = `${me?.name}`;
  assert.match(
    await why(),
    new RegExp(`The campaign is held by ${by} \\(test\\) since \\d{4}-.*: wrong price: it goes on`),
  );
  const [stuck] =
    await sql`select why from postrider.stuck where organization_id = ${at.organizationId}`;
  assert.match(
    String(stuck?.['why']),
    new RegExp(`^the campaign is held: wrong price \\(by ${by}, test, since \\d{4}-`),
  );
  await hold(sql, { ...at, kind: 'campaign', id: at.campaignId }, 'wrong price.');
  assert.match(await why(), /: wrong price: it goes on when released\.$/);
  await hold(sql, { ...at, kind: 'campaign', id: at.campaignId }, 'wrong price');
  const holds = await sql`
    select kind, name, why, by_role
    from postrider.holds
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    holds.map((row) => ({ ...row })),
    [{ kind: 'campaign', name: 'spring', why: 'wrong price', by_role: by }],
  );
  await release(sql, { ...at, kind: 'campaign', id: at.campaignId });
  await hold(sql, { ...at, kind: 'recipient', id }, 'asked us to wait');
  assert.match(
    await why(),
    new RegExp(`Held since .* by ${by} \\(test\\): asked us to wait: goes on after`),
  );
  assert.equal(
    (await sql`select from postrider.holds where organization_id = ${at.organizationId}`).length,
    0,
  );
});

void test('a second hold takes over nothing; with a reason of its own, reason and name are its', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(1));
  const { id } = await one(sql, at);
  const [ada, bob] = [await called('ada'), await called('bob')];
  const things = [...all(at), ['recipient', id]] as const;
  for (const [kind, thing] of things) {
    await hold(bob, { ...at, kind, id: thing }, 'another time');
    await release(bob, { ...at, kind, id: thing });
  }
  await turnClock(sql, 3_600_000);
  for (const [kind, thing] of things) await hold(ada, { ...at, kind, id: thing }, 'wrong price');
  await turnClock(sql, 3_600_000);
  for (const [kind, thing] of things) {
    await hold(bob, { ...at, kind, id: thing });
    await hold(bob, { ...at, kind, id: thing }, '  ');
  }
  const standing = (name: string, reason: string) =>
    ['campaign', 'organization', 'printer'].map((kind) => [kind, name, reason, 1]);
  assert.deepEqual(await holds(at), standing('ada', 'wrong price'));
  assert.match(await why(id), /Held since .* by \w+ \(ada\): wrong price: goes on after/);
  for (const [kind, thing] of things) await hold(bob, { ...at, kind, id: thing }, 'wrong picture');
  assert.deepEqual(await holds(at), standing('bob', 'wrong picture'));
  assert.match(await why(id), /Held since .* by \w+ \(bob\): wrong picture: goes on after/);
  await release(ada, { ...at, kind: 'recipient', id });
  assert.match(await why(id), /The organization is held by \w+ \(bob\) since .*: wrong picture\./);
});

void test('what was held before it was recorded is held by nobody, and a hold without a reason does not change that', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(1));
  const { id } = await one(sql, at);
  const o = at.organizationId;
  await heldBefore(
    `
      update postrider.campaign
      set status = 'paused', status_before_hold = 'active', held_why = 'old reason'
      where id = '${at.campaignId}'`,
  );
  await turnClock(sql, 300_000);
  assert.match(await why(id), / The campaign is held: old reason: it goes on when released\.$/);
  assert.equal(await stuck(at), 'the campaign is held: old reason');
  await heldBefore(
    `
      update postrider.organization
      set held_at = postrider.now(), held_why = 'older'
      where id = '${o}'`,
  );
  await heldBefore(
    `update postrider.printer set held_at = postrider.now() where organization_id = '${o}'`,
  );
  await turnClock(sql, 3_600_000);
  for (const [kind, thing] of all(at)) await hold(sql, { organizationId: o, kind, id: thing });
  assert.match(await why(id), / The organization is held since \d{4}-\S+ [\d:]+: older\.$/);
  assert.match(await stuck(at), /^the organization is held: older \(since \d{4}-\S+ [\d:]+\)$/);
  assert.deepEqual(
    (await holds(at)).filter(([kind]) => kind !== 'campaign'),
    [
      ['organization', null, 'older', 1],
      ['printer', null, null, 1],
    ],
  );
  await heldBefore(
    `update postrider.recipient_state set held_at = postrider.now() where recipient_id = '${id}'`,
  );
  const story = async () => [
    ...(await sql`
      select what, by_role from postrider.trace(${id}) where what in ('held', 'hold')`.values()),
  ];
  assert.deepEqual(await story(), [['held', null]]);
  assert.match(await why(id), / Held since \d{4}-\S+ [\d:]+: goes on after/);
  await release(sql, { organizationId: o, kind: 'recipient', id });
  await hold(sql, { organizationId: o, kind: 'recipient', id });
  assert.deepEqual(
    (await story()).map(([what]) => what),
    ['hold'],
  );
});

void test('a session without a name, and a hold without a reason, leave out their own part only', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(1));
  const { id } = await one(sql, at);
  const nameless = await called('');
  await hold(nameless, { ...at, kind: 'organization', id: at.organizationId });
  await turnClock(sql, 300_000);
  assert.match(await why(id), / The organization is held by \w+ since \d{4}-\S+ [\d:]+\.$/);
  assert.match(await stuck(at), /^the organization is held \(by \w+, since \d{4}-\S+ [\d:]+\)$/);
  await hold(nameless, { ...at, kind: 'recipient', id }, 'asked us to wait');
  assert.match(
    await why(id),
    / Held since \d{4}-\S+ [\d:]+ by \w+: asked us to wait: goes on after/,
  );
});

void test('who was held and has a card all the same waits for news of it, and for no release', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 1);
  const recipientId = batch.pieces[0]?.recipientId ?? '';
  await settleAll(sql, at, batch, (piece) => answered(piece, 'retry'));
  await hold(sql, { ...at, kind: 'recipient', id: recipientId }, 'a look at it');
  await settleAll(sql, at, batch);
  const [told] = await sql<{ why: string; state: string }[]>`
    select postrider.why(${recipientId}) as why, state
    from postrider.recipient_state
    where recipient_id = ${recipientId}`;
  assert.equal(told?.state, 'sent');
  assert.match(told.why, /Next: delivery/);
  assert.doesNotMatch(told.why, /release/);
});
