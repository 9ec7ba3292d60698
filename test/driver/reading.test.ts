/**
 * What goes on over several answers of one session (cursors, streams, listening) neither ends in
 * silence when it is lost, nor goes on in the next.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onPool } from '@postrider/core/queues';
import { gate, open, others, outcome, until, type Gate, type Place, type Sql } from './rig.ts';
import { lost, stranger } from './other-caller.ts';

for (const way of ['terminate', 'reset'] as const) {
  void test(`a cursor that is lost by ${way} between two reads has not come to its end, and reads nothing of the next session`, async () => {
    await using place = await open();
    for (const rows of [1, 10]) {
      const sql = place.client({ max: 1 });
      let other: { end(): Promise<void> } | undefined;
      let read = 0;
      const reads = async (): Promise<void> => {
        for await (const page of sql`select generate_series(1, 1000) as n`.cursor(rows)) {
          read += page.length;
          if (other !== undefined) continue;
          await place[way]();
          other = await stranger(sql);
        }
      };
      assert.match(await outcome(reads()), lost);
      assert.equal(read, rows);
      await other?.end();
    }
  });
}

type Callback = (rows: readonly unknown[]) => void;

/** The driver waits for what a callback promises; its types do not say so. */
function answers(
  sql: Sql,
  how: 'goes on' | 'is closed' | 'throws',
  inside: Gate,
  leave: Gate,
): Callback {
  return (async () => {
    inside.open();
    await leave.opened;
    if (how === 'throws') throw new Error('no more');
    return how === 'is closed' ? sql.CLOSE : undefined;
  }) as unknown as Callback;
}

void test('a cursor whose callback is slow sends nothing to the next session, and one that throws ends nothing there', async () => {
  await using place = await open();
  for (const how of ['goes on', 'is closed', 'throws'] as const) {
    const sql = place.client({ max: 1 });
    const inside = gate();
    const leave = gate();
    const reads = outcome(
      sql`select generate_series(1, 1000) as n`.cursor(10, answers(sql, how, inside, leave)),
    );
    await inside.opened;
    await place.terminate();
    const other = await stranger(sql);
    leave.open();
    await new Promise((resolve) => setImmediate(resolve));
    await other.end();
    assert.match(await reads, lost, how);
  }
});

void test('forEach is told of the loss after the rows that came', async () => {
  await using place = await open();
  const sql = place.client();
  let rows = 0;
  const reads = outcome(
    sql`
      select n, case when n > 20000 then pg_sleep(60) end
      from generate_series(1, 30000) as n`.forEach(() => void (rows += 1)),
  );
  await until(() => rows > 1000);
  await place.terminate();
  assert.match(await reads, lost);
  assert.ok(rows < 30_000);
});

let words = 0;
/** Tells until each of the listeners has heard; returns what they heard of the last word. */
async function heardBy(
  place: Place,
  channel: string,
  ears: readonly string[][],
): Promise<number[]> {
  let word = '';
  await until(async () => {
    word = `word ${(words += 1)}`;
    await place.admin.notify(channel, word);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return ears.every((ear) => ear.includes(word));
  });
  return ears.map((ear) => ear.filter((one) => one === word).length);
}

for (const way of ['terminate', 'reset'] as const) {
  void test(`listeners hear again, once, after a loss by ${way}; and unlisten finds them`, async () => {
    await using place = await open();
    const sql = place.client();
    const ears: string[][] = [[], []];
    let listens = 0;
    const all = await Promise.all(
      ears.map(async (ear) =>
        sql.listen(
          'news',
          (word) => void ear.push(word),
          () => void (listens += 1),
        ),
      ),
    );
    for (let loss = 1; loss <= 3; loss += 1) {
      await place[way]();
      await until(() => listens === 2 + 2 * loss);
      assert.deepEqual(await heardBy(place, 'news', ears), [1, 1]);
    }
    await all[0]?.unlisten();
    const heard = ears[0]?.length;
    assert.deepEqual(await heardBy(place, 'news', ears.slice(1)), [1]);
    assert.equal(ears[0]?.length, heard);
    await all[1]?.unlisten();
    const rows = await place.admin`
        select from pg_stat_activity
        where datname = current_database()
          and application_name = 'driver test'
          and query ilike 'unlisten%'`;
    assert.equal(rows.length, 1);
  });
}

