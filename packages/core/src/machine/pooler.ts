/**
 * A pooler between us and the server. One that hands over a session for as long as a client is
 * connected will do. One that takes another session for each transaction will not: notifications
 * are lost, and so are settings, prepared statements and locks of a session.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';

/** A session of a pool that is this small is waited for no longer. */
const PATIENCE_MS = 5000;

/**
 * Whether statements of one client run in sessions of others: asked only where the session is not
 * the one that the connection was told of, so that a server without a pooler costs one question.
 */
export async function sharesSessions(sql: postgres.Sql): Promise<boolean> {
  const answer = await sql.unsafe<{ pid: number }[]>('select pg_catalog.pg_backend_pid() as pid');
  const told = (answer as { readonly state?: { readonly pid?: number } }).state?.pid;
  if (told === undefined || told === answer[0]?.pid) return false;
  const [one, other] = [another(sql), another(sql)];
  const over = new AbortController();
  try {
    return await Promise.race([
      isShared(one, other),
      sleep(PATIENCE_MS, false, { signal: over.signal }),
    ]);
  } finally {
    over.abort();
    await Promise.all([one, other].map(async (client) => await client.end({ timeout: 0 })));
  }
}

function another(sql: postgres.Sql): postgres.Sql {
  // The driver takes its own options as they are.
  return postgres({ ...sql.options, max: 1, fetch_types: false } as never);
}

async function pidOf(client: Pick<postgres.Sql, 'unsafe'>): Promise<number | undefined> {
  const [row] = await client.unsafe<{ pid: number }[]>('select pg_catalog.pg_backend_pid() as pid');
  return row?.pid;
}

/**
 * While both are connected, the second would never have a session that the first had; and while the
 * second holds one in a transaction, the first would not change its own.
 */
async function isShared(one: postgres.Sql, other: postgres.Sql): Promise<boolean> {
  const first = await pidOf(one);
  if ((await pidOf(one)) !== first) return true;
  return await other.begin(async (tx) => {
    return (await pidOf(tx)) === first || (await pidOf(one)) !== first;
  });
}
