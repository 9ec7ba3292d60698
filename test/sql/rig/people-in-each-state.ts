/** One person in each state there is. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import { suppress } from '@postrider/core';
import { beginProof } from '../../../packages/core/src/machine/proof.ts';
import {
  claimUnknownMailpieces,
  settleReconciled,
} from '../../../packages/core/src/machine/reconcile.ts';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import {
  DAY,
  LEASE_MS,
  RUNNER,
  type Sending,
  answered,
  event,
  one,
  place,
  proofed,
  sending,
  sent,
  settleAll,
  stage,
  stageOne,
  tell,
  turnClock,
  unknownDue,
} from '../rig.ts';
import { claimOne, conclude, verdict } from './reconcile.ts';

const enrichable = [
  { externalId: 'p0', row: 1, email: 'p0@example.com', firstName: 'Ada', lastName: 'B', merge: {} },
];

/** Nobody could tell eight times what became of the card. */
export async function giveUp(sql: postgres.Sql, at: Place): Promise<void> {
  for (let round = 0; round < 8; round += 1) {
    const claimed = await claimUnknownMailpieces(sql, at.organizationId, {
      limit: 50,
      leaseMs: 60_000,
    });
    await settleReconciled(
      sql,
      at.organizationId,
      claimed.map((p) => ({ ...p, outcome: 'cannot_tell', keyLifetimeMs: null })),
    );
    await turnClock(sql, 900_000);
  }
}

/** One person who is to be sent again, since the printer honours the key of their piece. */
async function toBeRepeated(sql: postgres.Sql, at: Place): Promise<void> {
  await unknownDue(sql, at);
  const piece = await claimOne(sql, at);
  await conclude(sql, at, verdict(piece, 'cannot_tell', { keyLifetimeMs: 30 * DAY }));
}

/** Brings one person there, by the name of the state and of what is special. */
const into: Record<string, (sql: postgres.Sql, at: Place) => Promise<Sending | void>> = {
  address_enrichable: async (sql, at) => void (await syncPeople(sql, at, enrichable)),
  address_enriching: async (sql, at) => {
    await syncPeople(sql, at, enrichable);
    await sql`
      select postrider.claim_batch(
        ${at.organizationId}, ${at.campaignId}, 'x', 10, '1 hour', '1 minute'
      )`;
  },
  pending: async (sql, at) => void (await syncPeople(sql, at, people(1))),
  proofing_staged: async (sql, at) => {
    await syncPeople(sql, at, people(1));
    await stage(sql, at, 'proof');
  },
  proofing: async (sql, at) => {
    await syncPeople(sql, at, people(1));
    await beginProof(sql, {
      ...at,
      cohortId: await stageOne(sql, at, 'proof'),
      runnerId: RUNNER,
      leaseMs: LEASE_MS,
    });
  },
  proofed: async (sql, at) => await proofed(sql, at),
  'proofed, with an open piece': async (sql, at) => {
    const batch = await sending(sql, at);
    await settleAll(sql, at, batch, (p) => answered(p, 'retry', { afterMs: 0 }));
  },
  'proofed, and a card may exist': async (sql, at) => await toBeRepeated(sql, at),
  sending_staged: async (sql, at) => {
    await proofed(sql, at);
    await stage(sql, at, 'mail');
  },
  'sending_staged, with an open piece': async (sql, at) => {
    await into['proofed, with an open piece']?.(sql, at);
    await stage(sql, at, 'mail');
  },
  'sending_staged, and a card may exist': async (sql, at) => {
    await toBeRepeated(sql, at);
    await stage(sql, at, 'mail');
  },
  sending: async (sql, at) => await sending(sql, at),
  'sending, and nobody knows': async (sql, at) => await unknownDue(sql, at),
  sent: async (sql, at) => await sent(sql, at),
  received: async (sql, at) => {
    const batch = await sent(sql, at);
    await tell(sql, at, [
      event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'delivered' }),
    ]);
  },
  returned: async (sql, at) => {
    const batch = await sent(sql, at);
    await tell(sql, at, [
      event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'returned' }),
    ]);
  },
  skipped: async (sql, at) => {
    await syncPeople(sql, at, enrichable);
    await sql`select postrider.skip_without_enricher(${at.organizationId}, ${at.campaignId})`;
  },
  blacklisted: async (sql, at) => {
    await suppress(sql, at.organizationId, { email: 'p0@example.com' }, 'test');
    await syncPeople(sql, at, people(1));
  },
  holdout: async (sql, at) => void (await syncPeople(sql, at, people(1))),
  'error, rejected': async (sql, at) => {
    const batch = await sending(sql, at);
    await settleAll(sql, at, batch, (p) => answered(p, 'rejected'));
  },
  'error, outcome unknown': async (sql, at) => {
    await unknownDue(sql, at);
    await giveUp(sql, at);
  },
};

export async function arranged(sql: postgres.Sql, state: string): Promise<Place> {
  const at = await place(sql, state === 'holdout' ? { holdout_percent: 100 } : {});
  await into[state]?.(sql, at);
  assert.equal((await one(sql, at)).state, state.split(',')[0]);
  return at;
}

export const everyState: readonly string[] = Object.keys(into);
