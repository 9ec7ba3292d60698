/**
 * A part of a beat that fails keeps no other from it, and is seen by those who run the
 * installation; so is a job that fails.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { people, states, syncPeople } from '../../support/machine.ts';
import { DAY, sent, turnClock } from '../../sql/rig.ts';
import { open, until } from '../rig.ts';
import { allow, bakery, chores, connected, leftButTally, refuse, watched } from './watched.ts';

void test('a failure outside the database is one, too, and keeps no other stage from the same beat; all of them are told', async () => {
  await using at = await watched({
    wake: () => {
      throw new TypeError('poll is not a function');
    },
  });
  const { sql } = at;
  const place = await bakery(sql, 'Bakery');
  await sent(sql, place, 1);
  await turnClock(sql, 400 * DAY);
  await chores(sql);
  await refuse(sql, 'delete', 'postrider.runner');
  assert.equal(await at.beat(60), true);
  assert.deepEqual(
    at.errors().map(({ stage, part, code, error }) => ({ stage, part, code, error })),
    [
      { stage: 'track', part: 'poll', code: null, error: 'poll is not a function' },
      { stage: 'house', part: 'old_runners', code: 'P0001', error: 'refused by hand' },
    ],
  );
  assert.deepEqual(await leftButTally(sql), ['runners']);
  assert.match((await at.doctor()).message, /old_runners fails since .*; poll fails since /);
});

void test('a campaign that cannot be staged is told, and the others are staged', async () => {
  await using at = await watched();
  const { sql } = at;
  const [first, second] = [await bakery(sql, 'First'), await bakery(sql, 'Second')];
  for (const place of [first, second]) await syncPeople(sql, place, people(2));
  await refuse(sql, 'insert', 'postrider.cohort', first);
  assert.equal(await at.beat(15), true);
  assert.deepEqual(await states(sql), { pending: 2, proofing_staged: 2 });
  const [line, ...more] = at.errors();
  assert.deepEqual(more, []);
  assert.deepEqual(
    [line?.['beat'], line?.['part'], line?.['organization']],
    ['proof', 'staging', first.organizationId],
  );
  assert.match(
    String(line?.['error']),
    new RegExp(`campaign ${first.campaignId} could not be staged: refused by hand`),
  );
  assert.equal((await at.doctor('proof')).verdict, 'warn');
  await allow(sql);
  assert.equal(await at.beat(15), false);
  assert.equal((await at.doctor('proof')).verdict, 'ok');
});

void test('a campaign that cannot be staged does not work again because there was no place for it', async () => {
  await using at = await watched();
  const { sql } = at;
  const [first, second] = [await bakery(sql, 'First'), await bakery(sql, 'Second')];
  await syncPeople(sql, first, people(2));
  await refuse(sql, 'insert', 'postrider.cohort', first);
  await at.beat(15);
  await sql`insert into postrider.cohort (organization_id, id, campaign_id, stage, people, made_at)
    select ${second.organizationId}, postrider.new_id(), ${second.campaignId}, 'proof', 1,
      postrider.now()
    from generate_series(1, 100)`;
  at.errors();
  assert.equal(await at.beat(15), false);
  assert.deepEqual([at.errors(), at.infos()], [[], []]);
  assert.match((await at.doctor('proof')).message, /staging fails since .*, 1 in a row/);
  await sql`update postrider.cohort set closed_at = postrider.now(), closed_why = 'settled'`;
  for (let n = 2; n <= 3; n += 1) await at.beat(15);
  assert.match((await at.alarms())[0]?.meaning ?? '', /staging, has failed 3 times in a row/);
  // Nobody is left whom it could fail for.
  await sql`
    select postrider.end_campaign(${first.organizationId}, ${first.campaignId}, 'archived')`;
  await at.beat(15);
  assert.equal((await at.doctor('proof')).verdict, 'ok');
});

void test('where nobody knows what is due, whatever needs no such list is done, and it is told', async () => {
  await using at = await watched();
  const { sql } = at;
  await syncPeople(sql, await bakery(sql, 'Bakery'), people(2));
  await sql`revoke insert on postrider.beat from current_user`;
  assert.equal(await at.beat(15), true);
  assert.deepEqual(await states(sql), { proofing_staged: 2 });
  assert.deepEqual(
    at.errors().map(({ part, code }) => ({ part, code })),
    [{ part: 'what is due', code: '42501' }],
  );
  await sql`grant insert on postrider.beat to current_user`;
  assert.equal(await at.beat(15), false);
  assert.equal((await at.doctor('proof')).verdict, 'ok');
});

void test('a lost connection is no fault of a beat, and ends no failure that was counted', async () => {
  let lost: Error | null = null;
  await using at = await watched({
    wake: () => {
      if (lost !== null) throw lost;
    },
  });
  const { sql } = at;
  await bakery(sql, 'Bakery');
  await chores(sql);
  await refuse(sql, 'delete', 'postrider.provider_event');
  await at.beat(60);
  await allow(sql);
  lost = Object.assign(new Error('write CONNECTION_CLOSED'), { code: 'CONNECTION_CLOSED' });
  assert.equal(await at.beat(60), true);
  assert.deepEqual(
    at.errors().map(({ part }) => part),
    ['old_webhooks'],
  );
  assert.match((await at.doctor()).message, /old_webhooks fails since .*, 1 in a row/);
  lost = null;
  assert.equal(await at.beat(60), false);
  assert.equal((await at.doctor()).verdict, 'ok');
});

void test('what the error of a beat says is for those who run the installation, and not for readers of one organization', async () => {
  await using at = await watched();
  const { sql } = at;
  await bakery(sql, 'Bakery');
  await chores(sql);
  await refuse(sql, 'delete', 'postrider.provider_event');
  for (let n = 0; n < 3; n += 1) await at.beat(60);
  const seenAs = async (role: string): Promise<{ alarms: number; message: string }> => {
    await using admin = connected(at.machine.database.adminUrl);
    await admin.sql.unsafe(`set role ${role}`);
    const [row] = await admin.sql<{ alarms: number; message: string }[]>`
      select (select count(*)::int from postrider.alarms) as alarms, message
      from postrider.doctor()
      where check_name = 'beat house'`;
    return row ?? { alarms: -1, message: '' };
  };
  const reader = await seenAs('postrider_reader');
  assert.equal(reader.alarms, 0);
  assert.match(reader.message, /old_webhooks fails since \d{4}-\S+ \S+ UTC, 3 in a row$/);
  const runner = await seenAs('postrider_runner');
  assert.equal(runner.alarms, 1);
  assert.match(runner.message, /3 in a row: refused by hand \(P0001\)$/);
  for (const role of ['postrider_reader', 'postrider_operator']) {
    await using admin = connected(at.machine.database.adminUrl);
    await admin.sql.unsafe(`set role ${role}`);
    await assert.rejects(admin.sql`select from postrider.beat_failure`, { code: '42501' });
  }
});

void test('what helps against it may name others too, and is for nobody else either', async () => {
  await using at = await watched();
  await bakery(at.sql, 'Bakery');
  const failure = {
    beat: 'house',
    part: 'old_webhooks',
    organizations: [],
    code: 'P0001',
    message: 'refused',
    hint: 'ask Rival Ltd, +1 555 0100',
  };
  await at.sql`
    select
    from postrider.note_failures('{house}', ${JSON.stringify([failure])}::text::jsonb, true)`;
  const helpFor = async (role: string): Promise<string> => {
    await using admin = connected(at.machine.database.adminUrl);
    await admin.sql.unsafe(`set role ${role}`);
    const [row] = await admin.sql<
      { help: string }[]
    >`select what_helps as help from postrider.doctor() where check_name = 'beat house'`;
    return row?.help ?? '';
  };
  assert.match(await helpFor('postrider_runner'), /^ask Rival Ltd/);
  for (const role of ['postrider_reader', 'postrider_operator'])
    assert.doesNotMatch(await helpFor(role), /Rival/);
});

void test('a job that fails is logged with its cause, and a beat that fails is logged by the runner that has it', async () => {
  await using place = await open({ people: 0, settings: { beats: true } });
  await place.sql`revoke update on postrider.mailpiece from current_user`;
  await place.sql`revoke insert on postrider.turn from current_user`;
  await place.sql`delete from postrider.turn`;
  await place.pipeline.start();
  const job = JSON.stringify({ organization_id: place.place.organizationId });
  await place.sql`
    select postrider.enqueue('reconcile', ${[crypto.randomUUID()]}::uuid[],
      ${[job]}::text[]::jsonb[], null)`;
  await until(() =>
    place.log.some(
      (line) =>
        line.startsWith('a job failed') &&
        line.includes('"queue":"reconcile"') &&
        line.includes('permission denied'),
    ),
  );
  await until(() =>
    place.log.some(
      (line) =>
        line.startsWith('a part of a beat failed') &&
        line.includes('"part":"fold_tally","code":"42501"'),
    ),
  );
});
