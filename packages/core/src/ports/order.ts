/** What a printer is sent for a card, and what it answers. */
import type { Address, CallContext, PieceReference } from './common.ts';
import type { MediaType } from './media.ts';

/** A frozen order for one card: the same bytes whenever it is sent again. */
export interface PieceRequest {
  readonly reference: PieceReference;
  /** A random uuid that belongs to the mailpiece for its whole life. */
  readonly idempotencyKey: string;
  /**
   * A keyed digest (64 hex digits) that is the same whenever a card is for the same person of the
   * organization, and tells nothing else. Travels with the reference: after a restored backup it is
   * all that is known of people who were synced since. Absent on pieces that were opened before it
   * existed.
   */
  readonly person?: string;
  readonly mode: 'test' | 'live';
  readonly format: string;
  readonly mailClass: string;
  readonly to: { readonly name: string; readonly address: Address };
  readonly from: Address | null;
  readonly artwork: {
    readonly front: ArtworkPage;
    readonly back: ArtworkPage;
  };
}

/** A page of a document, where the image host keeps it. */
export interface ArtworkPage {
  readonly url: string;
  /** Counted from 1. */
  readonly page: number;
  /**
   * SHA-256 of the document as it was proofed, in hex. Null or absent where nobody knows, for
   * example on pieces that were opened before it was kept.
   */
  readonly hash?: string | null;
}

/** One side of a card as a file of its own. */
export interface ArtworkFile {
  readonly mediaType: MediaType;
  readonly bytes: Uint8Array;
  /** The SHA-256 of the bytes, in hex: the same page has the same file. */
  readonly hash: string;
}

/**
 * Takes single pages out of documents that hold many cards. A document is fetched once for all of
 * its pages, and the same page is the same bytes, in any process and on any day.
 */
export interface ArtworkCutter {
  /**
   * The pages, in this order, as one document of vectors; a picture, alone, as it is. Nothing of
   * other pages is in it. Throws `ArtworkError`, in a sentence that names the document without
   * what stands in its link for access. Where a page comes with a hash, its document must have it.
   */
  cut(pages: readonly ArtworkPage[]): Promise<ArtworkFile>;
}

/**
 * Artwork cannot be had. It is thrown before anything is sent, so that nothing was made.
 *
 * - `unreachable`: the document cannot be fetched now, or this pipeline may not fetch it. No card
 *   is at fault, and it may be there later: a `retry`.
 * - `gone`: who keeps it says that it is no longer there. It will not come back by itself: a
 *   `retry` with `artworkGone`. Its person gets a new proof, where no card can have been made.
 * - `unusable`: it was fetched, and cannot be printed: it is no PDF, has no such page, is
 *   encrypted, or is not what was proofed. It will not get better by itself: `rejected`, with
 *   `badArtwork`.
 */
export class ArtworkError extends Error {
  override readonly name = 'ArtworkError';
  readonly kind: 'unreachable' | 'gone' | 'unusable';
  constructor(kind: ArtworkError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Given to each `submit`. */
export interface SubmitContext extends CallContext {
  readonly artwork: ArtworkCutter;
}

/**
 * Says whether a printer may still be sent cards. Ask immediately before each request that creates
 * something: a process that was stopped for longer than its lease must not print what another
 * runner has taken over.
 */
export interface SendGuard {
  /** Throws `SendStoppedError` where nothing more is to be sent. */
  assertMaySend(): void;
}

/**
 * Nothing more is to be sent: the lease of the runner may have passed, a key is too old for its
 * card to be sent again, the breaker of the connection is open, or the call was given up.
 */
export class SendStoppedError extends Error {
  override readonly name = 'SendStoppedError';
  /** After how many milliseconds it may be sent; null: nobody knows. */
  readonly afterMs: number | null;
  constructor(message: string, afterMs: number | null = null) {
    super(message);
    this.afterMs = afterMs;
  }
}

export type SubmitResult =
  /**
   * The printer has it. `replayed` where the printer says that the key was seen before. Without an
   * id of at most 500 letters it counts as unknown; of live pieces each has an id of its own, test
   * pieces may share one. `expectedDelivery` is an ISO 8601 date; what
   * cannot be read as one is left out.
   */
  | ({
      readonly outcome: 'accepted';
      readonly providerId: string;
      readonly replayed: boolean;
      readonly expectedDelivery: string | null;
    } & PrinterDetails)
  /** Refused for good; of this request nothing was created. */
  | {
      readonly outcome: 'rejected';
      readonly reason: string;
      readonly message: string;
      readonly badAddress: boolean;
      /**
       * Its artwork is at fault, which is mostly the same for the whole campaign: several in a row
       * hold the campaign.
       */
      readonly badArtwork?: boolean;
    }
  /**
   * PROVEN that nothing was created, and it is not this piece's fault: a key that is not taken, no
   * balance, no billing address, the limit of a plan. It holds the connection (or the printer,
   * where it has none) with one alarm, and harms nobody.
   */
  | { readonly outcome: 'refused'; readonly reason: string; readonly message: string }
  /**
   * The printer's answer is about another piece than was sent: an alarm, and never `accepted`.
   * Nobody knows what became of this one.
   */
  | { readonly outcome: 'mismatched'; readonly providerId: string; readonly message: string }
  /** PROVEN that nothing was created: 429, connection refused, not sent for want of a guard. */
  | {
      readonly outcome: 'retry';
      readonly afterMs: number;
      readonly message: string;
      /** What it would be printed from is no longer there. */
      readonly artworkGone?: boolean;
    }
  /**
   * Everything else: time-outs, resets, 5xx, answers that cannot be read. The default of an
   * adapter.
   */
  | { readonly outcome: 'unknown'; readonly message: string };

/** What a printer charges for a piece: 0.5175 USD is amount 5175, scale 4. */
export interface Price {
  readonly amount: bigint;
  /** Decimal places of the amount. */
  readonly scale: number;
  /** ISO 4217. */
  readonly currency: string;
  /** In the same scale; null where it is not told apart. */
  readonly tax: bigint | null;
}

/** What a printer tells of a piece that it has accepted, as far as it tells. */
export interface PrinterDetails {
  /** Absent or null: the printer tells none. */
  readonly price?: Price | null;
  /**
   * Of the answer. Where it is not the mode of the request, an alarm is raised. Absent: not told.
   */
  readonly mode?: 'test' | 'live';
  /** Until when it can be called back for nothing, as ISO 8601; null: not told. */
  readonly cancellableUntil?: string | null;
  /** Where people see the piece at the printer. Links may expire. */
  readonly links?: {
    readonly status?: string | null;
    readonly proof?: string | null;
    readonly thumbnail?: string | null;
  };
}
