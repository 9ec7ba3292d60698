/**
 * Enrichment: people known by e-mail get a postal address. Batches may take hours: they live in
 * rows, and any runner looks after them.
 */
import { campaignBrief } from '../../machine/briefs.ts';
import {
  campaignsToEnrich,
  claimBatch,
  giveBackBatch,
  noteBatchSubmitted,
  organizationsToEnrich,
  giveBackOrphans,
  skipWithoutEnricher,
} from '../../machine/enrich.ts';
import type { Work } from '../../machine/house.ts';
import type { SilentAdapterError } from '../../runtime/asking.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { workDone, workFailed } from '../../runtime/work-failures.ts';
import { collect, collectDue } from './collect.ts';
import { submissionAnswer } from './enricher-answers.ts';
import { askEnricher, enricherOf, silenceMs } from './enricher.ts';

// Between the claim and the call, and for a call that was given up to arrive at the enricher all
// the same.
const HAND_OVER_MARGIN_MS = 60_000;

/** Takes people into batches, hands them over, and takes at once what is answered at once. */
export async function enrichCampaign(
  context: PipelineContext,
  organizationId: string,
  campaignId: string,
): Promise<number> {
  const { sql, settings } = context;
  const handOver: Work = { organizationId, work: 'enrich', campaignId };
  const campaign = await campaignBrief(context.sql, organizationId, campaignId);
  const enricher = await enricherOf(context, campaign);
  if (enricher === null) {
    const skipped = await skipWithoutEnricher(sql, organizationId, campaignId);
    await workDone(context, handOver);
    return skipped;
  }
  let people = 0;
  while (!context.stopping.aborted) {
    const { batchSize, batchDeadlineMs } = settings;
    const restMs = silenceMs(context) + HAND_OVER_MARGIN_MS;
    const asOf = Date.now();
    const batch = await claimBatch(
      sql,
      { organizationId, campaignId, enricher: enricher.name },
      {
        limit: batchSize,
        deadlineMs: batchDeadlineMs,
        restMs,
      },
    );
    if (batch === null) return people;
    await context.reach('enrich.claimed');
    people += batch.people.length + batch.cached;
    context.meter.people(campaign, 'enriched', batch.cached);
    if (batch.people.length === 0) continue;
    // This process was stopped for a while: another runner may have found that the enricher does
    // not have the batch, and have claimed its people again.
    if (Date.now() - asOf > HAND_OVER_MARGIN_MS / 2)
      throw new Error(
        `batch ${batch.batchId} came too late to be handed over; it is looked after later`,
      );
    const submitted = submissionAnswer(
      await askEnricher(
        context,
        enricher,
        async (call) => await enricher.port.submit(batch.batchId, batch.people, call),
      ),
    );
    if (submitted.outcome !== 'accepted') {
      await workFailed(context, handOver, {
        error: new Error(submitted.message),
        line: 'the enricher did not take the batch; its people go back',
        fields: { campaign: campaign.name, people: batch.people.length },
      });
      await giveBackBatch(sql, {
        organizationId,
        batchId: batch.batchId,
        why: submitted.message,
        afterMs: submitted.outcome === 'retry' ? submitted.afterMs : 3_600_000,
      });
      return people;
    }
    await context.reach('enrich.submitted');
    const providerBatchId = await noteBatchSubmitted(sql, {
      organizationId,
      batchId: batch.batchId,
      providerBatchId: submitted.providerBatchId,
    });
    await workDone(context, handOver);
    try {
      await collect(
        context,
        campaign,
        { batchId: batch.batchId, providerBatchId, overdue: false },
        enricher,
      );
    } catch (error) {
      // It has them: only what it found is missing, and it is asked for that again.
      const work: Work = { organizationId, work: 'collect', campaignId };
      await workFailed(context, work, {
        error,
        line: 'the enricher took the batch, and could not be asked what it found',
        fields: { campaign: campaign.name },
      });
      throw error;
    }
  }
  return people;
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

/** The job. One campaign's failure does not stop the next. */
export async function workEnrich(
  context: PipelineContext,
  organizationId: string,
  onlyDue: boolean,
): Promise<void> {
  const orphans: Work = { organizationId, work: 'collect' };
  await giveBackOrphans(context.sql, organizationId).then(
    async () => await workDone(context, orphans),
    async (error: unknown) =>
      await workFailed(context, orphans, {
        error,
        line: 'people of batches that are gone could not be given back',
      }),
  );
  const silent = new Map<string, SilentAdapterError>();
  await collectDue(context, organizationId, silent);
  if (onlyDue) return;
  for (const id of await campaignsToEnrich(context.sql, organizationId)) {
    if (silent.has(id)) continue;
    await enrichCampaign(context, organizationId, id).catch(
      async (error: unknown) =>
        await workFailed(
          context,
          { organizationId, work: 'enrich', campaignId: id },
          { error, line: 'enrichment failed' },
        ),
    );
  }
}
