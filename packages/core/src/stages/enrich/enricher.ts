/** The enricher of a campaign, and how it is asked. */
import type { CampaignBrief } from '../../machine/briefs.ts';
import type { CallAccount } from '../../machine/provider-calls.ts';
import type { AddressEnricher, CallContext } from '../../ports/index.ts';
import { campaignAccount } from '../../runtime/accounts.ts';
import { askAdapter } from '../../runtime/asking-adapters.ts';
import type { PipelineContext } from '../../runtime/context.ts';

export interface NamedEnricher {
  readonly name: string;
  readonly port: AddressEnricher;
  /** On whose behalf it is asked. */
  readonly account: CallAccount | null;
}

/** No call may last longer than the batch itself. */
export function silenceMs({ settings }: PipelineContext): number {
  return Math.min(settings.adapterTimeoutMs, settings.batchDeadlineMs);
}

export async function askEnricher<Answer>(
  context: PipelineContext,
  { name, account }: NamedEnricher,
  call: (context: CallContext) => Promise<Answer>,
): Promise<Answer> {
  return await askAdapter(
    context,
    { who: `enricher ${name}`, port: 'enricher', account },
    call,
    silenceMs(context),
  );
}

export async function enricherOf(
  context: PipelineContext,
  campaign: CampaignBrief,
): Promise<NamedEnricher | null> {
  const made = await askAdapter(
    context,
    { who: 'the maker of the enricher', port: null, account: null },
    async () => await context.integrations.enricher(campaign),
  );
  return made === null ? null : { ...made, account: campaignAccount(campaign, 'enricher') };
}
