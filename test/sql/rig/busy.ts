/** Clients that are at work all the time, and what gets in beside them. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { beginMail, settleMail } from '../../../packages/core/src/machine/mail.ts';
import type { Machine, Place } from '../../support/machine.ts';
import { answered } from './stages.ts';
import { LEASE_MS, RUNNER } from './times.ts';

export const CLIENTS = 16;

/**
 * Sixteen clients that stage, begin and settle one card each, over and over, while the work goes
 * on. Rejects with the first error any of them meets.
 */
export async function busy(
  machine: Machine,
  at: Place,
  work: () => Promise<void>,
): Promise<number> {
  const sql = machine.connect(CLIENTS);
  let stop = false;
  let rounds = 0;
  const client = async (): Promise<void> => {
    while (!stop) {
      await sql`select postrider.stage(${at.organizationId}, ${at.campaignId}, 'mail', 1, 1)`;
      const [open] = await sql<{ id: string }[]>`
        select id
        from postrider.cohort
        where organization_id = ${at.organizationId} and begun_at is null and closed_at is null
        order by random()
        limit 1`;
      if (open === undefined) continue;
      const begun = await beginMail(sql, {
        ...at,
        cohortId: open.id,
        runnerId: RUNNER,
        leaseMs: LEASE_MS,
      });
      const results = begun?.pieces.map((piece) => answered(piece, 'retry', { afterMs: 0 })) ?? [];
      if (results.length > 0)
        await settleMail(sql, { ...at, cohortId: open.id, results, last: true, quietMs: 1000 });
      rounds += 1;
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  const asTheyWork = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await work();
  };
  try {
    await Promise.race([asTheyWork(), clients]);
  } finally {
    stop = true;
    await clients;
    await sql.end({ timeout: 5 });
  }
  return rounds;
}

export async function timed(
  context: TestContext,
  what: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const started = performance.now();
  await work();
  const ms = Math.round(performance.now() - started);
  context.diagnostic(`${what}: ${ms} ms under ${CLIENTS} busy clients`);
  // Who is overtaken never gets in; how long it takes is the machine's affair.
  assert.ok(ms < 60_000, `${what} took ${ms} ms`);
}
