/**
 * Enrichment: people known by e-mail get a postal address. Batches may take hours: they live in
 * rows, and are looked after by whoever is there.
 */
import { messageOf } from '../../common/message-of.ts';
import { campaignBrief, type CampaignBrief } from '../../machine/briefs.ts';
import {
  type DueBatch,
  campaignsToEnrich,
  claimBatch,
  dueBatches,
  loseBatch,
  noteSubmitted,
  organizationsToEnrich,
  returnOrphans,
  settleBatch,
  skipWithoutEnricher,
} from '../../machine/enrich.ts';
import type { Work } from '../../machine/house.ts';
import type { AddressEnricher, CallContext } from '../../ports/index.ts';
import { askAdapter } from '../../runtime/asking-adapters.ts';
import { SilentAdapterError } from '../../runtime/asking.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { Round, workDone, workFailed } from '../../runtime/work-failures.ts';
import { collectAnswer, batchIdAnswer, submissionAnswer } from './enricher-answers.ts';

interface NamedEnricher {
  readonly name: string;
  readonly port: AddressEnricher;
}

/** No call may last longer than the batch itself. */
function silenceMs({ settings }: PipelineContext): number {
  return Math.min(settings.adapterTimeoutMs, settings.batchDeadlineMs);
}

// Between the claim and the call, and for a call that was given up to arrive at the enricher all
// the same.
const SPARE_MS = 60_000;

async function askEnricher<Answer>(
  context: PipelineContext,
  name: string,
  call: (context: CallContext) => Promise<Answer>,
): Promise<Answer> {
  return await askAdapter(context, `enricher ${name}`, call, silenceMs(context));
}

async function enricherOf(
  context: PipelineContext,
  campaign: CampaignBrief,
): Promise<NamedEnricher | null> {
  return await askAdapter(
    context,
    'the maker of the enricher',
    async () => await context.integrations.enricher(campaign),
  );
}

/** Throws where the answer cannot be used, and where there is none past the deadline. */
async function collect(
  context: PipelineContext,
  organizationId: string,
  batch: { batchId: string; providerBatchId: string; overdue: boolean },
  enricher: NamedEnricher,
): Promise<void> {
  const answer = collectAnswer(
    await askEnricher(
      context,
      enricher.name,
      async (call) => await enricher.port.collect(batch.providerBatchId, call),
    ),
  );
  await context.reach('enrich.collected');
  switch (answer.outcome) {
    case 'done':
      if (Object.keys(answer.unusable).length > 0) {
        context.logger.warn(
          { batch: batch.batchId, enricher: enricher.name, unusable: answer.unusable },
          'some of the results cannot be used; these people count as not found, and are not remembered as such',
        );
      }
      await settleBatch(
        context.sql,
        organizationId,
        batch.batchId,
        enricher.name,
        answer.results,
        true,
      );
      return;
    case 'lost':
      await loseBatch(context.sql, organizationId, batch.batchId, answer.message, 60_000);
      return;
    case 'pending':
      if (batch.overdue) throw new Error('it is still at work');
  }
}

/** Takes people into batches, hands them over, and takes at once what is answered at once. */
export async function enrichCampaign(
  context: PipelineContext,
  organizationId: string,
  campaignId: string,
): Promise<number> {
  const { sql, settings } = context;
  const handing: Work = { organizationId, work: 'enrich', campaignId };
  const campaign = await campaignBrief(context.sql, organizationId, campaignId);
  const enricher = await enricherOf(context, campaign);
  if (enricher === null) {
    const skipped = await skipWithoutEnricher(sql, organizationId, campaignId);
    await workDone(context, handing);
    return skipped;
  }
  let people = 0;
  while (!context.stopping.aborted) {
    const { batchSize, batchDeadlineMs } = settings;
    const restMs = silenceMs(context) + SPARE_MS;
    const asOf = Date.now();
    const batch = await claimBatch(sql, organizationId, campaignId, enricher.name, {
      limit: batchSize,
      deadlineMs: batchDeadlineMs,
      restMs,
    });
    if (batch === null) return people;
    await context.reach('enrich.claimed');
    people += batch.people.length + batch.cached;
    if (batch.people.length === 0) continue;
    // We were stopped for a while: somebody else may have found that the enricher does not have it,
    // and have claimed its people again.
    if (Date.now() - asOf > SPARE_MS / 2)
      throw new Error(
        `batch ${batch.batchId} came too late to be handed over; it is looked after later`,
      );
    const submitted = submissionAnswer(
      await askEnricher(
        context,
        enricher.name,
        async (call) => await enricher.port.submit(batch.batchId, batch.people, call),
      ),
    );
    if (submitted.outcome !== 'accepted') {
      await workFailed(
        context,
        handing,
        new Error(submitted.message),
        'the enricher did not take the batch; its people go back',
        {
          campaign: campaign.name,
          people: batch.people.length,
        },
      );
      await loseBatch(
        sql,
        organizationId,
        batch.batchId,
        submitted.message,
        submitted.outcome === 'retry' ? submitted.afterMs : 3_600_000,
      );
      return people;
    }
    await context.reach('enrich.submitted');
    const providerBatchId = await noteSubmitted(
      sql,
      organizationId,
      batch.batchId,
      submitted.providerBatchId,
    );
    await workDone(context, handing);
    try {
      await collect(
        context,
        organizationId,
        { batchId: batch.batchId, providerBatchId, overdue: false },
        enricher,
      );
    } catch (error) {
      // It has them: only what it found is missing, and it is asked for that again.
      const work: Work = { organizationId, work: 'collect', campaignId };
      await workFailed(
        context,
        work,
        error,
        'the enricher took the batch, and could not be asked what it found',
        {
          campaign: campaign.name,
        },
      );
      throw error;
    }
  }
  return people;
}

