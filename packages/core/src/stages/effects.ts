/** Effects of cards that were sent: claimed in bulk, done once per key at the provider. An outage here neither fails a card nor loses a charge. */
import { claimEffects, settleEffects, type ClaimedEffect, type EffectKind } from '../machine/mailpieces.ts';
import type { PipelineContext } from '../pipeline/context.ts';
import { whatIsDue, type Due } from './due.ts';
import type { EffectItem, EffectResult } from '../ports/index.ts';
import { campaignBrief } from './sync.ts';

const BATCH = 200;
const LEASE_MS = 120_000;
const kinds: readonly EffectKind[] = ['usage_meter', 'event_sink'];

const toItem = (organizationId: string, effect: ClaimedEffect): EffectItem => ({
  key: effect.key,
  reference: { organizationId, campaignId: effect.campaignId, recipientId: effect.recipientId, mailpieceId: effect.mailpieceId },
  occurredAt: effect.occurredAt,
  data: { format: effect.format, mailClass: effect.mailClass, mode: effect.mode },
});

const perform = async (
  context: PipelineContext,
  organizationId: string,
  campaignId: string,
  kind: EffectKind,
  effects: readonly ClaimedEffect[],
): Promise<readonly EffectResult[]> => {
  const campaign = await campaignBrief(context, organizationId, campaignId);
  const call = context.callContext(context.stopping);
  const missing = (what: string): EffectResult[] =>
    effects.map(() => ({ outcome: 'retry', afterMs: 3_600_000, message: `the campaign has no ${what} any more` }));
  switch (kind) {
    case 'usage_meter': {
      const meter = await context.integrations.usageMeter(campaign);
      return (
        (await meter?.record(
          effects.map((effect) => toItem(organizationId, effect)),
          call,
        )) ?? missing('usage meter')
      );
    }
    case 'event_sink': {
      const sink = await context.integrations.eventSink(campaign);
      return (
        (await sink?.emit(
          effects.map((effect) => toItem(organizationId, effect)),
          call,
        )) ?? missing('event sink')
      );
    }
  }
};

export const beatEffects = async (context: PipelineContext, due?: Due): Promise<void> => {
  for (const id of (due ?? (await whatIsDue(context))).effects)
    await context.boss.send('effects', { organization_id: id }, { singletonKey: id });
};

/** The job: everything that is due of an organization. */
export const workEffects = async (context: PipelineContext, organizationId: string): Promise<void> => {
  for (const kind of kinds) {
    for (;;) {
      const effects = await claimEffects(context.sql, organizationId, kind, BATCH, LEASE_MS);
      if (effects.length > 0) await context.reach('effects.claimed');
      for (const campaignId of new Set(effects.map((effect) => effect.campaignId))) {
        const group = effects.filter((effect) => effect.campaignId === campaignId);
        let results: readonly EffectResult[];
        try {
          results = await perform(context, organizationId, campaignId, kind, group);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          context.logger.warn({ kind, effects: group.length, error: message }, 'effects failed and are tried again');
          results = group.map(() => ({ outcome: 'retry', afterMs: 60_000, message }));
        }
        await context.reach('effects.performed');
        await settleEffects(
          context.sql,
          organizationId,
          group.map((effect, index) => ({
            mailpieceId: effect.mailpieceId,
            kind,
            ...(results[index] ?? { outcome: 'retry', afterMs: 60_000, message: 'the adapter gave no answer' }),
          })),
        );
        await context.reach('effects.settled');
      }
      if (effects.length < BATCH || context.stopping.aborted) break;
    }
  }
};
