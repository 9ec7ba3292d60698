/** Each answer goes to the caller that asked, and nothing of it is left for the next caller. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builds, open, outcome, type Driver, type Place, type Sql } from './rig.ts';

/** A type of which some values cannot be read. */
const picky = {
  to: 23,
  from: [23],
  serialize: String,
  parse: (text: string): number => {
    if (Number(text) > 0 && Number(text) < 100) throw new Error('cannot be read');
    return Number(text);
  },
};

/** A callback of a cursor may promise something; the driver's types do not say so. */
type Callback = (rows: readonly unknown[]) => void;
function answers(callback: () => unknown): Callback {
  return callback as unknown as Callback;
}

function refuse(): never {
  throw new Error('mine');
}

interface Spoiled {
  readonly how: string;
  ask(sql: Sql): PromiseLike<unknown>;
  readonly told: string | RegExp;
}

const cannotBeRead = /cannot be read/;

const spoiled: readonly Spoiled[] = [
  {
    how: 'a cursor whose callback throws at the first page',
    ask: (sql) => sql`select 100 + g from generate_series(1, 5) g`.cursor(2, refuse),
    told: 'Error: mine',
  },
  {
    how: 'one that rejects there, with a parameter',
    ask: (sql) =>
      sql`select ${'a'}, 100 + g from generate_series(1, 5) g`.cursor(
        2,
        answers(async () => await Promise.reject(new Error('mine'))),
      ),
    told: 'Error: mine',
  },
  {
    how: 'one that throws at the last page',
    ask: (sql) => sql`select 100 + g from generate_series(1, 5) g`.cursor(10, refuse),
    told: 'Error: mine',
  },
  {
    how: 'one that closes',
    ask: (sql) =>
      sql`select 100 + g from generate_series(1, 5) g`.cursor(
        2,
        answers(() => sql.CLOSE),
      ),
    told: 'ok',
  },
  {
    how: 'a loop that breaks off',
    ask: async (sql) => {
      for await (const page of sql`select 100 + g from generate_series(1, 5) g`.cursor(2))
        if (page.length > 0) break;
    },
    told: 'ok',
  },
  {
    how: 'a loop that throws',
    ask: async (sql) => {
      for await (const page of sql`select 100 + g from generate_series(1, 5) g`.cursor(2))
        if (page.length > 0) refuse();
    },
    told: 'Error: mine',
  },
  {
    how: 'rows of a cursor that cannot be read, all in one page',
    ask: (sql) => sql`select g from generate_series(1, 5) g`.cursor(5, () => undefined),
    told: cannotBeRead,
  },
  {
    how: 'in many pages',
    ask: (sql) => sql`select g from generate_series(1, 5) g`.cursor(2, () => undefined),
    told: cannotBeRead,
  },
  {
    how: 'in the second page',
    ask: (sql) =>
      sql`select case when g > 2 then g else 0 end from generate_series(1, 5) g`.cursor(
        2,
        () => undefined,
      ),
    told: cannotBeRead,
  },
  {
    how: 'with a parameter',
    ask: (sql) => sql`select ${'a'}, g from generate_series(1, 5) g`.cursor(2, () => undefined),
    told: cannotBeRead,
  },
  {
    how: 'in a loop',
    ask: async (sql) => {
      for await (const page of sql`select g from generate_series(1, 5) g`.cursor(2))
        assert.ok(page.length < 0);
    },
    told: cannotBeRead,
  },
  {
    how: 'rows that cannot be read',
    ask: (sql) => sql`select g from generate_series(1, 5) g`,
    told: cannotBeRead,
  },
  {
    how: 'rows that cannot be read, one by one',
    ask: (sql) => sql`select g from generate_series(1, 5) g`.forEach(() => undefined),
    told: cannotBeRead,
  },
  {
    how: 'rows that cannot be read, in the simple protocol',
    ask: (sql) => sql.unsafe('select 1::int; select 2::int'),
    told: cannotBeRead,
  },
  {
    how: 'one by one, of which none is wanted',
    ask: (sql) => sql`select 100 + g from generate_series(1, 5) g`.forEach(refuse),
    told: 'Error: mine',
  },
  {
    how: 'an error after some rows',
    ask: (sql) => sql`select 100 / (3 - g) + 100 from generate_series(1, 5) g`,
    told: '22012',
  },
  {
    how: 'an error after some rows of a cursor',
    ask: (sql) =>
      sql`select 100 / (3 - g) + 100 from generate_series(1, 5) g`.cursor(10, () => undefined),
    told: '22012',
  },
  {
    how: 'an error after a page of a cursor',
    ask: (sql) =>
      sql`select 100 / (4 - g) + 100 from generate_series(1, 5) g`.cursor(2, () => undefined),
    told: '22012',
  },
  {
    how: 'a cursor whose statement fails at its commit',
    ask: (sql) => sql`insert into late values (101) returning n`.cursor(2, () => undefined),
    told: '23505',
  },
  {
    how: 'a parameter that cannot be written once its type is known',
    ask: (sql) => sql`select ${{ a: 1n } as unknown as string}::json`,
    told: /BigInt/,
  },
  {
    how: 'one of a cursor',
    ask: (sql) => sql`select ${{ a: 1n } as unknown as string}::json`.cursor(2, () => undefined),
    told: /BigInt/,
  },
  {
    // What is heard before its parameters are known.
    how: 'a notice that is not wanted',
    ask: (sql) => sql`select ${'a'} as ${sql('long'.repeat(20))}`,
    told: 'Error: mine',
  },
  {
    how: 'one of a cursor',
    ask: (sql) => sql`select ${'a'} as ${sql('long'.repeat(20))}`.cursor(2, () => undefined),
    told: 'Error: mine',
  },
  {
    how: 'a column whose name is not wanted',
    ask: (sql) => sql`select ${'a'} as unwanted`,
    told: /unwanted/,
  },
  {
    how: 'one of a cursor',
    ask: (sql) => sql`select ${'a'} as unwanted`.cursor(2, () => undefined),
    told: /unwanted/,
  },
  {
    how: 'one that is described only',
    ask: (sql) => sql`select ${'a'} as unwanted`.describe(),
    told: /unwanted/,
  },
];

