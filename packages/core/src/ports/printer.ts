/** The port of printers: what became of their pieces, webhooks. */
import type { CallContext, PieceReference } from './common.ts';
import type { MediaType } from './media.ts';
import type { SendGuard, PieceRequest, SubmitContext, SubmitResult } from './order.ts';

export type FindResult =
  | { readonly outcome: 'found'; readonly providerId: string }
  /** Proven: the printer was asked, answered, and has no piece with this reference. */
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'cannot_tell'; readonly message: string };

export type CancelResult =
  | { readonly outcome: 'cancelled' }
  | { readonly outcome: 'too_late'; readonly message: string }
  | { readonly outcome: 'unknown'; readonly message: string };

export type MailpieceStatus =
  | 'accepted'
  | 'in_production'
  | 'in_transit'
  | 'in_local_area'
  | 'processed_for_delivery'
  | 'delivered'
  | 'rerouted'
  | 'returned'
  | 'failed'
  | 'rejected'
  | 'cancelled';

/**
 * How sure a status is: scanned by the carrier, inferred from a container, inferred from position
 * or time, or a plain estimate.
 */
export type Confidence = 'scan' | 'assumed' | 'logical' | 'estimated';

export interface PrinterEvent {
  /** The printer's own id of the event; a repeat has the same. */
  readonly eventId: string;
  readonly providerId: string | null;
  /** Our reference, where the printer sends it back. */
  readonly mailpieceId: string | null;
  readonly organizationId: string | null;
  /** Null: a status that we do not know. It is kept and reported, never dropped. */
  readonly status: MailpieceStatus | null;
  /** As the printer calls it. */
  readonly providerStatus: string;
  /** ISO 8601. */
  readonly occurredAt: string;
  readonly confidence: Confidence;
}

/**
 * What a printer told as an event, and what nobody can use: the others beside it count all the
 * same. It is kept, with the reason, until the adapter can read it.
 */
export interface UnusableEvent {
  /** Why, in a sentence. */
  readonly unusable: string;
  /** As the printer told it. */
  readonly raw: unknown;
}

/** A piece as the printer has it. */
export interface ListedPiece {
  readonly providerId: string;
  /** As it was sent; null where the piece has none that can be read: it is not ours. */
  readonly reference: PieceReference | null;
  readonly idempotencyKey: string | null;
  readonly person: string | null;
  readonly mode: 'test' | 'live';
  /** ISO 8601. */
  readonly createdAt: string;
  /** False: cancelled or failed, never to be on paper. */
  readonly onPaper: boolean;
}

