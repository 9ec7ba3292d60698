/**
 * The driver that is carried here, in both its builds, against real servers: ways to lose a
 * session, and who else works on the pool meanwhile.
 */
import { createRequire } from 'node:module';
import { createServer, connect as dial, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { connect, testDatabase } from '../support/server.ts';

export type Sql = postgres.Sql;
export type Driver = typeof postgres;

export const builds: Readonly<Record<'esm' | 'cjs', Driver>> = {
  esm: postgres,
  cjs: createRequire(import.meta.url)('postgres') as Driver,
};

/** Of whatever must not wait for ever. */
const PATIENCE_MS = 20_000;

/** `ok`, the code of the error, or `waits for ever`. */
export async function outcome(promise: PromiseLike<unknown>): Promise<string> {
  const told = Promise.resolve(promise).then(
    () => 'ok',
    (error: unknown) =>
      error instanceof Error && 'code' in error ? String(error.code) : String(error),
  );
  const patience = new AbortController();
  const late = sleep(PATIENCE_MS, 'waits for ever', { signal: patience.signal }).catch(
    () => 'never',
  );
  const first = await Promise.race([told, late]);
  patience.abort();
  return first;
}

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline)
      throw new Error(`still not so after ${PATIENCE_MS} ms: ${isSo.toString()}`);
    await sleep(10);
  }
}

/** A gate that somebody opens. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/**
 * By a reset. Not where its end is under way: Node then closes nothing, and waits for it for ever
 * when the process ends.
 */
function cut(client: Socket): void {
  if (client.writableEnded) client.destroy();
  else client.resetAndDestroy();
}

export interface Place extends AsyncDisposable {
  /** By way of a proxy, whose connections can be reset. */
  readonly url: string;
  /** Somebody who is never lost. */
  readonly admin: Sql;
  client(options?: postgres.Options<Record<string, never>>, driver?: Driver): Sql;
  /** Who wrote what was committed. */
  written(): Promise<string[]>;
  /** Ends every session of the clients. Returns when the server has none of them any more. */
  terminate(): Promise<void>;
  /** Resets every connection of the clients: they hear nothing but the reset. */
  reset(): Promise<void>;
  /**
   * Nobody listens at the address of the clients any more, and those that were connected are reset;
   * until `reopen`.
   */
  shut(): Promise<void>;
  reopen(): Promise<void>;
}

/** A database with a table `note (who text)`. */
export async function open(server?: { readonly url: string }): Promise<Place> {
  const database = server === undefined ? await testDatabase() : null;
  const direct = new URL(database?.url ?? server?.url ?? '');
  const admin = connect(direct.href, { connect_timeout: 10 });
  await admin`drop table if exists note`;
  await admin`create table note (who text)`;
  const pairs = new Set<Socket>();
  const proxy = createServer({ noDelay: true }, (client) => {
    const upstream = dial({ port: Number(direct.port), host: direct.hostname, noDelay: true });
    pairs.add(client);
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    client.on('close', () => pairs.delete(client));
  });
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  const byProxy = new URL(direct);
  byProxy.port = String((proxy.address() as AddressInfo).port);
  const clients: Sql[] = [];
  const sessions = async (): Promise<number[]> => {
    const rows = await admin<{ pid: number }[]>`
      select pid from pg_stat_activity
      where datname = current_database()
        and application_name = 'driver test'`;
    return rows.map(({ pid }) => pid);
  };
  const gone = async (before: readonly number[]): Promise<void> =>
    await until(async () => (await sessions()).every((pid) => !before.includes(pid)));
  return {
    url: byProxy.href,
    admin,
    client(options = {}, driver = postgres) {
      const sql = driver(byProxy.href, {
        max: 1,
        backoff: () => 0.01,
        onnotice: () => undefined,
        ...options,
        connection: { application_name: 'driver test', ...options.connection },
      });
      clients.push(sql);
      return sql;
    },
    async written() {
      return (await admin<{ who: string }[]>`select who from note order by 1`).map(
        ({ who }) => who,
      );
    },
    async terminate() {
      const before = await sessions();
      await admin`select pg_terminate_backend(pid) from unnest(${before}::int[]) as t (pid)`;
      await gone(before);
    },
    async reset() {
      const before = await sessions();
      for (const client of pairs) cut(client);
      // A server that is at work for somebody does not notice that they have gone.
      await admin`select pg_terminate_backend(pid) from unnest(${before}::int[]) as t (pid)`;
      await gone(before);
    },
    async shut() {
      const closed = new Promise((done) => proxy.close(done));
      for (const client of pairs) cut(client);
      await closed;
    },
    async reopen() {
      await new Promise<void>((listening) =>
        proxy.listen(Number(byProxy.port), '127.0.0.1', listening),
      );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map(async (sql) => await sql.end({ timeout: 0 })));
      await admin.end({ timeout: 2 });
      // Also who has just come, for a client that is ending.
      const closed = new Promise((done) => proxy.close(done));
      for (const client of pairs) cut(client);
      await closed;
      await database?.drop();
    },
  };
}

export interface Others {
  /** They end, and commit where they are transactions. */
  end(): Promise<void>;
}

/** Others take every connection of the pool, whatever was lost before, and stay until told. */
export async function others(
  sql: Sql,
  max: number,
  kind: 'plain queries' | 'transactions',
): Promise<Others> {
  const leave = gate();
  if (kind === 'plain queries') {
    // Until as many sessions as the pool may have answer at once.
    let seen = new Set<number>();
    await until(async () => {
      const rows = await Promise.all(
        Array.from(
          { length: max },
          async () => await sql`select pg_backend_pid() as pid, pg_sleep(0.05)`,
        ),
      );
      seen = new Set(rows.map(([row]) => Number(row?.['pid'])));
      return seen.size === max;
    });
    return { end: async () => await Promise.resolve() };
  }
  let inside = 0;
  const all = Array.from(
    { length: max },
    async () =>
      await sql.begin(async (tx) => {
        await tx`insert into note values ('other')`;
        inside += 1;
        await leave.opened;
      }),
  );
  await until(() => inside === max);
  return {
    async end() {
      leave.open();
      await Promise.all(all);
    },
  };
}
