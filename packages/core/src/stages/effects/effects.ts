/**
 * Effects of cards that were sent: claimed in bulk, done once per key at the provider. An outage
 * here neither fails a card nor loses a charge.
 */
import { messageOf } from '../../common/message-of.ts';
import { campaignBrief } from '../../machine/briefs.ts';
import {
  claimEffects,
  settleEffects,
  type ClaimedEffect,
  type EffectKind,
  type EffectSettlement,
} from '../../machine/effects.ts';
import { dueWork, type Work, type Due } from '../../machine/house.ts';
import type { EffectItem } from '../../ports/index.ts';
import { campaignAccount } from '../../runtime/accounts.ts';
import { text } from '../../runtime/answers.ts';
import { askAdapter } from '../../runtime/asking-adapters.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { ResultWriter } from '../../runtime/result-writer.ts';
import { FailureRound } from '../../runtime/work-failures.ts';
import { effectAnswers, type EffectAnswer } from './effect-answers.ts';

const BATCH = 200;
const LEASE_MS = 120_000;
const kinds: readonly EffectKind[] = ['usage_meter', 'event_sink'];

function toItem(organizationId: string, effect: ClaimedEffect): EffectItem {
  return {
    key: effect.key,
    reference: {
      organizationId,
      campaignId: effect.campaignId,
      recipientId: effect.recipientId,
      mailpieceId: effect.mailpieceId,
    },
    occurredAt: effect.occurredAt,
    data: { format: effect.format, mailClass: effect.mailClass, mode: effect.mode },
  };
}

const names: Readonly<Record<EffectKind, string>> = {
  usage_meter: 'usage meter',
  event_sink: 'event sink',
};

/** Effects of one kind and campaign. */
interface EffectGroup {
  readonly organizationId: string;
  readonly campaignId: string;
  readonly kind: EffectKind;
  readonly effects: readonly ClaimedEffect[];
}

async function perform(
  context: PipelineContext,
  { organizationId, campaignId, kind, effects }: EffectGroup,
  signal: AbortSignal,
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
      return sink === null
        ? all(missing)
        : effectAnswers(who, items.length, await sink.emit(items, call));
    }
  }
}

/** Performs and settles them. Does not throw for what an adapter does. */
async function workGroup(
  context: PipelineContext,
  group: EffectGroup,
  round: FailureRound,
): Promise<void> {
  const { sql, logger, settings } = context;
  const { organizationId, campaignId, kind, effects } = group;
  const work: Work = { organizationId, work: kind, campaignId };
  const failed = (error: unknown): void =>
    round.failed(work, {
      error,
      line: 'effects failed and are tried again',
      fields: { effects: effects.length },
    });
  let answers: readonly EffectAnswer[];
  try {
    answers = await askAdapter(
      context,
      // On whose behalf is known once its campaign is read.
      { who: `the ${names[kind]}`, port: kind, account: null },
      async ({ signal }) => await perform(context, group, signal),
      // Another runner may claim them when our lease has passed.
      Math.min(settings.adapterTimeoutMs, LEASE_MS / 2),
    );
    const [first] = answers;
    // Of one that failed for good an alarm tells by itself.
    if (first?.outcome === 'retry' && answers.every(({ outcome }) => outcome === 'retry'))
      failed(new Error(first.message));
    else round.done(work);
  } catch (error) {
    const message = text(messageOf(error));
    failed(error);
    answers = effects.map(() => ({ outcome: 'retry', afterMs: 60_000, message }));
  }
  await context.reach('effects.performed');
  const settler = new ResultWriter<EffectSettlement>({
    write: async (results) => await settleEffects(sql, organizationId, results),
    patienceMs: () => LEASE_MS,
    logger,
  });
  settler.add(
    effects.map(({ mailpieceId }, index) => ({
      mailpieceId,
      kind,
      ...(answers[index] ?? {
        outcome: 'retry',
        message: 'the adapter gave no answer',
        afterMs: null,
      }),
    })),
  );
  await settler.flush();
  await context.reach('effects.settled');
}

export async function beatEffects(context: PipelineContext, due?: Due): Promise<void> {
  for (const id of (due ?? (await dueWork(context.sql))).effects)
    await context.boss.send('effects', { organization_id: id }, { singletonKey: id });
}

async function workKinds(
  context: PipelineContext,
  organizationId: string,
  round: FailureRound,
): Promise<void> {
  for (const kind of kinds) {
    const tried = new Set<string>();
    for (;;) {
      const claim = { organizationId, kind, limit: BATCH, leaseMs: LEASE_MS };
      const effects = await claimEffects(context.sql, claim);
      if (effects.length > 0) await context.reach('effects.claimed');
      // Side by side: the claim is one for all of them, and must not pass while the adapter of
      // another campaign is silent.
      const campaigns = [...new Set(effects.map((effect) => effect.campaignId))];
      await Promise.all(
        campaigns.map(async (campaignId) => {
          const theirs = effects.filter((effect) => effect.campaignId === campaignId);
          const group = { organizationId, campaignId, kind, effects: theirs };
          await workGroup(context, group, round);
        }),
      );
      // The longest due come first: the first that comes again says that there are no others.
      if (
        effects.length < BATCH ||
        context.stopping.aborted ||
        effects.some(({ key }) => tried.has(key))
      )
        break;
      for (const { key } of effects) tried.add(key);
    }
  }
}

/**
 * The job: everything that is due of an organization, once. An effect that is to be tried again
 * waits for a later job.
 */
export async function workEffects(context: PipelineContext, organizationId: string): Promise<void> {
  const round = new FailureRound();
  try {
    await workKinds(context, organizationId, round);
  } finally {
    await round.count(context);
  }
}
