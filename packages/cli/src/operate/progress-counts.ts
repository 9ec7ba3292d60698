/** What a pipeline has done between two looks at its counts. */
import {
  workKinds,
  type CampaignWork,
  type CountedCampaign,
  type PipelineCounts,
  type WorkKind,
} from '@postrider/core';

/** webhooks: applied; found: cards of an unknown outcome that their printer has. */
export type CountedKind = WorkKind | 'webhooks' | 'found';
export type Counts = Readonly<Partial<Record<CountedKind, number>>>;

export interface Changed {
  /** Null: several together, or none that is known. */
  readonly campaign: CountedCampaign | null;
  /** How many. */
  readonly campaigns: number;
  /** Since the look before; what did not change is left out. */
  readonly counts: Counts;
  /** The same kinds, since the runner began. */
  readonly totals: Counts;
}

/** Of which something changed: campaigns, those with most first, and the runner as a whole. */
export function changed(before: PipelineCounts, after: PipelineCounts): readonly Changed[] {
  return [...changedCampaigns(before, after), ...changedBeside(before, after)];
}

/** What the answer names no campaign of. */
function changedBeside(before: PipelineCounts, after: PipelineCounts): readonly Changed[] {
  const kinds = (['webhooks', 'found'] as const).filter((kind) => after[kind] > before[kind]);
  const take = (many: (kind: 'webhooks' | 'found') => number): Counts =>
    Object.fromEntries(kinds.map((kind) => [kind, many(kind)]));
  if (kinds.length === 0) return [];
  return [
    {
      campaign: null,
      campaigns: 0,
      counts: take((kind) => after[kind] - before[kind]),
      totals: take((kind) => after[kind]),
    },
  ];
}

function changedCampaigns(before: PipelineCounts, after: PipelineCounts): readonly Changed[] {
  const known = new Map(before.campaigns.map((one) => [keyOf(one), one.people]));
  return after.campaigns
    .map((one) => {
      const kinds = workKinds.filter(
        (kind) => one.people[kind] > (known.get(keyOf(one))?.[kind] ?? 0),
      );
      const take = (many: (kind: WorkKind) => number): Counts =>
        Object.fromEntries(kinds.map((kind) => [kind, many(kind)]));
      return {
        campaign: one.campaign,
        campaigns: 1,
        counts: take((kind) => one.people[kind] - (known.get(keyOf(one))?.[kind] ?? 0)),
        totals: take((kind) => one.people[kind]),
      };
    })
    .filter(({ counts }) => Object.keys(counts).length > 0)
    .toSorted((a, b) => sum(b.counts) - sum(a.counts));
}

function keyOf({ campaign }: CampaignWork): string {
  return `${campaign.organizationId}/${campaign.campaignId}`;
}

function sum(counts: Counts): number {
  return Object.values(counts).reduce((all, many) => all + many, 0);
}
