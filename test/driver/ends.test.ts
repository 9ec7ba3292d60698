/**
 * A transaction ends once, for the caller that began it and for no other; and each answer goes to
 * the statement that asked.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gate, open, others, outcome, until, type Sql } from './rig.ts';

void test('a statement that is asked of a transaction after its end is rejected, and is in no other', async () => {
  await using place = await open();
  for (const max of [1, 3]) {
    for (const how of ['commits', 'throws'] as const) {
      await place.admin`truncate note`;
      const sql = place.client({ max });
      const late: (() => Promise<string>)[] = [];
      const asked: Promise<string>[] = [];
      await outcome(
        sql.begin(async (tx) => {
          await tx`select 1`;
          late.push(async () => await outcome(tx`insert into note values ('late')`));
          await tx.savepoint(async (inner) => {
            await inner`select 1`;
            late.push(async () => await outcome(inner`insert into note values ('late')`));
          });
          // While the end is on its way to the server.
          setImmediate(() => asked.push(...late.map(async (ask) => await ask())));
          if (how === 'throws') throw new Error('no');
        }),
      );
      await until(() => asked.length === 2);
      for (const one of await Promise.all(asked)) assert.equal(one, 'TRANSACTION_ENDED', how);
      const who = await others(sql, max, 'transactions');
      for (const ask of late) assert.equal(await ask(), 'TRANSACTION_ENDED', how);
      await who.end();
      assert.deepEqual(
        await place.written(),
        Array.from({ length: max }, () => 'other'),
      );
    }
  }
});

void test('a transaction that a statement of its own has ended takes nothing more, and ends nobody else', async () => {
  await using place = await open();
  for (const word of ['commit', 'rollback']) {
    const sql = place.client({ max: 1 });
    let told = '';
    const ended = gate();
    const leave = gate();
    const first = outcome(
      sql.begin(async (tx) => {
        await tx.unsafe(word);
        ended.open();
        await leave.opened;
        told = await outcome(tx`insert into note values ('after the end')`).then((one) => one);
        await tx`select 1`.catch(() => undefined);
      }),
    );
    await ended.opened;
    const who = await others(sql, 1, 'transactions');
    leave.open();
    assert.equal(await first, 'TRANSACTION_ENDED');
    assert.equal(told, 'TRANSACTION_ENDED');
    assert.deepEqual(await place.written(), [], `the other has not committed yet: ${word}`);
    await who.end();
    assert.deepEqual(await place.written(), ['other']);
    await place.admin`truncate note`;
    assert.equal(await outcome(sql.begin(async (tx) => await tx.unsafe(word))), 'ok');
  }
});

void test('a transaction that the server rolled back at its COMMIT was not committed', async () => {
  await using place = await open();
  const sql = place.client({ max: 2 });
  const fails = sql.begin(async (tx) => {
    await tx`insert into note values ('lost')`;
    // A failure that no query of the driver tells: its stream is let go.
    const stream = await tx`copy note from stdin`.writable();
    await new Promise<void>((resolve) =>
      stream.on('error', () => resolve()).destroy(new Error('enough')),
    );
  });
  assert.equal(await outcome(fails), 'TRANSACTION_ABORTED');
  assert.deepEqual(await place.written(), []);
});

void test('a reserved connection is released once: what is asked before is answered, and later nothing is sent', async () => {
  await using place = await open();
  for (const max of [1, 3]) {
    await place.admin`truncate note`;
    const sql = place.client({ max });
    const reserved = await sql.reserve();
    const asked = [
      outcome(reserved`select pg_sleep(0.1)`),
      ...['a', 'b'].map(async (who) => await outcome(reserved`insert into note values (${who})`)),
    ];
    await new Promise((resolve) => setImmediate(resolve));
    reserved.release();
    const who = await others(sql, max, 'transactions');
    reserved.release();
    // All connections are taken: a caller that asks now waits.
    let served = false;
    const waits = outcome(sql`select 1`).finally(() => (served = true));
    for (let n = 0; n < 5; n += 1) await place.admin`select 1`;
    assert.equal(served, false);
    assert.deepEqual(await Promise.all(asked), ['ok', 'ok', 'ok']);
    assert.equal(await outcome(reserved`insert into note values ('late')`), 'RESERVATION_ENDED');
    await who.end();
    assert.equal(await waits, 'ok');
    assert.deepEqual(await place.written(), [
      'a',
      'b',
      ...Array.from({ length: max }, () => 'other'),
    ]);
  }
});

void test('a transaction that is left open on a reserved connection is rolled back before anybody else has it', async () => {
  await using place = await open();
  const sql = place.client({ max: 1 });
  const reserved = await sql.reserve();
  await reserved`begin`;
  await reserved`insert into note values ('left open')`;
  reserved.release();
  await sql`insert into note values ('somebody')`;
  assert.deepEqual(await place.written(), ['somebody']);
});

void test('a BEGIN by hand leaves nobody of the pool in its transaction', async () => {
  await using place = await open();
  const sql = place.client({ max: 2 });
  await (await others(sql, 2, 'transactions')).end();
  await place.admin`truncate note`;
  assert.equal(await outcome(sql.unsafe('begin')), 'UNSAFE_TRANSACTION');
  for (let n = 0; n < 6; n += 1) {
    if ((await outcome(sql`insert into note values (${n})`)) !== 'ok') n -= 1;
  }
  assert.equal((await place.written()).length, 6);
});

void test('a transaction begins also where the connection takes no more for now', async () => {
  await using place = await open();
  for (const many of [98, 99, 100, 101]) {
    const sql = place.client({ max: 1 });
    await sql`select 1`;
    const before = Array.from({ length: many }, () => sql`select pg_sleep(0)`.execute());
    assert.equal(
      await outcome(
        sql.begin(async (tx) => await tx`insert into note values ('in a transaction')`),
      ),
      'ok',
      `behind ${many}`,
    );
    await Promise.all(before);
  }
  // More than a socket takes at once.
  const sql = place.client({ max: 1 });
  await sql`select 1`;
  const large = 'x'.repeat(4_000_000);
  const before = Array.from({ length: 3 }, () => sql.unsafe(`select length('${large}')`).execute());
  assert.equal(await outcome(sql.begin(async (tx) => await tx`select 1`)), 'ok');
  await Promise.all(before);
});

async function numbers(sql: Sql, many: number): Promise<unknown[]> {
  return await Promise.all(
    Array.from({ length: many }, async (_, n) => (await sql.unsafe(`select ${n} as n`))[0]?.['n']),
  );
}

void test('a statement that cannot be written fails alone: those that were sent beside it get their own answers', async () => {
  await using place = await open();
  const sql = place.client({ max: 1 });
  await sql`select 1`;
  const slow = outcome(sql.unsafe('select pg_sleep(0.1)'));
  const before = numbers(sql, 5);
  const bad = outcome(sql`select ${undefined as unknown as string}`);
  const after = numbers(sql, 7);
  assert.equal(await bad, 'UNDEFINED_VALUE');
  assert.equal(await slow, 'ok');
  assert.deepEqual(await before, [0, 1, 2, 3, 4]);
  assert.deepEqual(await after, [0, 1, 2, 3, 4, 5, 6]);
  // The same where it is alone, and in a transaction.
  assert.equal(await outcome(sql`select ${undefined as unknown as string}`), 'UNDEFINED_VALUE');
  assert.deepEqual(await numbers(sql, 3), [0, 1, 2]);
  const told = sql.begin(async (tx) => {
    await tx`insert into note values ('before')`;
    await outcome(tx`select ${undefined as unknown as string}`);
    await tx`insert into note values ('after')`;
  });
  assert.equal(await outcome(told), 'UNDEFINED_VALUE');
  assert.deepEqual(await place.written(), []);
});

void test('a statement that is cancelled keeps its own answer, and leaves the others theirs', async () => {
  await using place = await open();
  const sql = place.client({ max: 1 });
  await sql`select 1`;
  const slow = outcome(sql.unsafe('select pg_sleep(0.2)'));
  const before = numbers(sql, 3);
  const cancelled = sql.unsafe(`select pg_sleep(0.5), 'cancelled'`);
  const told = outcome(cancelled);
  const after = numbers(sql, 3);
  await new Promise((resolve) => setImmediate(resolve));
  cancelled.cancel();
  // A server that has not begun it yet forgets that it is to be cancelled.
  assert.match(await told, /^(57014|ok)$/);
  assert.equal(await slow, 'ok');
  assert.deepEqual(await before, [0, 1, 2]);
  assert.deepEqual(await after, [0, 1, 2]);
  // One that waits in a transaction is not sent at all, and holds up nobody.
  const inside = sql.begin(async (tx) => {
    // Its parameters are described first: nobody is sent ahead of that.
    const running = outcome(tx`select pg_sleep(${0.1})`);
    const waits = tx.unsafe(`insert into note values ('cancelled')`);
    const told = outcome(waits);
    const next = outcome(tx`select 1`);
    await new Promise((resolve) => setImmediate(resolve));
    waits.cancel();
    assert.deepEqual(await Promise.all([running, told, next]), ['ok', '57014', 'ok']);
  });
  assert.equal(await outcome(inside), '57014');
  assert.deepEqual(await place.written(), []);
});
