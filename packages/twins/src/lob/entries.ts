/** What the ledger of the twin holds: everything that it ever acknowledged, line by line. */
import type { Stamp } from '../kit/clock.ts';
import type { AccountState } from './options.ts';

export const LEDGER_VERSION = 1;

export type Mode = 'test' | 'live';

/** As it was sent; `country` by its code. */
export interface Address {
  readonly id: string;
  readonly name: string | null;
  readonly company: string | null;
  readonly line1: string;
  readonly line2: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly zip: string | null;
  readonly country: string;
  readonly phone: string | null;
  readonly email: string | null;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One side of a card: what it was, and for a file its hash. */
export type Artwork =
  | { readonly kind: 'file'; readonly sha256: string; readonly bytes: number }
  | { readonly kind: 'html' | 'template' | 'url'; readonly value: string };

export interface CreatedPiece {
  readonly id: string;
  readonly mode: Mode;
  readonly key: string | null;
  /** Of all that was sent: tells another body under the same key. */
  readonly fingerprint: string;
  readonly to: Address;
  readonly from: Address | null;
  readonly front: Artwork;
  readonly back: Artwork;
  readonly size: '4x6' | '6x9' | '6x11';
  readonly mailType: 'usps_first_class' | 'usps_standard';
  readonly useType: string | null;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly mergeVariables: unknown;
  /** Until then it can be cancelled; milliseconds of the calendar. */
  readonly sendAt: number;
  /** A date was asked for. */
  readonly scheduled: boolean;
  readonly fsc: boolean;
  readonly printSpeed: string | null;
}

/** Without `postcard.` before it. */
export type EventType =
  | 'created'
  | 'rendered_pdf'
  | 'rendered_thumbnails'
  | 'deleted'
  | 'failed'
  | 'mailed'
  | 'in_transit'
  | 'in_local_area'
  | 'processed_for_delivery'
  | 'delivered'
  | 're-routed'
  | 'returned_to_sender';

/** The piece, what happened, when it did (calendar), and when it was told. */
export type Happened = readonly [piece: string, type: EventType, scannedAt: number, toldAt: number];

export type EntryBody =
  | { readonly kind: 'opened'; readonly version: number; readonly ledger: string }
  | { readonly kind: 'created'; readonly piece: CreatedPiece }
  | { readonly kind: 'deleted'; readonly piece: string }
  | { readonly kind: 'happened'; readonly events: readonly Happened[] }
  | { readonly kind: 'turned'; readonly days: number }
  | { readonly kind: 'account'; readonly state: AccountState }
  | {
      readonly kind: 'webhook';
      readonly mode: Mode;
      readonly url: string | null;
      /** From the command line: it does not undo what a request has said since. */
      readonly fromStart: boolean;
    }
  /** Webhooks: the event, and `true` where it was taken, `false` where it was given up. */
  | {
      readonly kind: 'told';
      readonly event: string;
      readonly taken: boolean;
      readonly attempts: number;
    };

export type Entry = EntryBody & Stamp;

export type Commit = (entry: EntryBody, stamp?: Stamp) => Promise<void>;
