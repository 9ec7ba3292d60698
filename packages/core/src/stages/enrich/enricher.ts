/** The enricher of a campaign, and how it is asked. */
import type { CampaignBrief } from '../../machine/briefs.ts';
import type { AddressEnricher, CallContext } from '../../ports/index.ts';
import { askAdapter } from '../../runtime/asking-adapters.ts';
import type { PipelineContext } from '../../runtime/context.ts';

export interface NamedEnricher {
  readonly name: string;
  readonly port: AddressEnricher;
}

/** No call may last longer than the batch itself. */
export function silenceMs({ settings }: PipelineContext): number {
  return Math.min(settings.adapterTimeoutMs, settings.batchDeadlineMs);
}

export async function askEnricher<Answer>(
  context: PipelineContext,
  name: string,
  call: (context: CallContext) => Promise<Answer>,
): Promise<Answer> {
  return await askAdapter(
    context,
    { who: `enricher ${name}`, port: 'enricher' },
    call,
    silenceMs(context),
  );
}

export async function enricherOf(
  context: PipelineContext,
  campaign: CampaignBrief,
): Promise<NamedEnricher | null> {
  return await askAdapter(
    context,
    { who: 'the maker of the enricher', port: null },
    async () => await context.integrations.enricher(campaign),
  );
}
