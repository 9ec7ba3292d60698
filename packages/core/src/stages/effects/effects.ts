/**
 * What follows from what happened to cards: claimed in bulk, done once per key at the provider. An
 * outage here neither fails a card nor loses a charge or an event, and keeps nobody else waiting:
 * each campaign's meter and sink is worked by itself.
 */
import { campaignBrief } from '../../machine/briefs.ts';
import {
  claimEffects,
  dueEffects,
  settleEffects,
  type ClaimedEffect,
  type EffectGroup,
  type EffectKind,
  type EffectSettlement,
} from '../../machine/effects.ts';
import { dueWork, type Due } from '../../machine/house.ts';
import type { EffectItem } from '../../ports/index.ts';
import { campaignAccount } from '../../runtime/accounts.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { ResultWriter } from '../../runtime/result-writer.ts';
import { FailureRound } from '../../runtime/work-failures.ts';
import { askForBatch, BATCH, LEASE_MS } from './batches.ts';
import { effectAnswers, type EffectAnswer } from './effect-answers.ts';
import { cleanUpImages } from './image-cleanup.ts';

/** Campaigns of one organization. */
const SIDE_BY_SIDE = 16;
/** Of a campaign, in one job: then others have their turn. */
const MOST_BATCHES = 20;

function toItem(organizationId: string, effect: ClaimedEffect): EffectItem {
  return {
    key: effect.key,
    reference: {
      organizationId,
      campaignId: effect.campaignId,
      recipientId: effect.recipientId,
      mailpieceId: effect.mailpieceId,
    },
    status: effect.status,
    occurredAt: effect.occurredAt,
    isBackfill: effect.isBackfill,
    attempt: effect.attempt,
    externalId: effect.externalId,
    organization: effect.organization,
    campaign: effect.campaign,
    mode: effect.mode,
    format: effect.format,
    mailClass: effect.mailClass,
    tracking: {
      printer: effect.printer,
      providerId: effect.providerId,
      acceptedAt: effect.acceptedAt,
      expectedDelivery: effect.expectedDelivery,
      rerouted: effect.rerouted,
      confidence: effect.confidence,
    },
  };
}

const names: Readonly<Record<EffectKind, string>> = {
  usage_meter: 'usage meter',
  event_sink: 'event sink',
};

/** What was claimed at once of a group. */
interface EffectBatch extends EffectGroup {
  readonly organizationId: string;
  readonly effects: readonly ClaimedEffect[];
}

async function perform(
  context: PipelineContext,
  { organizationId, campaignId, kind, effects }: EffectBatch,
  { signal, offAfter }: { signal: AbortSignal; offAfter: (ms: number | null) => void },
): Promise<readonly EffectAnswer[]> {
  const { integrations } = context;
  const campaign = await campaignBrief(context.sql, organizationId, campaignId);
  const call = context.callContext(signal, campaignAccount(campaign, kind));
  const items = effects.map((effect) => toItem(organizationId, effect));
  const all = (answer: EffectAnswer): EffectAnswer[] => effects.map(() => answer);
  const missing: EffectAnswer = {
    outcome: 'retry',
    afterMs: 3_600_000,
    message: `the campaign has no ${names[kind]} any more`,
  };
  const who = `the ${names[kind]}`;
  switch (kind) {
    case 'usage_meter': {
      const meter = await integrations.usageMeter(campaign);
      return meter === null
        ? all(missing)
        : effectAnswers(who, items.length, await meter.record(items, call));
    }
    case 'event_sink': {
      const sink = await integrations.eventSink(campaign);
      offAfter(sink?.offAfterMs ?? null);
      return sink === null
        ? all(missing)
        : effectAnswers(who, items.length, await sink.emit(items, call));
    }
  }
}

/**
 * Performs and settles them, and says whether anything was done. Does not throw for what an adapter
 * does.
 */
