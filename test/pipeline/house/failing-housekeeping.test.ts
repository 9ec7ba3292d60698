/**
 * A part of the housekeeping that fails undoes no other, and is seen: in the log, by doctor, and as
 * an alarm after three in a row, until it works again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import driver from 'postgres';
import { broken, states, type Machine } from '../../support/machine.ts';
import { DAY, sent, turnClock } from '../../sql/rig.ts';
import { allow, bakery, chores, left, leftButTally, refuse, watched } from './watched.ts';
import { until } from '../rig.ts';

void test('a part of the housekeeping that fails undoes no other, is told each time, and raises one alarm after three in a row until it works again', async () => {
  await using at = await watched();
  const { sql } = at;
  const place = await bakery(sql, 'Bakery');
  await sent(sql, place, 3);
  await turnClock(sql, 400 * DAY);
  await chores(sql);
  await refuse(sql, 'delete', 'postrider.provider_event');
  assert.equal(await at.beat(60), true);
  assert.deepEqual(await leftButTally(sql), ['webhooks']);
  assert.deepEqual(await states(sql), { received: 3 });
  const [line, ...more] = at.errors();
  assert.deepEqual(more, []);
  assert.deepEqual(
    { ...line, since: line?.['since'] instanceof Date },
    {
      beat: 'house',
      stage: 'house',
      part: 'old_webhooks',
      code: 'P0001',
      error: 'refused by hand',
      hint: 'drop the trigger',
      inARow: 1,
      since: true,
    },
  );
  const once = await at.doctor();
  assert.equal(once.verdict, 'warn');
  assert.match(
    once.message,
    /^last .* UTC, every 00:01:00; old_webhooks fails since \d{4}-.* UTC, 1 in a row: refused by hand \(P0001\)$/,
  );
  assert.match(once.helps ?? '', /^drop the trigger: nothing is lost, the next beat tries again$/);
  await at.beat(60);
  assert.deepEqual(await at.alarms(), []);
  for (let n = 3; n <= 5; n += 1) await at.beat(60);
  assert.deepEqual(
    at.errors().map(({ inARow }) => inARow),
    [2, 3, 4, 5],
  );
  assert.equal((await at.doctor()).verdict, 'bad');
  const [alarm, ...others] = await at.alarms();
  assert.deepEqual(others, []);
  assert.equal(
    alarm?.meaning,
    'a part of the beat house, old_webhooks, has failed 5 times in a row: refused by hand',
  );
  const counted = await sql`select verdict, message from postrider.doctor('alarms')`;
  assert.deepEqual({ ...counted[0] }, { verdict: 'bad', message: '1 open' });
  await assert.rejects(sql`select postrider.clear_alarm(${alarm?.id ?? ''}, 'seen')`, {
    code: 'PR017',
  });
  await allow(sql);
  assert.equal(await at.beat(60), false);
  assert.deepEqual(await left(sql), []);
  assert.deepEqual(await at.alarms(), []);
  assert.match((await at.doctor()).message, /^last [^;]*$/);
  assert.deepEqual([(await at.doctor()).verdict, (await at.doctor()).helps], ['ok', null]);
  assert.deepEqual(
    at.infos().map(({ part, failures }) => ({ part, failures })),
    [{ part: 'old_webhooks', failures: 5 }],
  );
  // A later failure counts anew.
  await refuse(sql, 'delete', 'postrider.provider_event');
  await chores(sql);
  await at.beat(60);
  assert.deepEqual(
    at.errors().map(({ inARow }) => inARow),
    [1],
  );
  assert.deepEqual(await broken(sql), []);
});

void test("one organization's failure does not undo the others' housekeeping, and is named", async () => {
  await using at = await watched();
  const { sql } = at;
  const places = [
    await bakery(sql, 'First'),
    await bakery(sql, 'Second'),
    await bakery(sql, 'Third'),
  ];
  for (const place of places) await sent(sql, place, 2);
  await turnClock(sql, 400 * DAY);
  const unlucky = places.map(({ organizationId }) => organizationId).toSorted()[0] ?? '';
  await refuse(sql, 'update', 'postrider.recipient_state', { organizationId: unlucky });
  assert.equal(await at.beat(60), true);
  assert.deepEqual(await states(sql), { received: 4, sent: 2 });
  const [line, ...more] = at.errors();
  assert.deepEqual(more, []);
  assert.deepEqual(
    [line?.['part'], line?.['organizations'], line?.['organization']],
    ['assume_received', 1, unlucky],
  );
  assert.match(
    (await at.doctor()).message,
    new RegExp(`in a row \\(1 organizations, one is ${unlucky}\\): refused by hand`),
  );
  await allow(sql);
  assert.equal(await at.beat(60), false);
  assert.deepEqual(await states(sql), { received: 6 });
});

void test('whatever a database administrator does to one table, the other parts of the housekeeping are done', async () => {
  const faults: readonly {
    name: string;
    part: string;
    code: string;
    there: string;
    back: string;
  }[] = [
    {
      name: 'a table is renamed',
      part: 'old_addresses',
      code: '42P01',
      there: 'alter table postrider.address_cache rename to address_cash',
      back: 'alter table postrider.address_cash rename to address_cache',
    },
    {
      name: 'a right is revoked',
      part: 'old_cohorts',
      code: '42501',
      there: 'revoke delete on postrider.cohort from current_user',
      back: 'grant delete on postrider.cohort to current_user',
    },
    {
      name: 'a publication has a table whose rows cannot be told apart',
      part: 'old_addresses',
      code: '55000',
      there: `
      alter table postrider.address_cache replica identity nothing;
      create publication few for table postrider.address_cache`,
      back: 'drop publication few; alter table postrider.address_cache replica identity default',
    },
  ];
  for (const { name, part, code, there, back } of faults) {
    await using at = await watched();
    const { sql } = at;
    const place = await bakery(sql, 'Bakery');
    await sent(sql, place, 2);
    await turnClock(sql, 400 * DAY);
    await chores(sql);
    await sql.unsafe(there);
    assert.equal(await at.beat(60), true, name);
    assert.deepEqual(
      at.errors().map((line) => [line['part'], line['code']]),
      [[part, code]],
      name,
    );
    assert.deepEqual(await leftButTally(sql), [], name);
    await sql.unsafe(back);
    assert.equal(await at.beat(60), false, name);
    assert.deepEqual(await left(sql), [], name);
  }
});

void test('a table that somebody has locked holds up no other part of the housekeeping', async () => {
  await using at = await watched();
  const { sql } = at;
  const place = await bakery(sql, 'Bakery');
  await sent(sql, place, 2);
  await turnClock(sql, 400 * DAY);
  await chores(sql);
  const other = await at.machine.connect(1).reserve();
  await other`begin`;
  await other`lock table postrider.address_cache in access exclusive mode`;
  assert.equal(await at.beat(60), true);
  assert.deepEqual(
    at.errors().map((line) => [line['part'], line['code']]),
    [['old_addresses', '55P03']],
  );
  assert.deepEqual(await leftButTally(sql), []);
  await other`commit`;
  other.release();
  assert.equal(await at.beat(60), false);
});

void test('a table that somebody has locked is not waited for once for each organization', async () => {
  await using at = await watched();
  const { sql } = at;
  for (let n = 1; n <= 8; n += 1) await sent(sql, await bakery(sql, `Bakery ${n}`), 1);
  await turnClock(sql, 400 * DAY);
  await chores(sql);
  const other = await at.machine.connect(1).reserve();
  await other`begin`;
  // As CREATE INDEX does, for as long as it takes.
  await other`lock table postrider.recipient_state in share mode`;
  // Each wait lasts two seconds: who looks often sees it, and none is seen twice.
  const waits = new Set<string>();
  const watcher = at.machine.connect(1);
  let over = false;
  const watching = (async () => {
    while (!over) {
      const rows = await watcher<{ since: string }[]>`
        select l.waitstart::text as since
        from pg_locks l
        join pg_database d on d.oid = l.database and d.datname = current_database()
        where not l.granted
          and l.relation = 'postrider.recipient_state'::regclass
          and l.waitstart is not null`;
      for (const { since } of rows) waits.add(since);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  assert.equal(await at.beat(60), true);
  over = true;
  await watching;
  // One for all of them together, and three for those that were tried alone.
  assert.ok(waits.size > 0 && waits.size <= 4, `${waits.size} waits`);
  const [line, ...more] = at.errors();
  assert.deepEqual(more, []);
  assert.deepEqual(
    [line?.['part'], line?.['code'], line?.['organizations']],
    ['assume_received', '55P03', 8],
  );
  assert.deepEqual(await leftButTally(sql), ['sent']);
  await other`commit`;
  other.release();
  assert.equal(await at.beat(60), false);
  assert.deepEqual(await leftButTally(sql), []);
});

void test('an open transaction that keeps the next month from being made is told, and the other parts are done', async () => {
  await using at = await watched();
  const { sql } = at;
  await sent(sql, await bakery(sql, 'Bakery'), 2);
  await turnClock(sql, 400 * DAY);
  await chores(sql);
  const other = await at.machine.connect(1).reserve();
  await other`begin`;
  await other`select from postrider.recipient_event_default`;
  assert.equal(await at.beat(60), true);
  assert.deepEqual(
    at.errors().map(({ part, code }) => ({ part, code })),
    [{ part: 'event_partitions', code: 'PR017' }],
  );
  assert.deepEqual(await leftButTally(sql), ['partition']);
  assert.match((await at.doctor()).helps ?? '', /see the check oldest transaction/);
  await other`commit`;
  other.release();
  assert.equal(await at.beat(60), false);
  assert.deepEqual(await leftButTally(sql), []);
});

void test('a housekeeping that never ends in time is done part by part, and what does not end alone is named', async () => {
  // A client of somebody's own, with a limit that Postrider's would not have.
  const client = ({ url }: Machine): driver.Sql =>
    (own ??= driver(url, { max: 1, connection: { statement_timeout: 1000 } }));
  let own: driver.Sql | undefined;
  await using at = await watched({ client });
  await using _ = { [Symbol.asyncDispose]: async () => await own?.end({ timeout: 2 }) };
  const { sql } = at;
  await sent(sql, await bakery(sql, 'Bakery'), 2);
  await turnClock(sql, 400 * DAY);
  await chores(sql);
  await sql.unsafe(`
    create function public.refuse() returns trigger language plpgsql
      as $$ begin perform pg_sleep(60); return old; end $$;
    create trigger refuse before delete on postrider.provider_event
      for each row execute function public.refuse()`);
  // On a slow machine a part that would end may not, once.
  await until(async () => {
    assert.equal(await at.beat(60), true);
    const failed = at.errors().map(({ part, code }) => `${String(part)} ${String(code)}`);
    return failed.length === 1 && failed[0] === 'old_webhooks 57014';
  });
  assert.deepEqual(await leftButTally(sql), ['webhooks']);
});
