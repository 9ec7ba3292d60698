/** What is not migrated: it is refused with what to do, and nothing of it is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, migrate, MigrationError } from '@postrider/core';
import { migrateTo } from '../../../packages/core/src/machine/migrate.ts';
import { planMigrationTo } from '../../../packages/core/src/machine/migration-plan.ts';
import { sqlFiles } from '../../../packages/core/src/machine/sql-files.ts';
import { freshMachine, machineServer } from '../../support/machine.ts';
import { catalog } from './catalog.ts';
import { freshCatalog, nextVersion, refuses, same, withEmpty } from '../rig/migrations.ts';

void test('a database that a version before the first release made is refused, with what to do', async () => {
  await withEmpty(async (sql) => {
    await sql.unsafe(sqlFiles().bootstrap.text);
    await sql`insert into postrider.migration (name, checksum)
      values ('migrations/0001_foundations.sql', 'x'), ('repeatables', 'x')`;
    await refuses(sql, /made before the first release/, /give this one an empty database/);
  });
});

void test('a database that was made by hand, from the files one by one, is told from an empty one', async () => {
  await withEmpty(async (sql) => {
    const { bootstrap, migrations, repeatables } = sqlFiles();
    await sql.unsafe(bootstrap.text);
    await sql.unsafe(migrations[0]?.text ?? '');
    // As far as psql comes where pg-boss is not there.
    for (const { name, text } of repeatables) {
      if (name.endsWith('/jobs.sql')) break;
      await sql.unsafe(text);
    }
    const before = await catalog(sql);
    let hint = '';
    await assert.rejects(migrate(sql), (error) => {
      assert.ok(error instanceof MigrationError, String(error));
      assert.match(
        error.message,
        /has tables \(address_cache, alarm, beat, …\).*sql\/ was run by hand/,
      );
      assert.match(error.hint, /--dry-run` prints everything in order.*Nothing was changed/);
      hint = error.hint;
      return true;
    });
    same(await catalog(sql), before);
    // What is said helps.
    await sql.unsafe(/insert into .*?(?=; and migrate)/.exec(hint)?.[0] ?? '');
    await migrate(sql);
    same(await catalog(sql), await freshCatalog());
  });
});

void test("a schema of that name that is somebody else's is refused, and left as it is", async () => {
  await withEmpty(async (sql) => {
    await sql`create schema postrider create table letter (said text)`;
    await refuses(sql, /has tables \(letter\)/, /where nothing in it is needed/);
    assert.equal((await sql`select from pg_tables where schemaname = 'postrider'`).length, 1);
  });
});

void test('a migration that was changed after it had been applied is refused, and nothing changes', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  await migrateTo(sql, nextVersion());
  await sql`update postrider.migration set checksum = 'another'
    where name = 'migrations/0001_colours.sql'`;
  const before = await catalog(sql);
  await assert.rejects(
    planMigrationTo(sql, nextVersion()),
    (error) =>
      error instanceof MigrationError &&
      /0001_colours\.sql was changed after it had been applied/.test(error.message) &&
      /put the change into a new one/.test(error.hint),
  );
  same(await catalog(sql), before);
});

void test('a database of a newer version is refused', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  await sql`
    insert into postrider.migration (name, checksum) values ('migrations/9999_next_year.sql', 'x')`;
  await refuses(
    sql,
    /newer than this version: it has migrations\/9999_next_year\.sql/,
    /use the newer version/,
  );
});

void test("what others have built upon the machine's views is named, and not dropped", async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  await sql`create schema theirs`;
  await sql`create view theirs.progress as select campaign, sent from postrider.funnel`;
  await sql`
    create materialized view theirs.folded as
    select postrider.fold(name) as name
    from postrider.organization`;
  await sql`update postrider.migration set checksum = 'older' where name = 'repeatables'`;
  await refuses(
    sql,
    /theirs\.(folded|progress), theirs\.(folded|progress) depend\(s\) on/,
    /drop them, migrate, and create them again/,
  );
  assert.deepEqual([...(await sql`select campaign from theirs.progress`)], []);
  await sql`drop schema theirs cascade`;
  await migrate(sql);
  same(await catalog(sql), await freshCatalog());
});

void test('a database that is not UTF8, or where one may not create, is refused with what to do', async () => {
  const admin = connect(await machineServer(), { max: 1 });
  const name = `t_latin_${process.pid}`;
  try {
    await admin.unsafe(`create database "${name}" encoding 'LATIN1' locale 'C' template template0`);
    const url = new URL(await machineServer());
    url.pathname = `/${name}`;
    const latin = connect(url.href, { max: 1 });
    try {
      await refuses(latin, /is encoded in LATIN1/, /encoding 'UTF8'/);
    } finally {
      await latin.end({ timeout: 2 });
    }
  } finally {
    await admin.unsafe(`drop database if exists "${name}" with (force)`);
  }
  await withEmpty(async (_, database) => {
    const role = `t_norights_${process.pid}`;
    await admin.unsafe(`create role "${role}" login password 'x'`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'x';
    const sql = connect(url.href, { max: 1 });
    try {
      await refuses(sql, /no right to create schemas/, /grant create on database/);
    } finally {
      await sql.end({ timeout: 2 });
      await admin.unsafe(`drop role "${role}"`);
    }
  });
  await admin.end({ timeout: 2 });
});

void test('whatever others built upon our functions is named, and nothing goes with them', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  await sql.unsafe(`
    create schema theirs;
    create table theirs.note (id uuid default postrider.new_id(), said text);
    create index note_said on theirs.note (postrider.fold(said));
    create function theirs.twice(p text) returns text language sql
      return postrider.fold(p) || postrider.fold(p)`);
  await sql`update postrider.migration set checksum = 'another' where name = 'repeatables'`;
  await assert.rejects(migrate(sql), (error: Error) =>
    ['theirs.note', 'theirs.note_said', 'theirs.twice'].every((name) =>
      error.message.includes(name),
    ),
  );
  assert.equal((await sql`select from pg_indexes where schemaname = 'theirs'`).length, 1);
});

void test('a migration that is missing is applied, also where functions and views are of this version', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  await migrateTo(sql, nextVersion());
  // Taken back by hand: only the note goes, so to apply it again must fail, and not be passed over.
  await sql`delete from postrider.migration where name = 'migrations/0001_colours.sql'`;
  await assert.rejects(migrateTo(sql, nextVersion()), /already exists/);
});
