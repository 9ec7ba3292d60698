/** Batches at the enricher: claimed and answered. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import {
  claimBatch,
  settleBatch,
  type ClaimedBatch,
} from '../../../packages/core/src/machine/enrich.ts';
import type { Address } from '../../../packages/core/src/ports/index.ts';
import type { Place } from '../../support/machine.ts';

export const HOUR = 3_600_000;
const MINUTE = 60_000;

export function home(line1: string): Address {
  return { line1, line2: null, city: 'Oakland', region: 'CA', postalCode: '94607', country: 'US' };
}

/** A batch of those who wait, or null where nobody does. */
export async function claim(
  sql: postgres.Sql,
  at: Place,
  limit = 100,
  enricher = 'faraday',
): Promise<ClaimedBatch | null> {
  return await claimBatch(
    sql,
    { ...at, enricher },
    {
      limit,
      deadlineMs: HOUR,
      restMs: MINUTE,
    },
  );
}

export async function claimed(sql: postgres.Sql, at: Place, limit = 100): Promise<ClaimedBatch> {
  return (await claim(sql, at, limit)) ?? assert.fail('nobody waits');
}

/**
 * The enricher answers: by the name before the @ a street, or null for nobody found. Who is not
 * named is not answered for.
 */
export async function answer(
  sql: postgres.Sql,
  at: Place,
  batch: ClaimedBatch,
  addresses: Record<string, string | null>,
  last = true,
): Promise<number> {
  return await settleBatch(sql, {
    ...at,
    batchId: batch.batchId,
    enricher: 'faraday',
    results: batch.people.flatMap((person) => {
      const line1 = addresses[(person.email ?? '').split('@')[0] ?? ''];
      return line1 === undefined
        ? []
        : [{ recipientId: person.recipientId, address: line1 === null ? null : home(line1) }];
    }),
    last,
  });
}
