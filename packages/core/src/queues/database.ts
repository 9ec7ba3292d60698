/**
 * pg-boss over the `postgres` client, so that moves and jobs share a transaction and there is one
 * pool.
 *
 * Three traps, each with a test: pg-boss sends scripts of `BEGIN; …; COMMIT` without parameters,
 * which postgres refuses on a pooled connection; reserve(), which would help, may wait for ever
 * after a connection was lost where the driver is not the one carried here (decision 0012), so the
 * words are left out: several statements sent at once are one transaction anyway. And pg-boss binds
 * arrays, so the client must fetch types.
 */
import type { Db } from 'pg-boss';
import type postgres from 'postgres';
import { isLostConnection } from '../common/driver-errors.ts';

type Runs = Pick<postgres.Sql, 'unsafe'>;

// postgres types parameters more narrowly than pg-boss, which hands over what its own driver takes.
type Parameters = (string | number | boolean | Date | null | string[] | number[])[];

const TRANSACTION = /^\s*BEGIN\s*;([\s\S]*?);?\s*COMMIT\s*;?\s*$/i;

/**
 * What stands between BEGIN and COMMIT; null for anything else, and for scripts of several
 * transactions.
 */
export function insideTransaction(script: string): string | null {
  const inside = TRANSACTION.exec(script)?.[1];
  return inside === undefined || /\b(BEGIN|COMMIT|ROLLBACK)\s*;/i.test(inside) ? null : inside;
}

const STARTS_TRANSACTION = /^\s*BEGIN\b/i;

async function run(on: Runs, text: string, values?: unknown[]): Promise<{ rows: unknown[] }> {
  const prepared = values !== undefined && values.length > 0;
  const result: unknown[] = prepared
    ? await on.unsafe(text, values as Parameters, { prepare: true })
    : await on.unsafe(text);
  // A script of several statements answers a list of results; pg-boss reads the rows of all of
  // them.
  return { rows: result.some(Array.isArray) ? result.flat() : [...result] };
}

/** The server does not answer now; a client that was closed never will again. */
function mayComeBack(error: unknown): boolean {
  return (
    isLostConnection(error) &&
    !(error instanceof Error && 'code' in error && error.code === 'CONNECTION_ENDED')
  );
}

/** pg-boss inside a transaction of ours. */
export function inTransaction(tx: Runs): Db {
  return { executeSql: async (text, values) => await run(tx, text, values) } as Db;
}

/** pg-boss on the pool. */
export function onPool(sql: postgres.Sql): Db {
  return {
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
    // pg-boss asks once, and polls for ever where that fails. A listener that was refused by a lost
    // connection therefore goes on asking, by the driver's back-off.
    async listen(channel: string, onMessage: (payload: string) => void, onReconnect: () => void) {
      let listening: postgres.ListenMeta | null = null;
      let closed = false;
      const ask = async (): Promise<void> => {
        listening = await sql.listen(channel, onMessage, onReconnect);
        if (closed) await listening.unlisten();
      };
      const askAgain = async (): Promise<void> => {
        while (!closed && listening === null) {
          try {
            await ask();
          } catch (error) {
            if (!mayComeBack(error)) return;
          }
        }
      };
      try {
        await ask();
      } catch (error) {
        if (!mayComeBack(error)) throw error;
        void askAgain();
      }
      return {
        async close() {
          closed = true;
          await listening?.unlisten();
        },
      };
    },
  } as unknown as Db;
}
