/** What the ledger of the twin holds: everything that it ever acknowledged, line by line. */
import type { Stamp } from '../kit/clock.ts';

export const LEDGER_VERSION = 1;

/** An event that counts. */
export interface CountedEvent {
  /** By which it counts once for its profile and metric. */
  readonly uniqueId: string;
  /** The identifier that it came with: of a profile the id, the e-mail and so on. */
  readonly profile: string;
  readonly metric: string;
  /** ISO 8601, to the second. */
  readonly time: string;
  readonly backfill: boolean;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly via: 'single' | 'bulk';
  /** Attributes of the profile that it changed: none where the profile came with its id alone. */
  readonly changed: readonly string[];
}

export type EntryBody =
  | { readonly kind: 'opened'; readonly version: number; readonly ledger: string }
  /** Of one request: all of them, or none. */
  | { readonly kind: 'counted'; readonly events: readonly CountedEvent[] }
  /** Profiles that are not there. */
  | { readonly kind: 'gone'; readonly profiles: readonly string[] }
  | { readonly kind: 'turned'; readonly days: number };

export type Entry = EntryBody & Stamp;

export type Commit = (entry: EntryBody, stamp?: Stamp) => Promise<void>;
