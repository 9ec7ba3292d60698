/**
 * A transaction, a savepoint and a reserved connection belong to one session. When it is lost,
 * whatever is asked of them is rejected, for good.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { startServer } from '../support/server.ts';
import { builds, gate, open, others, outcome, until, type Place, type Sql } from './rig.ts';

interface Held {
  /** What is asked of it. */
  readonly on: postgres.ISql;
  /** Its holder has done: the callback returns, or the connection is released. */
  finish(): void;
  /** The callback throws; a reserved connection is released twice. */
  fail(): void;
  /** How it ended for its holder. */
  readonly end: Promise<string>;
}

type Shape = 'transaction' | 'savepoint' | 'reserved connection';
const shapes: readonly Shape[] = ['transaction', 'savepoint', 'reserved connection'];
const kinds = ['plain queries', 'transactions'] as const;

/** Takes a session and writes `held` in it, in a transaction where it is one. */
async function take(sql: Sql, shape: Shape): Promise<Held> {
  if (shape === 'reserved connection') {
    const reserved = await sql.reserve();
    await reserved`begin`;
    await reserved`insert into note values ('held')`;
    const fail = (): void => {
      reserved.release();
      reserved.release();
    };
    return {
      on: reserved,
      finish: () => reserved.release(),
      fail,
      end: Promise.resolve('CONNECTION_CLOSED'),
    };
  }
  const { promise: held, resolve: hold } = Promise.withResolvers<postgres.ISql>();
  const { promise: done, resolve: finish, reject: fail } = Promise.withResolvers<void>();
  const inside = async (on: postgres.ISql): Promise<void> => {
    await on`insert into note values ('held')`;
    hold(on);
    await done;
  };
  const end = outcome(
    sql.begin(async (tx) => await (shape === 'transaction' ? inside(tx) : tx.savepoint(inside))),
  );
  return { on: await held, finish, fail: () => fail(new Error('the callback throws')), end };
}

/** One that runs, some that are sent behind it or wait. */
function askMuch(held: Held): Promise<string[]> {
  return Promise.all([
    outcome(held.on`select pg_sleep(60)`),
    ...Array.from(
      { length: 3 },
      async () => await outcome(held.on`insert into note values ('queued')`),
    ),
    outcome(held.on`insert into note values (${'with a parameter'})`),
    outcome(held.on.unsafe(`insert into note values ('a script'); commit`)),
  ]);
}

const lost = 'CONNECTION_CLOSED';

async function losesAndAsks(
  place: Place,
  how: {
    shape: Shape;
    max: number;
    kind: (typeof kinds)[number];
    lose: () => Promise<void>;
    sql: Sql;
  },
): Promise<void> {
  const { shape, max, kind, lose, sql } = how;
  const told = `${shape}, ${max} connection(s), ${kind}`;
  await place.admin`truncate note`;
  const held = await take(sql, shape);
  const asked = askMuch(held);
  await until(
    async () =>
      (
        await place.admin`
          select from pg_stat_activity
          where datname = current_database()
            and query = 'select pg_sleep(60)'`
      ).length === 1,
  );
  await lose();
  const who = await others(sql, max, kind);
  for (const one of await asked) assert.match(one, /^CONNECTION_CLOSED$|^ECONNRESET$/, told);
  // While others are in transactions of theirs.
  assert.equal(await outcome(held.on`insert into note values ('asked later')`), lost, told);
  assert.equal(await outcome(held.on.unsafe('rollback')), lost, told);
  assert.match(await held.end, /^CONNECTION_CLOSED$|^ECONNRESET$/, told);
  await who.end();
  assert.equal(await outcome(held.on`insert into note values ('asked much later')`), lost, told);
  assert.deepEqual(
    await place.written(),
    kind === 'transactions' ? Array.from({ length: max }, () => 'other') : [],
    told,
  );
  held.finish();
}

for (const way of ['terminate', 'reset'] as const) {
  void test(`what was lost by ${way} stays lost, whichever caller has the connection now`, async () => {
    await using place = await open();
    for (const max of [1, 3]) {
      for (const shape of shapes) {
        for (const kind of kinds)
          await losesAndAsks(place, {
            shape,
            max,
            kind,
            lose: place[way],
            sql: place.client({ max }),
          });
      }
    }
  });
}

