/**
 * The schema: a fresh install is what an upgrade makes of any older one, by whichever way it is
 * run; and what must not be migrated is refused.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type postgres from 'postgres';
import { connect, migrate, migrationSql, planMigration } from '@postrider/core';
import { migrateTo } from '../../../packages/core/src/machine/migrate.ts';
import {
  broken,
  freshMachine,
  launched,
  people,
  states,
  syncPeople,
} from '../../support/machine.ts';
import { isLong } from '../../support/long.ts';
import { catalog } from './catalog.ts';
import { freshCatalog, nextVersion, same, withEmpty } from '../rig/migrations.ts';

for (const from of isLong
  ? (['nothing but the bootstrap', 'the version before'] as const)
  : (['the version before'] as const)) {
  void test(`an upgrade from ${from} ends where a fresh install of the next version does`, async () => {
    const next = nextVersion();
    await withEmpty(async (sql) => {
      if (from === 'the version before') await migrate(sql);
      else await sql.unsafe(next.bootstrap.text);
      const plan = await migrateTo(sql, next);
      assert.equal(plan.migrations.at(-1), 'migrations/0001_colours.sql');
      assert.equal(plan.migrations.includes('baseline'), from !== 'the version before');
      await withEmpty(async (other) => {
        await migrateTo(other, next);
        same(await catalog(sql), await catalog(other));
      });
    });
  });
}

void test('the files of sql/ are all named by what runs them, once', () => {
  const root = fileURLToPath(new URL('../../../sql/', import.meta.url));
  const there = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        path.endsWith('.sql') &&
        !['bootstrap.sql', 'baseline.sql', 'repeatable.sql'].includes(path),
    )
    .map((path) => path.replaceAll(sep, '/'));
  const named = ['baseline', 'repeatable'].flatMap((list) =>
    [...readFileSync(join(root, `${list}.sql`), 'utf8').matchAll(/^\\ir (\S+)$/gm)].map(
      ([, path = '']) => path,
    ),
  );
  const migrations = there.filter((path) => path.startsWith('migrations/'));
  assert.deepEqual([...named, ...migrations].toSorted(), there.toSorted());
});

void test('migrating again does nothing, and making everything repeatable anew changes nothing', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  assert.deepEqual(await migrate(sql), {
    migrations: [],
    repeatables: false,
    queue: false,
    grants: false,
  });
  assert.match(await migrationSql(sql), /up to date/);
  const [before] = await sql`select max(applied_at) as at from postrider.migration`;
  await sql`update postrider.migration set checksum = 'older' where name = 'repeatables'`;
  assert.deepEqual(await migrate(sql), {
    migrations: [],
    repeatables: true,
    queue: false,
    grants: false,
  });
  const [later] = await sql`select max(applied_at) as at from postrider.migration`;
  assert.ok(later?.['at'] > before?.['at']);
  same(await catalog(sql), await freshCatalog());
});

void test('roles that came later, or lost what they had been granted, get it by the next migrate', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  await sql`
    revoke all on schema postrider from postrider_reader, postrider_operator, postrider_runner`;
  assert.deepEqual(await migrate(sql), {
    migrations: [],
    repeatables: false,
    queue: false,
    grants: true,
  });
  assert.deepEqual(await planMigration(sql), {
    migrations: [],
    repeatables: false,
    queue: false,
    grants: false,
  });
  same(await catalog(sql), await freshCatalog());
});

void test('whether the database is on this version is seen without any right on the queue', async () => {
  await using machine = await freshMachine();
  const admin = connect(machine.database.adminUrl, { max: 1 });
  const name = `t_looks_${randomBytes(4).toString('hex')}`;
  const url = new URL(machine.url);
  [url.username, url.password] = [name, name];
  const sql = connect(url.href, { max: 1 });
  try {
    await admin.unsafe(`create role ${name} login password '${name}' in role postrider_operator`);
    assert.deepEqual(await planMigration(sql), {
      migrations: [],
      repeatables: false,
      queue: false,
      grants: false,
    });
  } finally {
    await sql.end({ timeout: 2 });
    await admin.unsafe(`drop role if exists ${name}`);
    await admin.end({ timeout: 2 });
  }
});

void test('people and their history survive that everything repeatable is made anew', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await syncPeople(sql, at, people(5));
  await sql`update postrider.migration set checksum = 'older' where name = 'repeatables'`;
  await migrate(sql);
  await syncPeople(sql, at, people(7));
  assert.deepEqual(await states(sql), { pending: 7 });
  assert.deepEqual(await broken(sql), []);
});

if (isLong)
  void test('two that migrate the same empty database at once both succeed', async () => {
    await withEmpty(async (sql, database) => {
      const other = connect(database.url, { max: 2 });
      try {
        await Promise.all([migrate(sql), migrate(other)]);
      } finally {
        await other.end({ timeout: 5 });
      }
      same(await catalog(sql), await freshCatalog());
    });
  });

if (isLong)
  void test('the SQL of a dry run, given to psql, ends where migrate does', async (context: TestContext) => {
    await withEmpty(async (sql, database) => {
      const text = await migrationSql(sql);
      assert.equal(
        (await sql`select to_regnamespace('postrider') as there`)[0]?.['there'],
        null,
        'a dry run changes nothing',
      );
      if (spawnSync('psql', ['--version']).status === 0) {
        const run = spawnSync(
          'psql',
          ['--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', '--file', '-', database.url],
          {
            input: text,
            encoding: 'utf8',
          },
        );
        assert.equal(run.status, 0, run.stderr);
      } else {
        context.diagnostic('psql was not found: the simple protocol stands in for it');
        await sql.unsafe(text);
      }
      same(await catalog(sql), await freshCatalog());
      assert.deepEqual(await planMigration(sql), {
        migrations: [],
        repeatables: false,
        queue: false,
        grants: false,
      });
      await using machine = await freshMachine();
      same(await catalog(sql, 'postrider_queue'), await catalog(machine.sql, 'postrider_queue'));
      assert.deepEqual(await queuesOf(sql), await queuesOf(machine.sql));
    });
  });

void test('the files of sql/ make the same by psql, in the order that their heads tell, and no notes', async (context: TestContext) => {
  if (spawnSync('psql', ['--version']).status !== 0) {
    context.diagnostic('psql was not found: the files were not tried');
    return;
  }
  const root = fileURLToPath(new URL('../../../sql/', import.meta.url));
  await withEmpty(async (sql, database) => {
    const psql = (...args: string[]): string =>
      spawnSync(
        'psql',
        ['--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', ...args, database.url],
        { encoding: 'utf8' },
      ).stderr;
    const file = (name: string): string => `--file=${join(root, name)}`;
    const script = await migrationSql(sql);
    const queue = script.slice(script.indexOf('-- pg-boss'), script.indexOf('\nbegin;\n'));
    assert.equal(psql(file('bootstrap.sql'), file('baseline.sql')), '');
    assert.match(psql(file('repeatable.sql')), /schema "postrider_queue" does not exist/);
    await sql.unsafe('drop schema postrider cascade');
    assert.equal(psql('--command', queue), '');
    assert.equal(
      psql(...['bootstrap', 'baseline', 'repeatable'].map((name) => file(`${name}.sql`))),
      '',
    );
    await sql`select * from postrider.run_housekeeping('{event_partitions}')`;
    const unnoted = (await freshCatalog()).filter((line) => !line.startsWith('migration '));
    same(await catalog(sql), unnoted);
    assert.match(psql(file('repeatable.sql')), /already exists/);
    await assert.rejects(migrate(sql), /sql\/ was run by hand/);
  });
});

async function queuesOf(sql: postgres.Sql): Promise<readonly unknown[]> {
  const rows = await sql`
    select to_jsonb(q) - '{created_on,updated_on,monitor_on,maintain_on}'::text[] as queue
    from postrider_queue.queue q
    order by name`;
  return rows.map((row) => row['queue']);
}