/** Asks the enricher that took the batch. Throws where it is not the campaign's any more. */
async function collectDue(
  context: PipelineContext,
  organizationId: string,
  batch: DueBatch,
): Promise<void> {
  const enricher = await enricherOf(
    context,
    await campaignBrief(context.sql, organizationId, batch.campaignId),
  );
  if (enricher === null || (batch.enricher !== null && batch.enricher !== enricher.name)) {
    throw new Error(
      `the batch is at ${batch.enricher ?? 'an enricher'}, and the enricher of the campaign is ${enricher?.name ?? 'none'}; ` +
        'apply the campaign with the old one to have its answer, or let its people go back at the deadline of the batch',
    );
  }
  let id = batch.providerBatchId;
  if (id === null) {
    // Claimed by a runner that went silent: the enricher may or may not have it.
    const found = batchIdAnswer(
      await askEnricher(
        context,
        enricher.name,
        async (call) => await enricher.port.find(batch.batchId, call),
      ),
    );
    if (found === null) {
      await loseBatch(
        context.sql,
        organizationId,
        batch.batchId,
        'claimed, and never handed to the enricher',
        0,
      );
      return;
    }
    id = await noteSubmitted(context.sql, organizationId, batch.batchId, found);
  }
  await collect(
    context,
    organizationId,
    { batchId: batch.batchId, providerBatchId: id, overdue: batch.overdue },
    enricher,
  );
}

/**
 * Resolves with why the enricher did not answer; null where it did.
 * @param silent campaigns whose enricher fell silent in this job: nobody waits for it again.
 */
async function lookAfter(
  context: PipelineContext,
  organizationId: string,
  batch: DueBatch,
  silent: Map<string, SilentAdapterError>,
): Promise<{ error: unknown } | null> {
  try {
    const before = silent.get(batch.campaignId);
    if (before !== undefined) throw before;
    await collectDue(context, organizationId, batch);
    return null;
  } catch (error) {
    if (error instanceof SilentAdapterError) silent.set(batch.campaignId, error);
    // Past the deadline it does not matter why there is no answer: nobody is kept for ever.
    if (batch.overdue && !context.stopping.aborted)
      await loseBatch(
        context.sql,
        organizationId,
        batch.batchId,
        `the enricher did not answer in time: ${messageOf(error)}`,
        60_000,
      );
    return { error };
  }
}

/**
 * The beat: one job per organization with somebody to look up. `onlyDue` looks after batches that
 * are out, between the times of day.
 */
export async function beatEnrich(context: PipelineContext, onlyDue: boolean): Promise<void> {
  for (const id of await organizationsToEnrich(context.sql, { onlyDue }))
    await context.boss.send(
      'enrich',
      { organization_id: id, only_due: onlyDue },
      { singletonKey: id },
    );
}

/** Looks after all batches that are due. */
async function collectAll(
  context: PipelineContext,
  organizationId: string,
  silent: Map<string, SilentAdapterError>,
): Promise<void> {
  const round = new Round();
  for (const batch of await dueBatches(context.sql, organizationId)) {
    const work: Work = { organizationId, work: 'collect', campaignId: batch.campaignId };
    const failed = await lookAfter(context, organizationId, batch, silent).catch(
      (error: unknown) => ({ error }),
    );
    if (failed === null) round.done(work);
    else round.failed(work, failed.error, 'enrichment failed', { batch: batch.batchId });
  }
  await round.count(context);
}

/** The job. One campaign's failure does not stop the next. */
export async function workEnrich(
  context: PipelineContext,
  organizationId: string,
  onlyDue: boolean,
): Promise<void> {
  const orphans: Work = { organizationId, work: 'collect' };
  await returnOrphans(context.sql, organizationId).then(
    async () => await workDone(context, orphans),
    async (error: unknown) =>
      await workFailed(
        context,
        orphans,
        error,
        'people of batches that are gone could not be given back',
      ),
  );
  const silent = new Map<string, SilentAdapterError>();
  await collectAll(context, organizationId, silent);
  if (onlyDue) return;
  for (const id of await campaignsToEnrich(context.sql, organizationId)) {
    if (silent.has(id)) continue;
    await enrichCampaign(context, organizationId, id).catch(
      async (error: unknown) =>
        await workFailed(
          context,
          { organizationId, work: 'enrich', campaignId: id },
          error,
          'enrichment failed',
        ),
    );
  }
}
