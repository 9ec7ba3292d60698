/**
 * What the tests of the machine share: one database for a file, an organization of its own for each
 * test (everything is keyed by it), and short ways through the stages. When a file is done,
 * everything its tests left behind must still be whole.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import type postgres from 'postgres';
import { connect, type CampaignDefinition } from '@postrider/core';
import { broken, freshMachine, launched, type Machine, type Place } from '../support/machine.ts';

export * from './rig/events.ts';
export * from './rig/stages.ts';
export * from './rig/standing.ts';
export * from './rig/syncs.ts';
export * from './rig/times.ts';

export interface Rig {
  readonly sql: postgres.Sql;
  readonly machine: Machine;
  /** The superuser, for what no owner could do: states that the machine itself would never make. */
  readonly admin: postgres.Sql;
}

/**
 * One machine for all tests of a file. `arrange` fills it, `clear` tidies up what is not in the
 * database.
 */
export function sharedMachine(arrange?: () => Promise<void>, clear?: () => Promise<void>): Rig {
  let machine: Machine | undefined;
  let admin: postgres.Sql | undefined;
  const present = (): Machine => {
    if (machine === undefined) throw new Error('the machine is there from the first test on');
    return machine;
  };
  before(async () => {
    machine = await freshMachine();
    await arrange?.();
  });
  after(async () => {
    const problems = machine === undefined ? [] : await broken(machine.sql);
    await clear?.();
    await admin?.end({ timeout: 2 });
    await machine?.[Symbol.asyncDispose]();
    assert.deepEqual(problems, []);
  });
  return {
    get sql() {
      return present().sql;
    },
    get machine() {
      return present();
    },
    get admin() {
      return (admin ??= connect(present().database.adminUrl, { max: 2 }));
    },
  };
}

let organizations = 0;

/**
 * An organization of the test's own, with a campaign that is launched live unless told otherwise.
 */
export async function place(
  sql: postgres.Sql,
  over: Partial<CampaignDefinition> = {},
  mode: 'test' | 'live' | null = 'live',
): Promise<Place> {
  return await launched(sql, over, `Bakery ${process.pid}.${(organizations += 1)}`, mode);
}

/**
 * The promise is rejected with this SQLSTATE, whether it comes as the driver's error or as the
 * machine's own.
 */
export async function refused(
  code: string,
  work: PromiseLike<unknown>,
  message?: RegExp,
): Promise<Error & { hint?: string; detail?: unknown }> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error, String(error));
    assert.equal(error.code, code, error.message);
    if (message !== undefined) assert.match(error.message, message);
    return error;
  }
  return assert.fail(`${code} was expected, but it went through`);
}

/** A machine may be slow and busy; a mutant whose lock is gone is not worth the wait. */
const LOCK_PATIENCE_MS = process.env['POSTRIDER_MUTANT'] === undefined ? 120_000 : 15_000;

/** Waits until this session waits for a lock. */
export async function waitsForLock(sql: postgres.Sql, pid: number): Promise<void> {
  for (const deadline = performance.now() + LOCK_PATIENCE_MS; performance.now() < deadline;) {
    const [row] =
      await sql`select 1 from pg_stat_activity where pid = ${pid} and wait_event_type = 'Lock'`;
    if (row !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`session ${pid} does not wait for a lock`);
}

export async function pidOf(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid ?? 0;
}
