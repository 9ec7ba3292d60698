/** Pieces whose outcome nobody knows: claimed, and asked for at a printer that a test plays. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import {
  settleReconciled,
  type ReconcileVerdict,
  type UnknownPiece,
} from '../../../packages/core/src/machine/reconcile.ts';
import type { Place } from '../../support/machine.ts';
import { claimDue, unknownDue } from './stages.ts';
import { reasonsOf } from './standing.ts';
import { DAY, turnClock } from './times.ts';

/** Claims the one piece that is due to be asked for. */
export async function claimOne(sql: postgres.Sql, at: Place): Promise<UnknownPiece> {
  const claimed = await claimDue(sql, at);
  assert.equal(claimed.length, 1);
  return claimed[0] ?? assert.fail();
}

export function verdict(
  piece: UnknownPiece,
  outcome: ReconcileVerdict['outcome'],
  rest: Partial<ReconcileVerdict> = {},
): ReconcileVerdict {
  return {
    mailpieceId: piece.mailpieceId,
    attempt: piece.attempt,
    outcome,
    keyLifetimeMs: null,
    ...rest,
  };
}

/** The printer's verdicts are settled; returns how many counted. */
export async function conclude(
  sql: postgres.Sql,
  at: Place,
  ...verdicts: ReconcileVerdict[]
): Promise<number> {
  return await settleReconciled(sql, at.organizationId, verdicts);
}

/** One person in `proofed`, to be sent again since the printer honours the key. */
export async function toBeRepeated(sql: postgres.Sql, at: Place): Promise<void> {
  await unknownDue(sql, at);
  const piece = await claimOne(sql, at);
  await conclude(sql, at, verdict(piece, 'cannot_tell', { keyLifetimeMs: 30 * DAY }));
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (same_key_again)' });
}

/** One person in `error (outcome_unknown)`. */
export async function givenUp(sql: postgres.Sql, at: Place): Promise<void> {
  await unknownDue(sql, at);
  for (let round = 0; round < 8; round += 1) {
    const piece = await claimOne(sql, at);
    await conclude(sql, at, verdict(piece, 'cannot_tell', { message: 'no look-up' }));
    await turnClock(sql, 900_000);
  }
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (outcome_unknown)' });
}
