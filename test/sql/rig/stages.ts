/**
 * Short ways through the stages: people in `proofed`, `sending`, `sent` or with an outcome that
 * nobody knows.
 */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import {
  beginMail,
  settleMail,
  type BegunPiece,
  type MailSettlement,
} from '../../../packages/core/src/machine/mail.ts';
import {
  beginProof,
  settleProof,
  type ProofSettlement,
} from '../../../packages/core/src/machine/proof.ts';
import type { CohortStage } from '../../../packages/core/src/machine/cohorts.ts';
import {
  claimUnknownMailpieces,
  type UnknownPiece,
} from '../../../packages/core/src/machine/reconcile.ts';
import { people, syncPeople, type Person, type Place } from '../../support/machine.ts';
import { RUNNER, LEASE_MS, QUIET_MS, turnClock } from './times.ts';
import { openCohorts } from './standing.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

/** Makes cohorts of one campaign; returns their ids. */
export async function stage(
  sql: Sql,
  at: Place,
  name: CohortStage,
  cohorts = 1,
  size = 50,
): Promise<string[]> {
  const known = (await openCohorts(sql, at)).map((cohort) => cohort.id);
  await sql`
    select postrider.stage(${at.organizationId}, ${at.campaignId}, ${name}, ${cohorts}, ${size})`;
  return (await openCohorts(sql, at))
    .map((cohort) => cohort.id)
    .filter((id) => !known.includes(id));
}

/** One staged cohort of this stage; there must be exactly one to make. */
export async function stageOne(sql: Sql, at: Place, name: CohortStage): Promise<string> {
  const made = await stage(sql, at, name);
  assert.equal(made.length, 1, `one cohort was expected, not ${made.length}`);
  return made[0] as string;
}

/** A staged cohort of `n` people. */
export async function staged(
  sql: postgres.Sql,
  at: Place,
  name: CohortStage,
  n = 2,
): Promise<string> {
  if (name === 'mail') await proofed(sql, at, n);
  else await syncPeople(sql, at, people(n));
  return await stageOne(sql, at, name);
}

export async function begin(
  sql: postgres.Sql,
  at: Place,
  name: CohortStage,
  id: string,
  runner = RUNNER,
) {
  return name === 'proof'
    ? await beginProof(sql, { ...at, cohortId: id, runnerId: runner, leaseMs: LEASE_MS })
    : await beginMail(sql, { ...at, cohortId: id, runnerId: runner, leaseMs: LEASE_MS });
}

/** `n` people in `proofing`, in one cohort, and what settles it. */
export async function proofing(sql: postgres.Sql, at: Place, n = 1) {
  const id = await staged(sql, at, 'proof', n);
  const begun = await beginProof(sql, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS });
  return {
    id,
    cards: begun?.cards ?? [],
    settle: async (results: readonly ProofSettlement[], last = true) =>
      await settleProof(sql, { ...at, cohortId: id, results, last }),
  };
}

export function rendered(recipientId: string) {
  return {
    recipientId,
    outcome: 'rendered',
    contentHash: `hash of ${recipientId}`,
    frontUrl: 'file:///front.pdf',
    frontPage: 1,
    frontHash: 'f'.repeat(64),
    backUrl: 'file:///back.pdf',
    backPage: 2,
    backHash: 'b'.repeat(64),
  } as const;
}

/** Renders everybody who is pending now. */
export async function proofAll(sql: postgres.Sql, at: Place): Promise<void> {
  for (const id of await stage(sql, at, 'proof', 20)) {
    const begun = await beginProof(sql, {
      ...at,
      cohortId: id,
      runnerId: RUNNER,
      leaseMs: LEASE_MS,
    });
    await settleProof(sql, {
      ...at,
      cohortId: id,
      results: begun?.cards.map((card) => rendered(card.recipientId)) ?? [],
      last: true,
    });
  }
}

export interface Sending {
  readonly cohortId: string;
  readonly pieces: readonly BegunPiece[];
}

export function firstOf(batch: Sending): BegunPiece {
  return batch.pieces[0] ?? assert.fail('no piece');
}

/** Begins one mail cohort of people who are proofed now. */
export async function mailBegun(sql: postgres.Sql, at: Place, runner = RUNNER): Promise<Sending> {
  const cohortId = await stageOne(sql, at, 'mail');
  const begun = await beginMail(sql, { ...at, cohortId, runnerId: runner, leaseMs: LEASE_MS });
  return { cohortId, pieces: begun?.pieces ?? [] };
}

/** `n` people in `proofed`. */
export async function proofed(
  sql: postgres.Sql,
  at: Place,
  n: number | readonly Person[] = 1,
): Promise<void> {
  await syncPeople(sql, at, typeof n === 'number' ? people(n) : n);
  await proofAll(sql, at);
}

/** `n` people in `sending`, in one cohort. */
export async function sending(
  sql: postgres.Sql,
  at: Place,
  n: number | readonly Person[] = 1,
): Promise<Sending> {
  await proofed(sql, at, n);
  return await mailBegun(sql, at);
}

/** The printer's id of a piece, unless a test has it say another. */
export function idOf({ mailpieceId }: { readonly mailpieceId: string }): string {
  return `id of ${mailpieceId}`;
}

export function accepted(piece: BegunPiece, providerId = idOf(piece)): MailSettlement {
  return {
    recipientId: piece.recipientId,
    mailpieceId: piece.mailpieceId,
    outcome: 'accepted',
    providerId,
  };
}

export function answered(
  piece: BegunPiece,
  outcome: 'rejected' | 'refused' | 'mismatched' | 'retry' | 'unknown',
  rest: Partial<MailSettlement> = {},
): MailSettlement {
  return {
    recipientId: piece.recipientId,
    mailpieceId: piece.mailpieceId,
    outcome,
    message: `it was ${outcome}`,
    ...rest,
  };
}

export async function settle(
  sql: postgres.Sql,
  at: { organizationId: string },
  batch: Sending,
  results: readonly MailSettlement[],
  last = true,
): Promise<number> {
  return await settleMail(sql, {
    ...at,
    cohortId: batch.cohortId,
    results,
    last,
    quietMs: QUIET_MS,
  });
}

/** Settles a batch with the same answer for each of its pieces. */
export async function settleAll(
  sql: postgres.Sql,
  at: { organizationId: string },
  batch: Sending,
  answer: (piece: BegunPiece) => MailSettlement = (piece) => accepted(piece),
): Promise<number> {
  return await settle(sql, at, batch, batch.pieces.map(answer));
}

/** `n` people in `sent`. */
export async function sent(
  sql: postgres.Sql,
  at: Place,
  n: number | readonly Person[] = 1,
): Promise<Sending> {
  const batch = await sending(sql, at, n);
  await settleAll(sql, at, batch);
  return batch;
}

/** One person in `sending` whose piece is unknown and due to be asked for. */
export async function unknownDue(
  sql: postgres.Sql,
  at: Place,
  n: number | readonly Person[] = 1,
): Promise<Sending> {
  const batch = await sending(sql, at, n);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'unknown'));
  await turnClock(sql, QUIET_MS + 1000);
  return batch;
}

/** Claims the unknown pieces that are due to be asked for. */
export async function claimDue(
  sql: postgres.Sql,
  at: { organizationId: string },
): Promise<readonly UnknownPiece[]> {
  return await claimUnknownMailpieces(sql, at.organizationId, { limit: 50, leaseMs: 60_000 });
}
