/**
 * A prepared statement whose plan is no good any more is sent again by the driver. Not where its
 * transaction has failed: it would come after its end. And not behind what was sent meanwhile: that
 * may be somebody else's BEGIN.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builds, gate, open, outcome, until, type Driver, type Place, type Sql } from './rig.ts';

/** A client whose sessions have all prepared an insert into `wide`, which has changed since. */
async function stale(place: Place, driver: Driver, max: number) {
  const sql = place.client({ max }, driver);
  await place.admin`drop table if exists wide`;
  await place.admin`create table wide (who text)`;
  // Asked for at once, before whatever is asked for in the next line.
  const insert = async (who: string, by: Sql = sql) =>
    await by`insert into wide (who) values (${who}) returning *`.execute();
  // Until every one of them has, and had time for it beside the others.
  const sessions = new Set<number>();
  await until(async () => {
    const rows = await Promise.all(
      Array.from({ length: max }, async () => {
        const [row] = await sql`
          insert into wide (who)
          select ${'first'} from pg_sleep(0.05)
          returning pg_backend_pid() as pid`;
        await insert('first');
        return Number(row?.['pid']);
      }),
    );
    for (const pid of rows) sessions.add(pid);
    return sessions.size === max;
  });
  await Promise.all(Array.from({ length: 10 * max }, async () => await insert('first')));
  await place.admin`alter table wide add column more int`;
  await place.admin`truncate wide`;
  return { sql, insert };
}

async function kept(place: Place): Promise<string[]> {
  const rows = await place.admin<{ who: string }[]>`select who from wide order by 1`;
  return rows.map(({ who }) => who);
}

void test('a statement that failed with its transaction is not sent again after it', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    const sql = place.client({ max: 1 }, driver);
    await place.admin`drop table if exists wide`;
    await place.admin`create table wide (who text)`;
    const insert = (tx: typeof sql) => tx`insert into wide values ('first') returning *`;
    await insert(sql);
    await place.admin`truncate wide`;
    await place.admin`alter table wide add column more int`;
    // Not waited for: the COMMIT is under way behind it.
    const began = sql.begin(
      (tx) => void insert(tx as unknown as typeof sql).catch(() => undefined),
    );
    assert.match(await outcome(began), /^(0A000|TRANSACTION_ABORTED)$/, build);
    assert.equal(await outcome(sql`select 1`), 'ok');
    assert.deepEqual([...(await place.admin`select who from wide`)], [], build);
    // Nor where it is alone: it is told why it failed, and not that its transaction has.
    assert.equal(
      await outcome(sql.begin(async (tx) => await insert(tx as unknown as typeof sql))),
      'ok',
      build,
    );
    await place.admin`truncate wide`;
    await place.admin`alter table wide add column still_more int`;
    assert.equal(
      await outcome(sql.begin(async (tx) => await insert(tx as unknown as typeof sql))),
      '0A000',
      build,
    );
    // The next one is prepared anew.
    assert.equal(
      await outcome(sql.begin(async (tx) => await insert(tx as unknown as typeof sql))),
      'ok',
      build,
    );
    await sql.end({ timeout: 1 });
  }
});

void test('a statement that is sent again does not come into the transaction of somebody else', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    for (const max of [1, 3]) {
      const { sql, insert } = await stale(place, driver, max);
      const leave = gate();
      const asked = Array.from({ length: max }, async (_, n) => await outcome(insert(`pool ${n}`)));
      const others = Array.from({ length: max }, async (_, n) => {
        const told = await outcome(
          sql.begin(async (tx) => {
            await tx`insert into wide (who) values (${`transaction ${n}`})`;
            await leave.opened;
            throw new Error('rolled back');
          }),
        );
        return told;
      });
      // With one connection it is served after them.
      setTimeout(() => leave.open(), 200);
      const told = await Promise.all(asked);
      assert.deepEqual(new Set(await Promise.all(others)), new Set(['Error: rolled back']));
      assert.deepEqual(
        told,
        Array.from({ length: max }, () => 'ok'),
        build,
      );
      assert.deepEqual(
        await kept(place),
        Array.from({ length: max }, (_, n) => `pool ${n}`),
        `${build}, ${max}`,
      );
      await sql.end({ timeout: 1 });
    }
  }
});

void test('many statements that were sent at once are all sent again, each once', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    for (const max of [1, 3]) {
      const { sql, insert } = await stale(place, driver, max);
      const names = Array.from({ length: 30 }, (_, n) => `many ${String(n).padStart(2, '0')}`);
      const told = await Promise.all(names.map(async (who) => await outcome(insert(who))));
      assert.deepEqual(new Set(told), new Set(['ok']), `${build}, ${max}`);
      assert.deepEqual(await kept(place), names);
      await sql.end({ timeout: 1 });
    }
  }
});