function client(place: Place, driver: Driver): Sql {
  return place.client(
    {
      max: 1,
      onnotice: refuse,
      types: { picky },
      transform: {
        column: {
          from: (name: string) => {
            if (name === 'unwanted') throw new Error('unwanted');
            return name;
          },
        },
      },
    } as object,
    driver,
  );
}

void test('whatever becomes of a statement, those that come after it have their own answers, whole', async () => {
  await using place = await open();
  await place.admin`create table late (n int, unique (n) deferrable initially deferred)`;
  await place.admin`insert into late values (101)`;
  for (const [build, driver] of Object.entries(builds)) {
    for (const { how, ask, told } of spoiled) {
      const sql = client(place, driver);
      const next = async (n: number): Promise<unknown> => [
        ...(await sql`select ${n}::bigint::text as n`),
      ];
      const plain = async (n: number): Promise<unknown> => [
        ...(await sql.unsafe(`select '${n}' as n`)),
      ];
      const first = outcome(ask(sql));
      // Beside it, and after it.
      const beside = Promise.all([101, 102, 103].map(next));
      const got = await first;
      if (typeof told === 'string') assert.equal(got, told, `${build}, ${how}`);
      else assert.match(got, told, `${build}, ${how}`);
      assert.equal(await outcome(beside), 'ok', how);
      assert.deepEqual(
        await beside,
        [101, 102, 103].map((n) => [{ n: String(n) }]),
        how,
      );
      for (const n of [104, 105, 106, 107]) {
        assert.deepEqual(await plain(n), [{ n: String(n) }], `${build}, after ${how}`);
        assert.deepEqual(await next(n), [{ n: String(n) }], `${build}, after ${how}`);
      }
      await sql.end({ timeout: 1 });
    }
  }
});
