/** Databases that are migrated: empty ones, a version to come, what must be equal or refused. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import { connect, migrate, MigrationError } from '@postrider/core';
import { sqlFiles, type SqlFiles } from '../../../packages/core/src/machine/sql-files.ts';
import { freshMachine, machineServer } from '../../support/machine.ts';
import { databasesOn, type TestDatabase } from '../../support/server.ts';
import { catalog } from '../schema/catalog.ts';

export async function withEmpty(
  work: (sql: postgres.Sql, database: TestDatabase) => Promise<void>,
): Promise<void> {
  await using database = await databasesOn(await machineServer()).empty();
  const sql = connect(database.url, { max: 4 });
  try {
    await work(sql, database);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

let fresh: Promise<string[]> | undefined;
/** The catalog of a fresh install. */
export async function freshCatalog(): Promise<string[]> {
  return await (fresh ??= (async () => {
    await using machine = await freshMachine();
    return await catalog(machine.sql);
  })());
}

export function same(is: readonly string[], wanted: readonly string[]): void {
  const [here, there] = [new Set(is), new Set(wanted)];
  assert.deepEqual(
    {
      only: is.filter((line) => !there.has(line)),
      missing: wanted.filter((line) => !here.has(line)),
    },
    { only: [], missing: [] },
  );
}

export async function refuses(sql: postgres.Sql, message: RegExp, hint: RegExp): Promise<void> {
  await assert.rejects(migrate(sql), (error) => {
    assert.ok(error instanceof MigrationError, String(error));
    assert.match(error.message, message);
    assert.match(error.hint, hint);
    return true;
  });
}

/** This version with a migration more, as the next one will have it. */
export function nextVersion(): SqlFiles {
  const files = sqlFiles();
  const text = 'alter table postrider.organization add column colour text;';
  return {
    ...files,
    migrations: [...files.migrations, { name: 'migrations/0001_colours.sql', text }],
    repeatables: [
      ...files.repeatables,
      {
        name: 'views/colours.sql',
        text: 'create view postrider.colours as select id, colour from postrider.organization;',
      },
    ],
  };
}