void test('a statement whose plan is stale on every connection is prepared anew where it is sent again', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    const { sql, insert } = await stale(place, driver, 2);
    const leave = gate();
    const reserved = await sql.reserve();
    // The other one: asked and begun at once, so that it is sent again on the one that is given
    // back.
    const told = outcome(insert('pool'));
    const entered = gate();
    const inside = outcome(
      sql.begin(async () => {
        entered.open();
        await leave.opened;
      }),
    );
    await entered.opened;
    reserved.release();
    assert.equal(await told, 'ok', build);
    leave.open();
    assert.equal(await inside, 'ok');
    assert.deepEqual(await kept(place), ['pool']);
    await sql.end({ timeout: 1 });
  }
});

void test('a statement keeps its place among those of its own reservation, or fails', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    const { sql, insert } = await stale(place, driver, 1);
    const reserved = await sql.reserve();
    const told = await Promise.all([
      outcome(insert('before', reserved as unknown as Sql)),
      outcome(reserved`begin`),
      outcome(reserved`insert into wide (who) values ('inside')`),
      outcome(reserved`select 1`),
    ]);
    await reserved`rollback`;
    assert.deepEqual(told, ['0A000', 'ok', 'ok', 'ok'], build);
    assert.deepEqual(await kept(place), []);
    // Where nothing was sent behind it, it is sent again at once.
    await place.admin`alter table wide add column still_more int`;
    assert.equal(await outcome(insert('alone', reserved as unknown as Sql)), 'ok');
    reserved.release();
    assert.deepEqual(await kept(place), ['alone']);
    await sql.end({ timeout: 1 });
  }
});

void test('with max: 1 a statement that is sent again does not come into a transaction that was begun by hand behind it', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    const { sql, insert } = await stale(place, driver, 1);
    const told = await Promise.all([
      outcome(insert('before')),
      outcome(sql.unsafe('begin')),
      outcome(sql`insert into wide (who) values ('inside')`),
    ]);
    await sql.unsafe('rollback');
    assert.deepEqual(told, ['0A000', 'ok', 'ok'], build);
    assert.deepEqual(await kept(place), []);
    await sql.end({ timeout: 1 });
  }
});

void test('what is sent again is what was asked for, and its own error is told', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    const sql = place.client({ max: 1 }, driver);
    await place.admin`drop table if exists wide`;
    await place.admin`create table wide (told jsonb, at timestamptz)`;
    const at = new Date('2024-02-29T12:00:00Z');
    const insert = async (told: string) =>
      await sql`insert into wide values (${sql.json({ told })}, ${at}) returning *`;
    await insert('first');
    await place.admin`truncate wide`;
    await place.admin`alter table wide add column more int`;
    const [row] = await insert('second');
    assert.deepEqual(row?.['told'], { told: 'second' }, build);
    assert.deepEqual(row?.['at'], at);
    // The second attempt fails for a reason of its own.
    await place.admin`alter table wide add column last int, add check (told->>'told' <> 'bad')`;
    assert.equal(await outcome(insert('bad')), '23514', build);
    await sql.end({ timeout: 1 });
  }
});

void test('a statement that failed while it ran is not sent again', async () => {
  await using place = await open();
  // It commits on its way; what comes then fails with what a stale plan may fail with.
  await place.admin.unsafe(`create procedure goes_half() language plpgsql as $$
    begin
      insert into note values ('half');
      commit;
      execute 'insert into numbers select ''x''::text';
    end $$`);
  await place.admin`create table numbers (n int)`;
  for (const [build, driver] of Object.entries(builds)) {
    await place.admin`truncate note`;
    const sql = place.client({ max: 1 }, driver);
    const call = async () => await outcome(sql`call goes_half()`);
    assert.equal(await call(), '42804', build);
    assert.equal(await call(), '42804', build);
    assert.deepEqual(await place.written(), ['half', 'half'], build);
    await sql.end({ timeout: 1 });
  }
});

void test('a statement that is cancelled before it could be sent again is answered', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    const { sql } = await stale(place, driver, 1);
    const ask = () => sql`select *, pg_sleep(0) from wide`;
    await ask();
    await ask();
    await place.admin`alter table wide add column again int`;
    const leave = gate();
    const query = ask().execute();
    const told = outcome(query);
    const entered = gate();
    const inside = outcome(
      sql.begin(async () => {
        entered.open();
        await leave.opened;
      }),
    );
    // It waits for the transaction that was begun behind it.
    await entered.opened;
    query.cancel();
    assert.equal(await told, '57014', build);
    leave.open();
    assert.equal(await inside, 'ok');
    assert.equal(await outcome(sql`select 1`), 'ok');
    await sql.end({ timeout: 1 });
  }
});