async function workBatch(
  context: PipelineContext,
  batch: EffectBatch,
  round: FailureRound,
): Promise<boolean> {
  const { sql, logger } = context;
  const { organizationId, campaignId, kind, effects } = batch;
  let offAfterMs: number | null = null;
  const offAfter = (ms: number | null): void => {
    offAfterMs = ms;
  };
  const answered = await askForBatch(
    context,
    {
      // On whose behalf is known once its campaign is read.
      asked: { who: `the ${names[kind]}`, port: kind, account: null },
      items: effects,
      work: { organizationId, work: kind, campaignId },
      round,
      line: 'effects failed and are tried again',
      fields: { effects: effects.length },
    },
    async ({ signal }) => await perform(context, batch, { signal, offAfter }),
  );
  await context.reach('effects.performed');
  const settler = new ResultWriter<EffectSettlement>({
    write: async (results) => await settleEffects(sql, organizationId, results, offAfterMs),
    patienceMs: () => LEASE_MS,
    logger,
  });
  settler.add(
    answered.map(([{ mailpieceId, status }, answer]) => ({
      mailpieceId,
      kind,
      status,
      ...answer,
    })),
  );
  await settler.flush();
  await context.reach('effects.settled');
  return answered.some(([, { outcome }]) => outcome !== 'retry' && outcome !== 'refused');
}

export async function beatEffects(context: PipelineContext, due?: Due): Promise<void> {
  for (const id of (due ?? (await dueWork(context.sql))).effects) await sendJob(context, id);
}

async function sendJob({ boss }: PipelineContext, id: string): Promise<void> {
  await boss.send('effects', { organization_id: id }, { singletonKey: id });
}

/**
 * What is due of one kind and campaign, batch by batch. Says whether there may be more that can be
 * done now.
 */
async function workGroup(
  context: PipelineContext,
  group: EffectGroup & { readonly organizationId: string },
  round: FailureRound,
  mostBatches: number,
): Promise<boolean> {
  const tried = new Set<string>();
  for (let batch = 0; batch < mostBatches; batch += 1) {
    if (context.stopping.aborted) return false;
    const effects = await claimEffects(context.sql, { ...group, limit: BATCH, leaseMs: LEASE_MS });
    if (effects.length === 0) return false;
    await context.reach('effects.claimed');
    const anythingDone = await workBatch(context, { ...group, effects }, round);
    // The longest due come first: the first that comes again says that there are no others. Where
    // nothing of a batch was done the others can wait, too: a sink that is down is asked once a
    // beat, and not once for each batch that waits.
    if (effects.length < BATCH || !anythingDone || effects.some(({ key }) => tried.has(key)))
      return false;
    for (const { key } of effects) tried.add(key);
  }
  return true;
}

/**
 * The job: what is due of an organization, once. An effect that is to be tried again waits for a
 * later job. Campaigns are worked side by side: a sink that is silent keeps no other campaign
 * waiting for longer than one call of it. A sink that is behind by a million events has them by one
 * job after the other, between which other organizations have their turn, and what became due
 * meanwhile.
 */
export async function workEffects(
  context: PipelineContext,
  organizationId: string,
  mostBatches = MOST_BATCHES,
): Promise<void> {
  const round = new FailureRound();
  try {
    const groups = await dueEffects(context.sql, organizationId);
    let isMoreDue = false;
    await eachOf(groups, SIDE_BY_SIDE, async ({ kind, campaignId }) => {
      const campaign = { organizationId, campaignId };
      if (kind === 'image_cleanup') await cleanUpImages(context, campaign, round);
      else if (await workGroup(context, { ...campaign, kind }, round, mostBatches))
        isMoreDue = true;
    });
    if (isMoreDue) await sendJob(context, organizationId);
  } finally {
    await round.count(context);
  }
}

/** At most so many at a time. Rejects with the first failure, after all have ended. */
async function eachOf<Item>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const lane = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  const lanes = Array.from({ length: most }, lane);
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
}
