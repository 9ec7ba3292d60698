/** Typed calls of claim packs: which cards a claim is about, and all that is known of them. */
import * as calls from './generated/index.generated.ts';
import type { Sql } from './calls.ts';

/** What became of a card. `silent`: it is assumed to be there, without a word of its delivery. */
export const claimResults = [
  'overdue',
  'silent',
  'returned',
  'failed',
  'cancelled',
  'delivered',
  'on_its_way',
] as const;
export type ClaimResult = (typeof claimResults)[number];

/** Live cards that a printer has accepted: of a campaign, or some by their ids. */
export interface ClaimSelection {
  readonly campaignId?: string;
  readonly mailpieceIds?: readonly string[];
  /** Only those of which this became. */
  readonly which?: readonly ClaimResult[];
  readonly printer?: string;
  /** Accepted then or later. */
  readonly since?: Date;
  /** Accepted before then. */
  readonly until?: Date;
}

export interface ClaimPreview {
  readonly pieces: number;
  readonly printers: readonly { readonly printer: string; readonly pieces: number }[];
  readonly results: Readonly<Partial<Record<ClaimResult, number>>>;
  /** When the first and the last were accepted, in ISO 8601; null: there are none. */
  readonly from: string | null;
  readonly to: string | null;
  /** What printers charge for them, as far as they told, in major units. */
  readonly prices: readonly {
    readonly currency: string;
    readonly cards: number;
    readonly amount: number;
  }[];
}

/** Counts what a claim pack would hold. It changes nothing. */
export async function claimPreview(
  sql: Sql,
  organizationId: string,
  selection: ClaimSelection,
): Promise<ClaimPreview> {
  return await calls.claimPreview(sql, { organizationId, selection });
}

/** A request to the printer and its answer, as they are kept. */
export interface ClaimedCall {
  readonly id: string;
  readonly route: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcome: string;
  readonly status: number | null;
  readonly providerRequestId: string | null;
  readonly error: string | null;
  readonly request: string | null;
  readonly answer: string | null;
  /** How many ids of other cards it is about. */
  readonly others: number;
  readonly erasedAt: string | null;
}

export interface ClaimedEvent {
  readonly eventId: string;
  readonly status: string | null;
  readonly providerStatus: string;
  readonly confidence: string;
  readonly occurredAt: string;
  readonly receivedAt: string;
  readonly webhookId: string | null;
}

/** One card with all that is known of it; other people may be in calls and webhooks. */
export interface ClaimedPiece {
  readonly mailpieceId: string;
  readonly providerId: string | null;
  readonly campaign: string;
  readonly printer: string;
  readonly provider: string;
  readonly connection: string | null;
  readonly status: string;
  readonly mode: string;
  readonly result: ClaimResult;
  readonly idempotencyKey: string;
  readonly format: string | null;
  readonly mailClass: string | null;
  readonly to: unknown;
  readonly from: unknown;
  readonly artwork: {
    readonly front: { readonly page?: number; readonly hash?: string | null } | null;
    readonly back: { readonly page?: number; readonly hash?: string | null } | null;
  };
  /** Where its documents lie: others' cards are in them. */
  readonly documents: readonly string[];
  readonly openedAt: string;
  readonly acceptedAt: string;
  readonly cancellableUntil: string | null;
  readonly expectedDelivery: string | null;
  /** From then on it counts as overdue. */
  readonly dueAt: string;
  readonly expectedDays: number;
  readonly basis: 'learned' | 'promised' | 'usual';
  readonly price: {
    readonly amount: string;
    readonly tax: string | null;
    readonly currency: string;
    readonly source: string;
  } | null;
  readonly rerouted: boolean;
  readonly outcomeDetail: string | null;
  readonly erasedAt: string | null;
  readonly history: readonly {
    readonly at: string;
    readonly from: string | null;
    readonly to: string;
    readonly reason: string | null;
  }[];
  readonly events: readonly ClaimedEvent[];
  readonly webhooks: readonly {
    readonly id: string;
    readonly deliveryId: string;
    readonly receivedAt: string;
    /** Base64. */
    readonly body: string;
  }[];
  readonly calls: readonly ClaimedCall[];
}

/** A page of them, by their ids. */
export async function claimPieces(
  sql: Sql,
  organizationId: string,
  selection: ClaimSelection,
  page: { readonly after?: string | undefined; readonly limit?: number } = {},
): Promise<readonly ClaimedPiece[]> {
  return await calls.claimPieces(sql, { organizationId, selection, ...page });
}
