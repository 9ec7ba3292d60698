/**
 * The wire format of the folder print shop: what a client may send, and what it gets back. JSON
 * over HTTP, below /v1.
 *
 * The schemas check only the shape. Whether a card can be printed and delivered is judged piece by
 * piece (`intake.ts`), so that one bad address among fifty is one rejection and not a refused
 * request.
 */
import { z } from 'zod';
import type { Refusal as Refused } from '../kit/requests.ts';

/** Most pieces in one request, in one look-up and in one webhook. */
export const BATCH_LIMIT = 100;
/** Most events, or pieces of a list, in one answer. */
export const MOST_AT_ONCE = 1_000;

/**
 * In every answer the id of the ledger that it comes from. In a request the ledger that is meant:
 * another one refuses it with 412 `another_ledger`, and does nothing of it. A client that knows its
 * ledger therefore never takes "not known here" for "not printed", and never sends a card again to
 * a shop that does not know its key.
 */
export const LEDGER_HEADER = 'print-shop-ledger';

/** Printable ASCII without spaces: these come back in URLs, in the manifest and in the ledger. */
const identifier = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');
const text = z.string().max(500);

const address = z.object({
  line1: text,
  line2: text.nullable(),
  city: text,
  region: text.nullable(),
  postalCode: text,
  /** ISO 3166-1 alpha-2. */
  country: text,
});

const side = z.object({
  /** `file:` below a directory that the shop was given, or `noop:` where it accepts that. */
  url: z.string().min(1).max(4096),
  /** Counted from 1. */
  page: z.int().min(1).max(1_000_000),
});

const order = z.object({
  reference: z.object({
    organizationId: identifier,
    campaignId: identifier,
    recipientId: identifier,
    mailpieceId: identifier,
  }),
  idempotencyKey: identifier.nullable(),
  /** Whom it is for, as far as the client says: kept, and told again. */
  person: identifier.nullish(),
  mode: z.enum(['test', 'live']),
  format: text,
  mailClass: text,
  to: z.object({ name: text, address }),
  from: address.nullable(),
  artwork: z.object({ front: side, back: side }),
});

export const piecesRequest = z.object({ pieces: z.array(order).min(1).max(BATCH_LIMIT) });
const webhookUrl = z.string().max(4096);
/** `url` is for every organization that has no address of its own. The whole is replaced. */
export const webhookRequest = z.object({
  url: webhookUrl.nullable(),
  organizations: z.record(identifier, webhookUrl).default({}),
});
export const clockRequest = z.object({ advanceDays: z.number().positive().max(3650) });

export type Address = z.infer<typeof address>;
export type PieceOrder = z.infer<typeof order>;
export type PieceReference = PieceOrder['reference'];

export type PieceResult =
  | {
      readonly status: 'accepted';
      readonly id: string;
      /** The key was seen before: this is the first result, and nothing new was made. */
      readonly replayed: boolean;
      /** `YYYY-MM-DD`. */
      readonly expectedDelivery: string;
    }
  | {
      readonly status: 'rejected';
      readonly code: RejectionCode | string;
      readonly message: string;
    };

export type RejectionCode =
  | 'idempotency_conflict'
  | 'bad_address'
  | 'unknown_format'
  | 'unknown_mail_class'
  /** Not a PDF, no such page, or a page of the wrong size. */
  | 'bad_artwork'
  /** Outside the directories that the shop may read, or a scheme that it does not take. */
  | 'artwork_not_allowed';

export type PieceStatus =
  | 'accepted'
  | 'in_production'
  | 'in_transit'
  | 'in_local_area'
  | 'processed_for_delivery'
  | 'delivered'
  | 'returned'
  | 'failed'
  | 'cancelled';

export type Confidence = 'scan' | 'assumed' | 'logical';

export interface TrackingEvent {
  /** The same whenever the event is sent again. */
  readonly eventId: string;
  readonly pieceId: string;
  readonly mailpieceId: string;
  readonly organizationId: string;
  readonly status: PieceStatus;
  readonly confidence: Confidence;
  /** ISO 8601. */
  readonly occurredAt: string;
}

/** The body of a webhook, signed by Standard Webhooks. */
export interface WebhookBody {
  readonly type: 'piece.events';
  readonly timestamp: string;
  readonly data: { readonly events: readonly TrackingEvent[] };
}

/** Where webhooks go. */
export interface WebhookState {
  readonly url: string | null;
  readonly organizations: Readonly<Record<string, string>>;
  /**
   * By organization: since when (ISO 8601) its address takes nothing. Left out where it works, or
   * was not tried yet.
   */
  readonly failing: Readonly<Record<string, string>>;
}

/** One piece, as look-ups show it. */
export interface PieceView {
  readonly id: string;
  readonly mailpiece: string;
  readonly reference: PieceReference;
  readonly mode: 'test' | 'live';
  readonly format: string;
  readonly mailClass: string;
  readonly status: PieceStatus;
  readonly acceptedAt: string;
  readonly printedAt: string | null;
  /**
   * The PDF that holds the card, and its number in it, counted from 1. Null where there is none.
   */
  readonly file: string | null;
  readonly card: number | null;
  readonly expectedDelivery: string;
}

/** One line of `GET /v1/ledger`, and one piece of `GET /v1/pieces?since=…`. */
export interface LedgerLine extends PieceView {
  readonly idempotencyKey: string | null;
  readonly person: string | null;
}

/** Every answer that is not 2xx. */
export interface Refusal extends Refused {
  /** Where the body is not the format: which piece, counted from 0, and which of its fields. */
  readonly piece?: number;
  readonly field?: string;
}

/**
 * What is wrong with a body, in one sentence, with the piece and the field where they are known.
 */
export function describeIssue(error: z.ZodError): Refusal {
  const issue = error.issues[0];
  const path = issue?.path ?? [];
  const where = path
    .map((part, depth) =>
      typeof part === 'number' ? `[${part}]` : `${depth === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
  const [list, piece, ...field] = path;
  return {
    code: 'bad_request',
    message: `${where === '' ? 'The body' : where}: ${issue?.message ?? 'not the format'}. Nothing of this request was accepted.`,
    ...(list === 'pieces' && typeof piece === 'number'
      ? { piece, field: field.map(String).join('.') }
      : {}),
  };
}
