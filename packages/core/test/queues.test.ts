/**
 * pg-boss over our adapter, and jobs that SQL makes: they must be what the library would make, or
 * upgrades would change them silently.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PgBoss } from 'pg-boss';
import { onPool, inTransaction, queues, QUEUE_SCHEMA } from '@postrider/core/queues';
import { freshMachine } from '../../../test/support/machine.ts';

async function start(sql: Parameters<typeof onPool>[0]): Promise<PgBoss> {
  const boss = new PgBoss({
    db: onPool(sql),
    schema: QUEUE_SCHEMA,
    migrate: false,
    supervise: false,
    schedule: false,
    useListenNotify: true,
  });
  boss.on('error', (error: unknown) => {
    throw error;
  });
  await boss.start();
  return boss;
}

void test('a job enqueued by SQL equals one enqueued by the library, column by column, in every queue', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const boss = await start(sql);
  try {
    for (const [name, settings] of Object.entries(queues)) {
      const keyed = settings?.policy === 'stately';
      const byLibrary = '00000000-0000-4000-8000-00000000000a';
      const bySql = '00000000-0000-4000-8000-00000000000b';
      await boss.send(
        name,
        { organization_id: 'x' },
        { id: byLibrary, ...(keyed ? { singletonKey: 'one' } : {}) },
      );
      await sql`
        select postrider.enqueue(${name}, ${[bySql]}::uuid[],
          ${['{"organization_id": "x"}']}::text[]::jsonb[], ${keyed ? 'two' : null})`;
      const rows = await sql`
        select
          to_jsonb(j) - 'id' - 'created_on' - 'start_after' - 'keep_until' - 'singleton_key'
            as columns,
          extract(epoch from j.keep_until - j.start_after)::int as kept,
          extract(epoch from j.start_after - j.created_on)::int as delayed
        from ${sql(QUEUE_SCHEMA)}.job j
        where name = ${name} and id in (${byLibrary}, ${bySql})
        order by id`;
      assert.equal(rows.length, 2, name);
      assert.deepEqual(rows[1], rows[0], name);
    }
  } finally {
    await boss.stop({ graceful: false });
  }
});

void test('a queue that does not exist is an error, not a job that nobody sees', async () => {
  await using machine = await freshMachine();
  await assert.rejects(
    machine.sql`select postrider.enqueue('nowhere', array[gen_random_uuid()], array['{}'::jsonb])`,
    (error: { code?: string }) => error.code === 'PR018',
  );
});

void test('a job enqueued by SQL wakes a worker at once, long before its poll', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const boss = await start(sql);
  try {
    const got = Promise.withResolvers<string>();
    await boss.work(
      'proof',
      { pollingIntervalSeconds: 60, notifyPollingIntervalSeconds: 60 },
      async ([job]) => {
        got.resolve(job?.id ?? '');
        await Promise.resolve();
      },
    );
    // The worker's first fetch must be over, or it would find the job by itself.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const id = '00000000-0000-4000-8000-00000000000c';
    await sql`select postrider.enqueue('proof', ${[id]}::uuid[], array['{}'::jsonb])`;
    const late = new Promise<string>((_resolve, reject) =>
      setTimeout(() => reject(new Error('nobody woke')), 20_000).unref(),
    );
    assert.equal(await Promise.race([got.promise, late]), id);
  } finally {
    await boss.stop({ graceful: false });
  }
});

void test('a job sent inside a transaction is gone with its rollback', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const boss = await start(sql);
  const undo = new Error('undo');
  try {
    await sql
      .begin(async (tx) => {
        await boss.send('beat', { seconds: 1 }, { db: inTransaction(tx) });
        throw undo;
      })
      .catch((error: unknown) => assert.equal(error, undo));
    const [row] =
      await sql`select count(*)::int as jobs from ${sql(QUEUE_SCHEMA)}.job where name = 'beat'`;
    assert.equal(row?.['jobs'], 0);
  } finally {
    await boss.stop({ graceful: false });
  }
});

void test("pg-boss's own scripts of BEGIN … COMMIT run on one connection, and a failed one leaves none in a transaction", async () => {
  await using machine = await freshMachine();
  const sql = machine.connect(1);
  const database = onPool(sql);
  const { rows } = await database.executeSql('BEGIN; select 1 as a; select 2 as a; COMMIT');
  assert.deepEqual(
    rows.map((row: { a: number }) => row.a),
    [1, 2],
  );
  await assert.rejects(async () => await database.executeSql('BEGIN; select 1/0; COMMIT'));
  const [row] = await sql`
    select count(*)::int as open
    from pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%'`;
  assert.equal(row?.['open'], 0);
  const arrays = await database.executeSql('select $1::text[] as a', [['x', 'y']]);
  assert.deepEqual(arrays.rows, [{ a: ['x', 'y'] }]);
});
