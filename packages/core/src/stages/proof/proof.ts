/**
 * Proofing: pending → proofing_staged → proofing → proofed. A cohort is rendered as one document
 * where the renderer can.
 */
import type { CampaignBrief } from '../../machine/briefs.ts';
import {
  beginProof,
  settleProof,
  type BegunCard,
  type ProofSettlement,
} from '../../machine/proof.ts';
import type { CardRequest } from '../../ports/index.ts';
import { workCohort } from '../../runtime/cohorts.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { renderCohort } from './render.ts';

/**
 * One cohort, from its job to the last settle. Never throws once it has begun: whatever happens,
 * reap knows what to do.
 */
export async function workProof(
  context: PipelineContext,
  organizationId: string,
  cohortId: string,
): Promise<void> {
  const cohort = { organizationId, cohortId };
  return await workCohort(context, cohort, {
    stage: 'proof',
    begin: beginProof,
    settle: async (results: readonly ProofSettlement[], last) =>
      await settleProof(context.sql, { ...cohort, results, last }),
    patienceMs: 0,
    wakes: ['proof'],
    work: async ({ campaign, cards }, leased) => {
      const requests = cards.map((card) => toRequest(campaign, card));
      await renderCohort(context, { campaign, cards: requests }, leased);
    },
  });
}

function toRequest(campaign: CampaignBrief, card: BegunCard): CardRequest {
  return {
    recipientId: card.recipientId,
    firstName: card.firstName,
    lastName: card.lastName,
    address: {
      line1: card.line1,
      line2: card.line2,
      city: card.city,
      region: card.region,
      postalCode: card.postalCode,
      country: card.country,
    },
    returnAddress: campaign.returnAddress,
    merge: card.merge,
    reference: card.reference,
  };
}
