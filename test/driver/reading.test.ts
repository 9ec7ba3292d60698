/**
 * What goes on over several answers of one session (cursors, streams, listening) neither ends in
 * silence when it is lost, nor goes on in the next.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Readable, type Writable } from 'node:stream';
import { onPool } from '@postrider/core/queues';
import {
  builds,
  gate,
  open,
  others,
  outcome,
  until,
  type Gate,
  type Place,
  type Sql,
} from './rig.ts';

const lost = /^(CONNECTION_CLOSED|ECONNRESET)$/;

/** Somebody whose transaction takes the connection that was lost. */
async function stranger(sql: Sql) {
  const inside = gate();
  const leave = gate();
  const answers: unknown[] = [];
  const end = outcome(
    sql.begin(async (tx) => {
      // A portal that a statement of another session could run on.
      answers.push((await tx`select generate_series(1, 3) as n`).length);
      inside.open();
      await leave.opened;
      answers.push(
        (await tx`insert into note values ('stranger') returning who`)[0]?.['who'],
        (await tx`select 7 as n`)[0]?.['n'],
      );
    }),
  );
  await inside.opened;
  return {
    async end() {
      leave.open();
      assert.equal(await end, 'ok');
      assert.deepEqual(answers, [3, 'stranger', 7]);
    },
  };
}

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
    sql`select n, case when n > 20000 then pg_sleep(60) end from generate_series(1, 30000) as n`.forEach(
      () => void (rows += 1),
    ),
  );
  await until(() => rows > 1000);
  await place.terminate();
  assert.match(await reads, lost);
  assert.ok(rows < 30_000);
});

async function copyIn(sql: Sql): Promise<Writable> {
  return await sql`copy note from stdin`.writable();
}

for (const way of ['terminate', 'reset'] as const) {
  void test(`a COPY that was lost by ${way} writes nothing into the COPY of somebody else, and does not fail it`, async () => {
    await using place = await open();
    for (const how of ['writes', 'ends', 'is destroyed'] as const) {
      await place.admin`truncate note`;
      const sql = place.client({ max: 1 });
      const first = await copyIn(sql);
      const told = outcome(finished(first));
      first.write('lost\n');
      await until(
        async () =>
          (
            await place.admin`select from pg_stat_activity where datname = current_database() and state = 'active' and query ilike 'copy note%'`
          ).length === 1,
      );
      await place[way]();
      assert.match(await told, lost);
      const second = await copyIn(sql);
      second.write('second a\n');
      if (how === 'writes') first.write('lost\n', () => undefined);
      else if (how === 'ends') first.end('lost\n', () => undefined);
      else first.destroy();
      second.end('second b\n');
      await finished(second);
      await until(async () => (await place.written()).length === 2);
      assert.deepEqual(await place.written(), ['second a', 'second b'], how);
    }
  });
}

void test('a COPY is over with its last byte: its stream does not fail the next COPY of the same connection', async () => {
  await using place = await open();
  const sql = place.client();
  for (let n = 0; n < 20; n += 1) {
    const stream = await copyIn(sql);
    stream.end(`${n}\n`);
    await finished(stream);
  }
  await until(async () => (await place.written()).length === 20);
});

void test('whoever writes a COPY is told at its end that the server refused it, or has gone', async () => {
  await using place = await open();
  const sql = place.client();
  await place.admin`alter table note add check (who <> 'bad')`;
  assert.equal(
    await outcome(pipeline(Readable.from(['good\n', 'bad\n']), await copyIn(sql))),
    '23514',
  );
  // The commit waits for somebody else, and is lost there.
  await place.admin`alter table note add unique (who) deferrable initially deferred`;
  await place.admin.begin(async (tx) => {
    await tx`insert into note values ('same')`;
    const stream = await copyIn(sql);
    const told = outcome(pipeline(Readable.from(['same\n']), stream));
    await until(
      async () =>
        (
          await tx`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ilike 'copy note%'`
        ).length === 1,
    );
    await tx`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'driver test'`;
    assert.match(await told, lost);
  });
  await pipeline(Readable.from(['good\n']), await copyIn(sql));
  await until(async () => (await place.written()).includes('good'));
});

void test('a COPY that is refused amid what is still to be written leaves its connection to whoever holds it', async () => {
  await using place = await open();
  await place.admin`create table number (n int)`;
  const large = Buffer.alloc(8 << 20, 'x\n');
  for (const [build, driver] of Object.entries(builds)) {
    await place.admin`truncate note`;
    const sql = place.client({ max: 1 }, driver);
    // The server refuses the first line; megabytes of the rest are written after that.
    const refused = async (by: Sql): Promise<void> => {
      const stream = await by`copy number from stdin`.writable();
      const told = outcome(finished(stream));
      for (let n = 0; n < 4; n += 1) stream.write(large);
      assert.equal(await told, '22P02', build);
    };
    // All that the socket still holds; nothing says when that is.
    const written = async (): Promise<void> => await sleep(300);
    const reserved = await sql.reserve();
    await refused(reserved as unknown as Sql);
    const asked: Promise<string>[] = [outcome(sql`insert into note values ('pool')`)];
    await written();
    assert.deepEqual(await place.written(), [], `${build}: somebody else was served`);
    reserved.release();
    assert.deepEqual(await Promise.all(asked), ['ok']);

    await place.admin`truncate note`;
    const inside = outcome(
      sql.begin(async (tx) => {
        await tx
          .savepoint(async (inner) => {
            await refused(inner as unknown as Sql);
            asked.push(outcome(sql`insert into note values ('pool')`));
            await written();
            throw new Error('back to the savepoint');
          })
          .catch(() => undefined);
        for (let n = 0; n < 10; n += 1) {
          asked.push(outcome(sql`insert into note values ('pool')`));
          await tx`select pg_sleep(0.01)`;
        }
        throw new Error('rolled back');
      }),
    );
    assert.equal(await inside, 'Error: rolled back');
    assert.deepEqual(new Set(await Promise.all(asked)), new Set(['ok']));
    assert.equal((await place.written()).length, asked.length - 1, build);
    await sql.end({ timeout: 1 });
  }
});

void test('a COPY that is read ends with an error when it is lost, and does not keep the connection where its reader has gone', async () => {
  await using place = await open();
  const sql = place.client();
  const reader =
    await sql`copy (select n, repeat('x', 1000) from generate_series(1, 100000) as n) to stdout`.readable();
  const [chunk] = (await once(reader, 'data')) as [Buffer];
  assert.ok(chunk.length > 0);
  const told = outcome(finished(reader));
  await place.terminate();
  assert.match(await told, lost);

  const abandoned =
    await sql`copy (select n, repeat('x', 1000) from generate_series(1, 20000) as n) to stdout`.readable();
  await once(abandoned, 'data');
  abandoned.destroy();
  assert.equal(await outcome(sql`select 1`), 'ok');
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
    const rows =
      await place.admin`select from pg_stat_activity where datname = current_database() and application_name = 'driver test' and query ilike 'unlisten%'`;
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
          await place.admin`select from pg_stat_activity where datname = current_database() and query ilike '%pg_sleep(60)%' and pid <> pg_backend_pid()`
        ).length === 1,
    );
    await place[way]();
    assert.match(await first, lost);
    const told = await Promise.all(asked);
    // Whoever had not been sent is served by the next session.
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
            await place.admin`select from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(60)'`
          ).length === 1,
      );
      await place.terminate();
      assert.match(await asked, lost);
      assert.equal(await outcome(sql`select 1`), 'ok');
      await (await others(sql, 1, 'transactions')).end();
    }
  }
});
