/** Proofing: pending → proofing_staged → proofing → proofed. A cohort is rendered as one document where the renderer can. */
import { beginProof, settleProof, stageRound, type BegunCard, type CampaignBrief, type ProofSettlement } from '../machine/cohorts.ts';
import type { Lease } from '../pipeline/leases.ts';
import type { PipelineContext } from '../pipeline/context.ts';
import { Settler } from '../pipeline/settling.ts';
import type { CallContext, CardRequest, ImageHost, RenderedDocument, Renderer, RenderResult } from '../ports/index.ts';

/** Makes cohorts until the window is full or nobody is ready. */
export const stageProofs = async (context: PipelineContext): Promise<void> => {
  const { sql, settings } = context;
  while ((await stageRound(sql, 'proof', settings.window, settings.cohortSize)) > 0 && !context.stopping.aborted)
    await context.reach('proof.staged');
};

const toRequest = (campaign: CampaignBrief, card: BegunCard): CardRequest => ({
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
});

const store = async (
  host: ImageHost,
  documents: readonly RenderedDocument[],
  results: readonly RenderResult[],
  call: CallContext,
): Promise<ProofSettlement[]> => {
  const stored = await host.put(documents, call);
  return results.map((result): ProofSettlement => {
    if (result.outcome === 'failed')
      return { recipientId: result.recipientId, outcome: 'failed', message: `${result.reason}: ${result.message}` };
    if (result.outcome === 'retry') return result;
    const put = stored[result.document];
    if (put?.outcome === 'stored')
      return {
        recipientId: result.recipientId,
        outcome: 'rendered',
        contentHash: result.contentHash,
        frontUrl: put.url,
        frontPage: result.frontPage,
        backUrl: put.url,
        backPage: result.backPage,
      };
    if (put?.outcome === 'failed') return { recipientId: result.recipientId, outcome: 'failed', message: `image host: ${put.message}` };
    return {
      recipientId: result.recipientId,
      outcome: 'retry',
      message: put === undefined ? 'the image host gave no answer' : `image host: ${put.message}`,
      afterMs: put?.afterMs ?? null,
    };
  });
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const render = async (
  adapters: { renderer: Renderer; host: ImageHost },
  campaign: CampaignBrief,
  cards: readonly CardRequest[],
  call: CallContext,
): Promise<ProofSettlement[]> => {
  const { documents, results } = await adapters.renderer.render({ template: campaign.template, format: campaign.format, cards }, call);
  return await store(adapters.host, documents, results, call);
};

/** One cohort, from its job to the last settle. Never throws once it has begun: whatever happens, reap knows what to do. */
export const workProof = async (context: PipelineContext, organizationId: string, cohortId: string): Promise<void> => {
  const { sql, settings, leases, logger, runnerId } = context;
  const lease: Lease = leases.prepare(organizationId, cohortId);
  const begun = await beginProof(sql, organizationId, cohortId, runnerId, settings.leaseMs);
  if (begun === null) return;
  leases.hold(lease);
  await context.reach('proof.begun');
  const settler = new Settler<ProofSettlement>({
    write: async (results, last) => await settleProof(sql, organizationId, cohortId, results, last),
    patienceMs: () => Math.max(lease.leftMs, 0),
    logger,
  });
  try {
    const call = context.callContext(AbortSignal.any([lease.signal, context.stopping]));
    const cards = begun.cards.map((card) => toRequest(begun.campaign, card));
    try {
      const adapters = {
        renderer: await context.integrations.renderer(begun.campaign),
        host: await context.integrations.imageHost(begun.campaign),
      };
      try {
        const results = await render(adapters, begun.campaign, cards, call);
        await context.reach('proof.rendered');
        settler.add(results);
      } catch (error) {
        if (cards.length === 1 || call.signal.aborted) throw error;
        // One card may have brought down the others: each is tried by itself, so that it convicts itself.
        logger.warn({ cohort: cohortId, error: messageOf(error) }, 'the cohort could not be rendered together: rendering one by one');
        for (const card of cards) {
          settler.add(
            await render(adapters, begun.campaign, [card], call).catch((single: unknown) => [
              { recipientId: card.recipientId, outcome: 'retry' as const, message: messageOf(single), afterMs: null },
            ]),
          );
        }
      }
    } catch (error) {
      logger.warn(
        { cohort: cohortId, campaign: begun.campaign.name, error: messageOf(error) },
        'the cohort could not be rendered; it is tried again',
      );
      settler.add(
        cards.map((card) => ({ recipientId: card.recipientId, outcome: 'retry' as const, message: messageOf(error), afterMs: null })),
      );
    }
    await settler.end();
    await context.reach('proof.settled');
  } finally {
    leases.release(lease);
    context.wake('proof');
  }
};
