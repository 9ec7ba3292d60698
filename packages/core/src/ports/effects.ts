/** The ports of what follows from a card: usage meters and event sinks. */
import type { CallContext, PieceReference } from './common.ts';
import type { Confidence } from './printer.ts';

/**
 * What happened to a mailpiece, as an event sink hears of it. Nobody saw a card that is only
 * assumed to be there: no event tells of it.
 */
export type EventStatus = 'sent' | 'in_transit' | 'delivered' | 'returned' | 'failed' | 'cancelled';

/** What is known of a mailpiece on its way. */
export interface Tracking {
  /** The name of the printer. */
  readonly printer: string;
  /** The printer's id of the piece; of a test card perhaps none. */
  readonly providerId: string | null;
  /** ISO 8601. */
  readonly acceptedAt: string | null;
  /** A day, for example `2026-12-04`. */
  readonly expectedDelivery: string | null;
  /** It was sent on to another address. */
  readonly rerouted: boolean;
  /** How sure the printer's word is; null where it is our own. */
  readonly confidence: Confidence | null;
}

/**
 * One effect of a mailpiece: a charge, or an event. `key` = (mailpiece, kind), of an event
 * (mailpiece, status): the provider sees the same key on a repeat. There is no name, address or
 * e-mail in it: a sink knows the person by the source's id.
 */
export interface EffectItem {
  readonly key: string;
  readonly reference: PieceReference;
  /** What happened. A charge follows from `sent`. */
  readonly status: EventStatus;
  /** ISO 8601: when it happened, where the printer told it by the printer's word. */
  readonly occurredAt: string;
  /**
   * It was older than a day when it was told first: history, at which nothing is to start. The
   * same on a repeat.
   */
  readonly isBackfill: boolean;
  /** How often it was tried, this time included; from 2 again where somebody has it told anew. */
  readonly attempt: number;
  /** The person's id at the audience source: of a CDP the profile's. Null: erased since. */
  readonly externalId: string | null;
  /** By their names. */
  readonly organization: string;
  readonly campaign: string;
  /** Of a test card nothing was printed. */
  readonly mode: 'test' | 'live';
  readonly format: string;
  readonly mailClass: string;
  readonly tracking: Tracking;
}

export type EffectResult =
  | { readonly outcome: 'done' }
  | {
      readonly outcome: 'retry';
      readonly afterMs: number;
      readonly message: string;
      /** The provider was not asked for this one: it costs no attempt. */
      readonly untried?: boolean;
    }
  | { readonly outcome: 'failed'; readonly message: string }
  /**
   * The provider takes nothing of this campaign any more, and trying again would not help. It is
   * switched off with one alarm; its effects wait until somebody switches it on again.
   */
  | { readonly outcome: 'refused'; readonly message: string };

/**
 * Counts what is charged for, once per key. A call that takes longer than two minutes, or the
 * runner's `adapterTimeoutMs`, is given up and repeated.
 */
export interface UsageMeter {
  record(items: readonly EffectItem[], context: CallContext): Promise<readonly EffectResult[]>;
}

/**
 * Tells an analytics system what happened, once per key; given up and repeated like a meter. The
 * events of one piece may come in another order than they happened: a printer tells late.
 */
export interface EventSink {
  /**
   * One of which nothing worked for so long is switched off, with an alarm: its events wait until
   * somebody switches it on again. Left out: it is tried for ever.
   */
  readonly offAfterMs?: number;
  /** Why events cannot be sent as it stands, for who applies a campaign; nothing is sent. */
  remarks?(context: CallContext): Promise<readonly string[]>;
  emit(items: readonly EffectItem[], context: CallContext): Promise<readonly EffectResult[]>;
}
