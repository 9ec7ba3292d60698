/**
 * Real PostgreSQL servers for tests.
 *
 * `bin/test` starts one throw-away server per run (global-setup.ts) and names it in
 * POSTRIDER_TEST_SERVER; a test file that is run alone starts one for itself on first use. A test
 * gets a database of its own: a copy of a template that was migrated once, some 20 ms.
 *
 *     await templateDatabase('migrated', async (url) => migrate(url));
 *     const db = await cloneDatabase('migrated');
 *     …
 *     await db.drop();
 *
 * `db.url` is the owner's, who is no superuser; `db.adminUrl` is the superuser's.
 *
 * `startServer` gives a server that a test may kill, stop and start.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { superuser } from '@postrider/embedded-postgres/parts';
import { connect, withDatabase } from './client.ts';
import type { OwnServer, OwnServerOptions } from './throwaway.ts';
import { owner, startThrowaway } from './throwaway.ts';

export { connect, postgres } from './client.ts';
export type { Sql } from './client.ts';
export { owner } from './throwaway.ts';
export type { OwnServer } from './throwaway.ts';

export interface TestDatabase {
  readonly name: string;
  /**
   * The owner's: all rights in this database, createrole and createdb, pg_monitor, but no
   * superuser.
   */
  readonly url: string;
  /** The superuser's. */
  readonly adminUrl: string;
  /** Ends all sessions and removes it. Not needed for the server's sake: it goes with the run. */
  drop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Databases on one server, given by its superuser's URL. */
export interface Databases {
  /**
   * Makes the template `name` once per server, however many processes ask; `prepare` gets the
   * owner's URL and must close its connections.
   */
  template(name: string, prepare: (url: string) => Promise<void>): Promise<void>;
  clone(template: string): Promise<TestDatabase>;
  empty(): Promise<TestDatabase>;
}

/** The run's server: superuser's URL. */
export async function testServer(): Promise<string> {
  const given = process.env['POSTRIDER_TEST_SERVER'];
  if (given !== undefined && given !== '') return given;
  lazy ??= startThrowaway();
  return (await lazy).adminUrl;
}

export async function templateDatabase(
  name: string,
  prepare: (url: string) => Promise<void>,
): Promise<void> {
  await databasesOn(await testServer()).template(name, prepare);
}

export async function cloneDatabase(template: string): Promise<TestDatabase> {
  return databasesOn(await testServer()).clone(template);
}

/** An empty database, for tests of migrations themselves. */
export async function testDatabase(): Promise<TestDatabase> {
  return databasesOn(await testServer()).empty();
}

/**
 * A server of this test's own. `major` 15 needs its programs: see `pg15Binaries`. It goes when the
 * process ends, or with `drop()`.
 */
export async function startServer(options: OwnServerOptions = {}): Promise<OwnServer & Databases> {
  const bin = options.major === 15 ? pg15Binaries() : null;
  if (options.major === 15 && bin === null)
    throw new Error(`PostgreSQL 15 was not found: set POSTRIDER_PG15_BIN to its bin directory`);
  // Commits reach the system's cache, so that kill9 loses none, also without fsync.
  const settings = { synchronous_commit: 'on', ...options.settings };
  const server = await startThrowaway({ ...options, settings, ...(bin === null ? {} : { bin }) });
  return { ...server, ...databasesOn(server.adminUrl) };
}

/**
 * The bin directory of a PostgreSQL 15 on this machine, or null: then a test says aloud that it did
 * not run there.
 */
export function pg15Binaries(): string | null {
  const places = [
    process.env['POSTRIDER_PG15_BIN'] ?? '',
    '/usr/lib/postgresql/15/bin', // Debian, Ubuntu
    '/usr/pgsql-15/bin', // PostgreSQL's RPMs
    '/usr/lib/postgresql15/bin', // SUSE
    '/usr/libexec/postgresql15', // Alpine
    '/opt/homebrew/opt/postgresql@15/bin',
    '/usr/local/opt/postgresql@15/bin',
    '/opt/local/lib/postgresql15/bin', // MacPorts
  ];
  return (
    places.find(
      (bin) => bin !== '' && existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')),
    ) ?? null
  );
}

let lazy: Promise<OwnServer> | undefined;

export function databasesOn(adminUrl: string): Databases {
  const maintenance = withDatabase(adminUrl, 'postgres');
  const handle = (name: string): TestDatabase => {
    const drop = async (): Promise<void> => {
      await withAdmin(maintenance, (sql) =>
        sql.unsafe(`drop database if exists "${name}" with (force)`),
      );
    };
    return {
      name,
      url: withDatabase(adminUrl, name, owner),
      adminUrl: withDatabase(adminUrl, name, superuser),
      drop,
      [Symbol.asyncDispose]: drop,
    };
  };
  const create = async (template: string): Promise<TestDatabase> => {
    const name = `t_${process.pid}_${randomBytes(5).toString('hex')}`;
    // Copying files needs no WAL; with fsync off it is twice as fast as wal_log (14-21 ms against
    // 30-44).
    const statement = `
      create database "${name}" owner ${owner} template "${template}" strategy file_copy`;
    await withAdmin(maintenance, (sql) => sql.unsafe(statement));
    return handle(name);
  };
  return {
    empty: async () => create('template0'),
    clone: async (template) => create(template),
    template: async (name, prepare) => {
      await withAdmin(maintenance, async (sql) => {
        // Held by the session: another process that wants the same template waits here until it is
        // whole or its maker has died.
        await sql`
          select pg_advisory_lock(hashtextextended(${`postrider-test-template ${name}`}, 0))`;
        const [existing] = await sql`select 1 from pg_database where datname = ${name}`;
        if (existing !== undefined) return;
        const building = `${name}_building`;
        await sql.unsafe(`drop database if exists "${building}" with (force)`);
        await sql.unsafe(
          `create database "${building}" owner ${owner} template template0 strategy file_copy`,
        );
        await prepare(withDatabase(adminUrl, building, owner));
        // A template may have no sessions; autovacuum is kept out by allow_connections as well.
        await sql.unsafe(`alter database "${building}" allow_connections false`);
        await sql`
          select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${building}`;
        await sql.unsafe(`alter database "${building}" rename to "${name}"`);
      });
    },
  };
}

async function withAdmin<T>(
  url: string,
  work: (sql: ReturnType<typeof connect>) => Promise<T>,
): Promise<T> {
  const sql = connect(url, { fetch_types: false });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