void test('a restarted server knows no transaction of before', async () => {
  const server = await startServer();
  await using place = await open(server);
  const restart = async (): Promise<void> => {
    await server.stop();
    await server.start();
    await until(async () => (await outcome(place.admin`select 1`)) === 'ok');
  };
  const sql = place.client({ max: 3 });
  for (const shape of shapes)
    await losesAndAsks(place, { shape, max: 3, kind: 'transactions', lose: restart, sql });
});

void test('the build for require() rejects them alike', async () => {
  await using place = await open();
  for (const shape of shapes) {
    const sql = place.client({ max: 1 }, builds.cjs);
    await losesAndAsks(place, { shape, max: 1, kind: 'transactions', lose: place.terminate, sql });
  }
});

for (const how of ['finish', 'fail'] as const) {
  void test(`a callback that ${how === 'finish' ? 'returns' : 'throws'} after the loss ends nobody else's transaction`, async () => {
    await using place = await open();
    for (const shape of ['transaction', 'savepoint'] as const) {
      for (const commits of [true, false]) {
        await place.admin`truncate note`;
        const sql = place.client({ max: 1 });
        const held = await take(sql, shape);
        await place.terminate();
        assert.equal(await held.end, lost);
        const leave = gate();
        const inside = gate();
        const other = sql.begin(async (tx) => {
          await tx`insert into note values ('other')`;
          inside.open();
          await leave.opened;
          if (!commits) throw new Error('it thinks better of it');
        });
        await inside.opened;
        held[how]();
        // Whatever the callback's end sent would be ahead of this.
        await new Promise((resolve) => setImmediate(resolve));
        leave.open();
        await other.catch(() => undefined);
        assert.deepEqual(
          await place.written(),
          commits ? ['other'] : [],
          `${shape}, the other ${commits ? 'commits' : 'rolls back'}`,
        );
      }
    }
  });
}

void test('a lost reserved connection goes back to the pool once, however often it is released', async () => {
  await using place = await open();
  for (const max of [1, 3]) {
    for (const before of [true, false]) {
      const sql = place.client({ max });
      const held = await take(sql, 'reserved connection');
      await place.terminate();
      if (before) held.fail();
      const who = await others(sql, max, 'transactions');
      // Everybody has one of their own: a connection that was given back now would be shared.
      held.fail();
      let served = false;
      const waits = sql.begin(async (tx) => {
        served = true;
        await tx`select 1`;
      });
      for (let n = 0; n < 5; n += 1) await place.admin`select 1`;
      assert.equal(served, false);
      await who.end();
      assert.equal(await outcome(waits), 'ok');
      await (await others(sql, max, 'transactions')).end();
      await sql.end();
    }
  }
});

void test('who waits for a reserved connection while all are lost gets one', async () => {
  await using place = await open();
  for (const fetchTypes of [true, false]) {
    for (const max of [1, 3]) {
      const sql = place.client({ max, fetch_types: fetchTypes });
      const held = await Promise.all(Array.from({ length: max }, async () => await sql.reserve()));
      await Promise.all(held.map(async (one) => await one`select 1`));
      const waiting = Array.from({ length: max + 2 }, async () => {
        const reserved = await sql.reserve();
        await reserved`select 1`;
        reserved.release();
      });
      const running = Promise.all(held.map(async (one) => await outcome(one`select pg_sleep(60)`)));
      await place.terminate();
      assert.deepEqual(
        await running,
        held.map(() => lost),
      );
      assert.deepEqual(
        await Promise.all(waiting.map(outcome)),
        waiting.map(() => 'ok'),
        `${max} connection(s), types ${fetchTypes}`,
      );
      for (const one of held) one.release();
      await (await others(sql, max, 'transactions')).end();
    }
  }
});

void test('who asks for a reserved connection of a server that is down is told, and no connection is kept for them', async () => {
  await using place = await open();
  for (const max of [1, 3]) {
    const sql = place.client({ max });
    await place.shut();
    const asked = Array.from({ length: max + 2 }, async () => await outcome(sql.reserve()));
    assert.deepEqual(
      await Promise.all(asked),
      asked.map(() => 'ECONNREFUSED'),
    );
    await place.reopen();
    await (await others(sql, max, 'transactions')).end();
  }
});
