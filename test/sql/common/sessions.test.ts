/**
 * What other sessions of the database may do without stopping the machine, and what a session of
 * the machine must be like.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { connect, hold, release } from '@postrider/core';
import { people, syncPeople } from '../../support/machine.ts';
import {
  cohort,
  place,
  proofed,
  reap,
  refused,
  sending,
  sent,
  sharedMachine,
  stageOne,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
const HOUR = 3_600_000;

void test('nothing is moved, and nobody is let in, on one snapshot for a whole transaction', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await proofed(sql, at, 2);
  for (const level of ['repeatable read', 'serializable']) {
    const session = machine.connect(1);
    await session.unsafe(`set default_transaction_isolation = '${level}'`);
    await refused('PR023', syncPeople(session, at, people(1)), new RegExp(level));
    await refused(
      'PR023',
      session`select postrider.stage(${at.organizationId}, ${at.campaignId}, 'mail', 1, 50)`,
    );
    await refused('PR023', hold(session, { ...at, kind: 'campaign', id: at.campaignId }));
  }
});

void test('nothing is moved in a session in which no trigger fires', async () => {
  const { sql, machine, admin } = rig;
  const at = await place(sql);
  await proofed(sql, at, 1);
  const [name] = await admin<{ name: string }[]>`select current_database() as name`;
  await admin.unsafe(`alter database "${name?.name}" set session_replication_role = replica`);
  const session = machine.connect(1);
  await session`select 1`;
  await admin.unsafe(`alter database "${name?.name}" reset session_replication_role`);
  await refused('PR023', syncPeople(session, at, people(1)), /replicates/);
  await refused(
    'PR023',
    session`select postrider.stage(${at.organizationId}, ${at.campaignId}, 'mail', 1, 50)`,
    /replicates/,
  );
});

void test('who calls a repair in a session that writes nothing is told so, with what helps', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await proofed(sql, at, 1);
  const [person] = await sql<{ id: string }[]>`
    select recipient_id as id
    from postrider.recipient_state
    where organization_id = ${at.organizationId}`;
  const session = machine.connect(1);
  await session`set default_transaction_read_only = on`;
  await refused(
    'PR023',
    hold(session, { ...at, kind: 'campaign', id: at.campaignId }),
    /read-only/,
  );
  await refused(
    'PR023',
    session`select postrider.suppress(${at.organizationId}, 'a@example.com')`,
    /read-only/,
  );
  for (const repair of ['retry', 'cancel', 'erase'])
    await refused(
      'PR023',
      session.unsafe(`select postrider.${repair}($1)`, [person?.id ?? '']),
      /read-only/,
    );
  await refused(
    'PR023',
    session`select postrider.resolve(${randomUUID()}, 'printed', 'x')`,
    /read-only/,
  );
  await refused('PR023', session`select postrider.clear_alarm(${randomUUID()}, 'x')`, /read-only/);
  // Who only asks is answered.
  const [told] = await session<
    { told: string }[]
  >`select postrider.why(${person?.id ?? ''}, ${at.organizationId}) as told`;
  assert.match(told?.told ?? '', /is proofed/);
});

void test("the library's own connections read committed, whatever the database's default is", async () => {
  const { machine, admin } = rig;
  const [name] = await admin<{ name: string }[]>`select current_database() as name`;
  await admin.unsafe(
    `alter database "${name?.name}" set default_transaction_isolation = 'serializable'`,
  );
  const session = connect(machine.url, { max: 1 });
  const [row] = await session`show transaction_isolation`;
  await session.end();
  await admin.unsafe(`alter database "${name?.name}" reset default_transaction_isolation`);
  assert.equal(row?.['transaction_isolation'], 'read committed');
});

void test('advisory locks, which any role may take, stop neither staging nor reaping nor the tally', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await sending(sql, at, 1);
  await syncPeople(sql, at, people(3, 'q'), false);
  await turnClock(sql, HOUR);
  const anybody = machine.connect(1);
  await anybody.begin(async (tx) => {
    for (const key of ['reap', 'stage:proof', 'tally'])
      await tx`select pg_advisory_xact_lock(hashtextextended(${`postrider:${key}`}, 0))`;
    assert.ok((await reap(sql)) > 0);
    const [staged] = await sql`select postrider.stage_round('proof', 100, 50) as cohorts`;
    assert.ok(staged?.['cohorts'] > 0);
    await sql`select postrider.fold_tally()`;
    assert.equal((await sql`select from postrider.tally`).length, 0);
  });
});

void test('one session at a time stages, the other finds nothing to do', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  await sql`delete from postrider.turn`;
  await sql`select postrider.stage_round('proof', 1, 1)`;
  const first = machine.connect(1);
  await first.begin(async (tx) => {
    const [staged] = await tx`select postrider.stage_round('proof', 100, 50) as cohorts`;
    assert.ok(staged?.['cohorts'] > 0, 'also where somebody deleted the rows');
    const rival = await sql`select postrider.stage_round('proof', 100, 50) as cohorts`;
    assert.equal(rival[0]?.['cohorts'], 0);
  });
});

void test('staging does not wait for a table that is vacuumed', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(2000));
  const vacuum = machine.connect(1);
  const stager = machine.connect(1);
  await stager`set statement_timeout = '10s'`;
  await vacuum.begin(async (tx) => {
    await tx`lock table postrider.recipient_state in share update exclusive mode`;
    const [staged] = await stager`select postrider.stage_round('proof', 200, 50) as cohorts`;
    assert.ok(staged?.['cohorts'] > 0);
  });
});

void test('an id is an id, however it is spelled; and what is none is said to be none', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sending(sql, at, 2);
  const loud = at.campaignId.toUpperCase();
  assert.equal((await hold(sql, { ...at, kind: 'campaign', id: loud })).atPrinter, 2);
  assert.equal(await release(sql, { ...at, kind: 'campaign', id: loud }), 'active');
  const [keys] = await sql`
    select count(
      distinct postrider.lock_key('campaign', ${at.organizationId}, postrider.id_of(x)::text)
    ) as n
    from unnest(${[loud, at.campaignId]}::text[]) x`;
  assert.equal(Number(keys?.['n']), 1);
  await refused('PR020', hold(sql, { ...at, kind: 'campaign', id: 'nope' }), /not an id/);
  await refused('PR020', release(sql, { ...at, kind: 'recipient', id: 'nope' }), /not an id/);
  await refused('PR020', sql`select postrider.suppress(null, 'a@example.com')`, /no organization/);
});

void test('a hold waits for a begin, however the id is spelled', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await proofed(sql, at);
  const cohortId = await stageOne(sql, at, 'mail');
  const beginner = machine.connect(1);
  const holder = machine.connect(1);
  await holder`set lock_timeout = '300ms'`;
  await beginner.begin(async (tx) => {
    await tx`
      select postrider.begin_mail(${at.organizationId}, ${cohortId}, ${randomUUID()}, '1 minute')`;
    await refused(
      '55P03',
      hold(holder, { ...at, kind: 'campaign', id: at.campaignId.toUpperCase() }),
    );
  });
  assert.equal((await cohort(sql, cohortId)).begun, true);
});

void test('organizations whose effects are due are found, and no others', async () => {
  const { sql } = rig;
  const effects = { effects: ['usage_meter', 'event_sink'] as const };
  const [one, two, later, done] = [
    await place(sql, effects),
    await place(sql, effects),
    await place(sql, effects),
    await place(sql, effects),
  ];
  for (const at of [one, two, later, done]) await sent(sql, at, 3);
  await sql`
    update postrider.effect
    set available_at = available_at + interval '1 day'
    where organization_id = ${later.organizationId}`;
  await sql`
    update postrider.effect
    set state = 'done', done_at = postrider.now()
    where organization_id = ${done.organizationId}
      or organization_id = ${two.organizationId} and kind = 'usage_meter'`;
  const [due] = await sql<{ effects: string[] }[]>`select effects from postrider.due()`;
  assert.deepEqual(due?.effects.toSorted(), [one.organizationId, two.organizationId].sort());
});

void test('the house keeps what webhooks told for half a year', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const told = [
    { name: 'of late', days: 179, error: null },
    { name: 'long ago', days: 181, error: null },
    { name: 'unreadable', days: 181, error: 'it is no event' },
    { name: 'to be applied', days: 181, error: null },
  ];
  for (const { name, days, error } of told)
    await sql`
      insert into postrider.provider_event (
        id, organization_id, printer_name, delivery_id, body, received_at, error
      )
      values (
        gen_random_uuid(), ${at.organizationId}, 'press', ${name}, '',
        postrider.now() - make_interval(days => ${days}), ${error}
      )`;
  await sql`
    insert into postrider.waiting_webhook (
      organization_id, id, printer_name, received_at, available_at)
    select organization_id, id, printer_name, received_at, received_at
    from postrider.provider_event
    where organization_id = ${at.organizationId} and delivery_id = 'to be applied'`;
  await sql`select postrider.run_housekeeping()`;
  const left = await sql`
    select delivery_id
    from postrider.provider_event
    where organization_id = ${at.organizationId}
    order by 1`;
  assert.deepEqual(
    left.map((row) => row['delivery_id']),
    ['of late', 'to be applied', 'unreadable'],
  );
});
