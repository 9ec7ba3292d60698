/** The ports of what follows from a card: usage meters and event sinks. */
import type { CallContext, PieceReference } from './common.ts';

/**
 * One effect of a mailpiece that was sent. `key` = (mailpiece, kind): the provider sees the same
 * key on a repeat.
 */
export interface EffectItem {
  readonly key: string;
  readonly reference: PieceReference;
  /** ISO 8601: when the piece was sent. */
  readonly occurredAt: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type EffectResult =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'retry'; readonly afterMs: number; readonly message: string }
  | { readonly outcome: 'failed'; readonly message: string };

/**
 * Counts what is charged for, once per key. A call that takes longer than two minutes, or the
 * runner's `adapterTimeoutMs`, is given up and repeated.
 */
export interface UsageMeter {
  record(items: readonly EffectItem[], context: CallContext): Promise<readonly EffectResult[]>;
}

/** Tells an analytics system what happened, once per key; given up and repeated like a meter. */
export interface EventSink {
  emit(items: readonly EffectItem[], context: CallContext): Promise<readonly EffectResult[]>;
}
