/** What an enricher found: batches that are out are looked after until they are settled or lost. */
import { messageOf } from '../../common/message-of.ts';
import { campaignBrief, type CampaignBrief } from '../../machine/briefs.ts';
import {
  dueBatches,
  giveBackBatch,
  noteBatchSubmitted,
  settleBatch,
  type DueBatch,
} from '../../machine/enrich.ts';
import type { Work } from '../../machine/house.ts';
import { SilentAdapterError } from '../../runtime/asking.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { FailureRound } from '../../runtime/work-failures.ts';
import { batchIdAnswer, collectAnswer } from './enricher-answers.ts';
import { askEnricher, enricherOf, type NamedEnricher } from './enricher.ts';

/** Throws where the answer cannot be used, and where there is none past the deadline. */
export async function collect(
  context: PipelineContext,
  campaign: CampaignBrief,
  batch: { batchId: string; providerBatchId: string; overdue: boolean },
  enricher: NamedEnricher,
): Promise<void> {
  const { organizationId } = campaign;
  const answer = collectAnswer(
    await askEnricher(
      context,
      enricher,
      async (call) => await enricher.port.collect(batch.providerBatchId, call),
    ),
  );
  await context.reach('enrich.collected');
  switch (answer.outcome) {
    case 'done':
      if (Object.keys(answer.unusable).length > 0) {
        context.logger.warn(
          { batch: batch.batchId, enricher: enricher.name, unusable: answer.unusable },
          'some of the results cannot be used; these people count as not found, and are not ' +
            'remembered as such',
        );
      }
      await settleBatch(context.sql, {
        organizationId,
        batchId: batch.batchId,
        enricher: enricher.name,
        results: answer.results,
        last: true,
      });
      context.meter.people(campaign, 'enriched', answer.results.length);
      return;
    case 'lost':
      await giveBackBatch(context.sql, {
        organizationId,
        batchId: batch.batchId,
        why: answer.message,
        afterMs: 60_000,
      });
      return;
    case 'pending':
      if (batch.overdue) throw new Error('it is still at work');
  }
}

/** Looks after all batches that are due. */
export async function collectDue(
  context: PipelineContext,
  organizationId: string,
  silent: Map<string, SilentAdapterError>,
): Promise<void> {
  const round = new FailureRound();
  for (const batch of await dueBatches(context.sql, organizationId)) {
    const work: Work = { organizationId, work: 'collect', campaignId: batch.campaignId };
    const failed = await collectOrLose(context, organizationId, batch, silent).catch(
      (error: unknown) => ({ error }),
    );
    if (failed === null) round.done(work);
    else
      round.failed(work, {
        error: failed.error,
        line: 'enrichment failed',
        fields: { batch: batch.batchId },
      });
  }
  await round.count(context);
}

/** Asks the enricher that took the batch. Throws where it is not the campaign's any more. */
async function collectBatch(
  context: PipelineContext,
  organizationId: string,
  batch: DueBatch,
): Promise<void> {
  const campaign = await campaignBrief(context.sql, organizationId, batch.campaignId);
  const enricher = await enricherOf(context, campaign);
  if (enricher === null || (batch.enricher !== null && batch.enricher !== enricher.name)) {
    throw new Error(
      `the batch is at ${batch.enricher ?? 'an enricher'}, and the enricher of the campaign ` +
        `is ${enricher?.name ?? 'none'}; ` +
        'apply the campaign with the old one to have its answer, or let its people go back ' +
        'at the deadline of the batch',
    );
  }
  let id = batch.providerBatchId;
  if (id === null) {
    // Claimed by a runner that went silent: the enricher may or may not have it.
    const found = batchIdAnswer(
      await askEnricher(
        context,
        enricher,
        async (call) => await enricher.port.find(batch.batchId, call),
      ),
    );
    if (found === null) {
      await giveBackBatch(context.sql, {
        organizationId,
        batchId: batch.batchId,
        why: 'claimed, and never handed to the enricher',
        afterMs: 0,
      });
      return;
    }
    id = await noteBatchSubmitted(context.sql, {
      organizationId,
      batchId: batch.batchId,
      providerBatchId: found,
    });
  }
  await collect(
    context,
    campaign,
    { batchId: batch.batchId, providerBatchId: id, overdue: batch.overdue },
    enricher,
  );
}

/**
 * Resolves with why the enricher did not answer; null where it did.
 * @param silent campaigns whose enricher fell silent in this job: it is not asked again.
 */
async function collectOrLose(
  context: PipelineContext,
  organizationId: string,
  batch: DueBatch,
  silent: Map<string, SilentAdapterError>,
): Promise<{ error: unknown } | null> {
  try {
    const before = silent.get(batch.campaignId);
    if (before !== undefined) throw before;
    await collectBatch(context, organizationId, batch);
    return null;
  } catch (error) {
    if (error instanceof SilentAdapterError) silent.set(batch.campaignId, error);
    // Past the deadline it does not matter why there is no answer: no recipient is kept for ever.
    if (batch.overdue && !context.stopping.aborted)
      await giveBackBatch(context.sql, {
        organizationId,
        batchId: batch.batchId,
        why: `the enricher did not answer in time: ${messageOf(error)}`,
        afterMs: 60_000,
      });
    return { error };
  }
}
