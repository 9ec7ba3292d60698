/** Typed calls of what operators do with effects and the sinks of events. */
import { requireKnown } from '../common/invalid-options.ts';
import type { Sql } from './calls.ts';
import type { CampaignKey } from './campaigns.ts';
import * as calls from './generated/index.generated.ts';

/**
 * Effects that failed for good are tried again, with the keys they had; null: of every kind.
 * Returns how many.
 */
export async function retryEffects(
  sql: Sql,
  organizationId: string,
  kind: 'usage_meter' | 'event_sink' | 'image_cleanup' | null = null,
): Promise<number> {
  return await calls.retryEffects(sql, { organizationId, kind });
}

/**
 * Switches the event sink of a campaign on again. Returns how many events wait, and are due now.
 */
export async function switchOnSink(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
): Promise<number> {
  return await calls.switchOnSink(sql, { organizationId, campaignId });
}

/** Which events are told anew. What is given narrows it down. */
export interface ReplayedEvents {
  /** Those that happened since then. */
  readonly since?: Date;
  readonly mailpieceId?: string;
  /** Only those that failed: for good, or so far. */
  readonly failed?: boolean;
}

/** Has events of a campaign told anew, with the keys they had. Returns how many. */
export async function replayEvents(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
  which: ReplayedEvents,
): Promise<number> {
  requireKnown('replayEvents', which, ['since', 'mailpieceId', 'failed']);
  return await calls.replayEvents(sql, { organizationId, campaignId, ...which });
}
