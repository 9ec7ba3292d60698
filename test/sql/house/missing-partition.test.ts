/**
 * Events of a month that has no partition yet: they move into it when it is made, also while
 * others are at work.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken, freshMachine, launched, people, syncPeople } from '../../support/machine.ts';
import { pidOf, waitsForLock } from '../rig.ts';

void test('events of a month that was missed move into its partition, in whatever time zone the session lives', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await syncPeople(sql, at, people(3, 'before'));
  await sql`select postrider.turn_clock('400 days')`;
  await syncPeople(sql, at, [...people(3, 'before'), ...people(4, 'after')]);
  const stray = async (): Promise<unknown> =>
    (await sql`select count(*)::int as n from postrider.recipient_event_default`)[0]?.['n'];
  assert.equal(await stray(), 4);
  const made = await sql.begin(async (tx) => {
    await tx`set local time zone 'America/New_York'`;
    return (await tx`select postrider.event_partitions() as n`)[0]?.['n'];
  });
  // Of the history and of the calls.
  assert.equal(made, 8);
  assert.equal(await stray(), 0);
  assert.equal((await sql`select postrider.event_partitions() as n`)[0]?.['n'], 0);
  // Each starts on the first of its month, in UTC, and ends where the next begins.
  const bounds = await sql<{ name: string; bound: string }[]>`
    select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'postrider.recipient_event'::regclass
      and c.relname <> 'recipient_event_default'`;
  await sql`set time zone 'UTC'`;
  for (const { name, bound } of bounds) {
    const [from, to] = [...bound.matchAll(/'([^']+)'/g)].map((match) => new Date(match[1] ?? ''));
    assert.equal(`recipient_event_${from?.toISOString().slice(0, 7).replace('-', '_')}`, name);
    assert.match(from?.toISOString() ?? '', /-01T00:00:00.000Z$/, name);
    assert.match(to?.toISOString() ?? '', /-01T00:00:00.000Z$/, name);
  }
  const [doctor] =
    await sql`select verdict from postrider.doctor() where check_name = 'default partition'`;
  assert.equal(doctor?.['verdict'], 'ok');
  assert.deepEqual(await broken(sql), []);
});

void test('a move that comes while a partition is made waits for it, and does not fail', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await sql`select postrider.turn_clock('400 days')`;
  await syncPeople(sql, at, people(2));
  // Somebody reads the history just now, so that the partition is made slowly and the move comes in
  // between.
  const reader = await machine.connect(1).reserve();
  await reader`begin`;
  await reader`select 1 from postrider.recipient_event_default`;
  const keeper = machine.connect(1);
  const mover = machine.connect(1);
  const [keeperPid, moverPid] = [await pidOf(keeper), await pidOf(mover)];
  const made = keeper`select postrider.event_partitions() as made`.then(
    (rows) => rows[0]?.['made'],
  );
  await waitsForLock(sql, keeperPid);
  const moved =
    mover`select postrider.cancel(s.recipient_id) as state from postrider.recipient_state s`.then(
      (rows) => rows.map((row) => row['state']),
    );
  await waitsForLock(sql, moverPid);
  await reader`commit`;
  reader.release();
  assert.deepEqual(await moved, ['skipped', 'skipped']);
  // On a slow machine it may have given up after 2 s.
  const [later] = await sql`select postrider.event_partitions() as made`;
  assert.equal(Number(await made) + Number(later?.['made']), 8);
  assert.deepEqual(await broken(sql), []);
});

void test('an open transaction that moved somebody does not let the making of a partition stop everybody else', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await sql`select postrider.turn_clock('400 days')`;
  await syncPeople(sql, at, people(2));
  const open = await machine.connect(1).reserve();
  await open`begin`;
  await open`
    select postrider.cancel(id, 'left open') from postrider.recipients where external_id = 'p0'`;
  // Those of the calls are made all the same.
  const [row] = await machine.connect(1)`select postrider.event_partitions() as made`;
  assert.equal(row?.['made'], 4);
  // It has given up and holds nothing: others move while the transaction is still open.
  await sql`
    select postrider.cancel(id, 'moved away') from postrider.recipients where external_id = 'p1'`;
  await open`commit`;
  open.release();
  const [again] = await sql`select postrider.event_partitions() as made`;
  assert.equal(again?.['made'], 4);
  assert.deepEqual(await broken(sql), []);
});
