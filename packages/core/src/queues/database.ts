/**
 * pg-boss over the `postgres` client, so that moves and jobs share a transaction and there is one pool.
 *
 * Three traps, each with a test: pg-boss sends scripts of `BEGIN; …; COMMIT` without parameters, which postgres refuses on a pooled connection;
 * reserve(), which would help, may wait for ever after a connection was lost (postgres 3.4.9 forgets whoever waits for one just then), so the words
 * are left out: several statements sent at once are one transaction anyway. And pg-boss binds arrays, so the client must fetch types.
 */
import type postgres from 'postgres';
import type { Db } from 'pg-boss';

type Sql = postgres.Sql;
type Runs = Pick<postgres.Sql, 'unsafe'>;

// postgres types parameters more narrowly than pg-boss, which hands over what its own driver takes.
type Parameters = (string | number | boolean | Date | null | string[] | number[])[];

const TRANSACTION = /^\s*BEGIN\s*;([\s\S]*?);?\s*COMMIT\s*;?\s*$/i;

/** What stands between BEGIN and COMMIT; null for anything else, and for scripts of several transactions. */
export const insideTransaction = (script: string): string | null => {
  const inside = TRANSACTION.exec(script)?.[1];
  return inside === undefined || /\b(BEGIN|COMMIT|ROLLBACK)\s*;/i.test(inside) ? null : inside;
};

const STARTS_TRANSACTION = /^\s*BEGIN\b/i;

const run = async (on: Runs, text: string, values?: unknown[]): Promise<{ rows: unknown[] }> => {
  const prepared = values !== undefined && values.length > 0;
  const result: unknown[] = prepared ? await on.unsafe(text, values as Parameters, { prepare: true }) : await on.unsafe(text);
  // A script of several statements answers a list of results; pg-boss reads the rows of all of them.
  return { rows: result.some(Array.isArray) ? result.flat() : [...result] };
};

/** pg-boss inside a transaction of ours. */
export const inTransaction = (tx: Runs): Db => ({ executeSql: async (text, values) => await run(tx, text, values) }) as Db;

/** pg-boss on the pool. */
export const onPool = (sql: Sql): Db =>
  ({
    async executeSql(text: string, values?: unknown[]) {
      if (!STARTS_TRANSACTION.test(text)) return await run(sql, text, values);
      const inside = insideTransaction(text);
      if (inside !== null) return await run(sql, inside);
      const reserved = await sql.reserve();
      try {
        return await run(reserved, text);
      } catch (error) {
        await reserved.unsafe('ROLLBACK').catch(() => undefined);
        throw error;
      } finally {
        reserved.release();
      }
    },
    async listen(channel: string, onMessage: (payload: string) => void, onReconnect: () => void) {
      const listening = await sql.listen(channel, onMessage, onReconnect);
      return { close: async () => await listening.unlisten() };
    },
    async beginTransaction() {
      const reserved = await sql.reserve();
      try {
        await reserved.unsafe('BEGIN');
      } catch (error) {
        reserved.release();
        throw error;
      }
      let ended = false;
      const end = async (command: string): Promise<void> => {
        if (ended) return;
        ended = true;
        try {
          await reserved.unsafe(command);
        } finally {
          reserved.release();
        }
      };
      return {
        db: inTransaction(reserved),
        commit: async () => await end('COMMIT'),
        rollback: async () => await end('ROLLBACK').catch(() => undefined),
      };
    },
  }) as unknown as Db;