export interface Printer {
  /** What artwork may be. */
  readonly takes: readonly MediaType[];
  /**
   * It is given whole files: each side is the first page of a document of its own. Absent: any page
   * of any document. A campaign whose renderer sets cards otherwise is refused when it is applied.
   */
  readonly takesWholeFiles?: boolean;
  /** The formats that it prints, for example `4x6`, as campaigns call them; absent: any. */
  readonly formats?: readonly string[];
  /**
   * The longest line of an address that it prints in this format, in letters; null: any. Where the
   * campaign was applied with it, a person with a longer one is skipped at the sync.
   */
  longestAddressLine?(format: string): number | null;
  /**
   * The longest name that it prints in this format, in letters; null: any. Where the campaign was
   * applied with it, a longer one is shortened before it is sent, as the preview of a launch shows:
   * without further given names, then with the first as an initial, then the last name alone.
   */
  longestName?(format: string): number | null;
  /** How it prints a text, where it folds characters: `Zoë` as `Zoe`. Absent: as it is. */
  printed?(text: string): string;
  /** The mail classes that it offers, for example `first_class`; absent: any. */
  readonly mailClasses?: readonly string[];
  /**
   * How long the printer remembers an idempotency key, in milliseconds; null where it has no keys.
   * A request whose outcome nobody knows is repeated only while the key is younger, counted from
   * before the first request, less an hour (of a life of less than two hours: less half of it).
   * Afterwards a look-up by reference must answer `absent` first.
   */
  readonly keyLifetimeMs: number | null;
  /** How long after creation a piece may be missing from `find`, in milliseconds. */
  readonly readLagMs: number;
  /**
   * Longest time that one request may take, in milliseconds. Where it is not shorter than the
   * runner's lease, nothing is submitted. A `submit` that neither ends nor asks the guard for
   * so long, and a second, is given up.
   */
  readonly timeoutMs: number;
  /** Most pieces that one `submit` takes; at least 1. */
  readonly maxBatch: number;
  /**
   * One result per piece. Calls `guard.assertMaySend()` immediately before each request; where it
   * throws, the pieces not yet sent are `retry`.
   *
   * Each such call is a sign of life and gives the adapter `timeoutMs` more: one request for all
   * pieces may take `timeoutMs`, one request for each piece that many times as long. An adapter
   * that is silent for longer is given up: its pieces are unknown, the guard refuses any further
   * request, and an answer that comes late counts only where it says `accepted`. The guard refuses
   * as well once `submit` has returned or thrown: requests of one's own are waited for first, since
   * the answers of what is left behind are lost.
   */
  submit(
    pieces: readonly PieceRequest[],
    guard: SendGuard,
    context: SubmitContext,
  ): Promise<readonly SubmitResult[]>;
  /**
   * Look-up by our reference: one answer for each, in the order asked. Of test pieces some printers
   * keep no record: of these it cannot tell. Like `cancel`, `list` and
   * `poll` it may be silent for `timeoutMs`; where it needs several requests, it calls
   * `context.alive` before each.
   */
  find(
    pieces: readonly { reference: PieceReference; idempotencyKey: string }[],
    context: CallContext,
  ): Promise<readonly FindResult[]>;
  /**
   * Everything that was created since, page by page: after a restored backup the pieces made since
   * are known to the printer only. The cursor is null for the first page, and in the answer where
   * there are no more; it has at most 100,000 characters. Absent where the printer cannot be
   * listed.
   */
  list?(
    since: Date,
    cursor: string | null,
    context: CallContext,
  ): Promise<{ pieces: readonly ListedPiece[]; cursor: string | null }>;
  /**
   * Calls cards back: one answer for each, in the order asked. Some are printed meanwhile: where it
   * needs a request each, several are under way at a time.
   */
  cancel(providerIds: readonly string[], context: CallContext): Promise<readonly CancelResult[]>;
  /** Checks the signature, over the raw bytes and whatever else is signed, in constant time. */
  verifyWebhook(request: WebhookRequest, now: Date): WebhookVerdict;
  /**
   * The events of a verified body, each read by itself: one that cannot be used is an
   * `UnusableEvent` and costs no other. Throws where the body as a whole is not of the printer's
   * format. An event needs an id of at most 500 letters; a time that cannot be read counts as the
   * time when it came.
   */
  parseWebhook(body: Uint8Array): readonly (PrinterEvent | UnusableEvent)[];
  /**
   * Polls for events since a cursor of at most 100,000 characters, for printers whose webhooks
   * stop. Absent where the printer cannot be polled.
   */
  poll?(
    cursor: string | null,
    context: CallContext,
  ): Promise<{ events: readonly (PrinterEvent | UnusableEvent)[]; cursor: string | null }>;
}

/** A webhook as it came. */
export interface WebhookRequest {
  /**
   * The address that it was posted to, query included: some printers sign it, or put their token
   * there. Behind a proxy, as the proxy asked for it.
   */
  readonly url: string;
  /** By name, in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** The raw bytes: a signature is over these, and not over what they are read as. */
  readonly body: Uint8Array;
}

export type WebhookVerdict =
  /** `deliveryId` is the same when the same webhook is delivered again. */
  | { readonly valid: true; readonly deliveryId: string }
  | {
      readonly valid: false;
      readonly message: string;
      /**
       * It is the printer's, and only signed too long ago: the printer is polled for what it told,
       * where it can be. Never of one whose signature was not found to be good.
       */
      readonly tooOld?: boolean;
    };