void test('who was told that they cannot listen does not listen later; and who listens again after a refusal does', async () => {
  await using place = await open();
  const sql = place.client();
  const ghost: string[] = [];
  await place.shut();
  assert.equal(await outcome(sql.listen('news', (word) => void ghost.push(word))), 'ECONNREFUSED');
  await place.reopen();
  const ear: string[] = [];
  const listening = await sql.listen('news', (word) => void ear.push(word));
  assert.deepEqual(await heardBy(place, 'news', [ear]), [1]);
  assert.deepEqual(ghost, []);
  await listening.unlisten();
});

void test("the queue's listener that was refused by a server that is down hears when it is back, until it is closed", async () => {
  await using place = await open();
  const sql = place.client();
  const ear: string[] = [];
  let listens = 0;
  await place.shut();
  const { listen } = onPool(sql);
  const listening = await listen?.(
    'news',
    (word) => void ear.push(word),
    () => void (listens += 1),
  );
  await place.reopen();
  assert.deepEqual(await heardBy(place, 'news', [ear]), [1]);
  assert.equal(listens, 1);
  await listening?.close();
  await place.terminate();
  await place.shut();
  // Neither who is closed before it hears, nor who is told that the client has ended, asks any
  // more: the test would not end.
  await (
    await listen?.(
      'news',
      () => undefined,
      () => undefined,
    )
  )?.close();
  await listen?.(
    'news',
    () => undefined,
    () => undefined,
  );
  await sql.end({ timeout: 0 });
  await place.reopen();
});

void test('what was prepared in one session is prepared anew in the next', async () => {
  await using place = await open();
  const sql = place.client();
  const ask = async (n: number) => (await sql`select ${n}::int + 1 as n`)[0]?.['n'];
  assert.equal(await ask(1), 2);
  assert.equal(await ask(2), 3);
  await place.terminate();
  assert.match(await outcome(ask(3)), /^(ok|CONNECTION_CLOSED|ECONNRESET)$/);
  assert.equal(await ask(4), 5);
});

void test('of statements that were sent ahead each is answered, and none is sent again', async () => {
  await using place = await open();
  for (const way of ['terminate', 'reset'] as const) {
    await place.admin`truncate note`;
    const sql = place.client({ max: 1 });
    await sql`select 1`;
    const first = outcome(sql`select pg_sleep(60)`);
    const asked = Array.from(
      { length: 150 },
      async (_, n) => await outcome(sql`insert into note values (${String(n)})`),
    );
    await until(
      async () =>
        (
          await place.admin`
            select from pg_stat_activity
            where datname = current_database()
              and query ilike '%pg_sleep(60)%'
              and pid <> pg_backend_pid()`
        ).length === 1,
    );
    await place[way]();
    assert.match(await first, lost);
    const told = await Promise.all(asked);
    // A statement that had not been sent is served by the next session.
    const done = told.flatMap((one, n) => (one === 'ok' ? [String(n)] : []));
    for (const one of told) assert.match(one, /^(ok|CONNECTION_CLOSED|ECONNRESET)$/);
    assert.deepEqual(await place.written(), done.toSorted());
  }
});

void test('the last words of a session are not the answer to the first query of the next', async () => {
  await using place = await open();
  for (const fetchTypes of [true, false]) {
    const sql = place.client({ fetch_types: fetchTypes });
    for (let n = 0; n < 3; n += 1) {
      const asked = outcome(sql`select pg_sleep(60)`);
      await until(
        async () =>
          (
            await place.admin`
              select from pg_stat_activity
              where datname = current_database()
                and query = 'select pg_sleep(60)'`
          ).length === 1,
      );
      await place.terminate();
      assert.match(await asked, lost);
      assert.equal(await outcome(sql`select 1`), 'ok');
      await (await others(sql, 1, 'transactions')).end();
    }
  }
});
