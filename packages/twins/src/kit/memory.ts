/** A twin's ledger as it is opened: everything in it taken up, and what is known when it breaks. */
import type { Stamp, TwinClock } from './clock.ts';
import { messageOf, type TwinError } from './errors.ts';
import { unwritable } from './folders.ts';
import { Ledger, type LedgerWords } from './ledger.ts';

/** An entry of any twin: the first says that the ledger was opened, others that time was turned. */
export type AnyEntry = Stamp & { readonly kind: string; readonly days?: number };

export interface MemoryOptions<Entry> {
  /** Of the file; its folder is named where it cannot be used. */
  readonly path: string;
  readonly folder: string;
  readonly words: LedgerWords;
  /** Whose ledger it has to be, for people: `a print shop`. */
  readonly whose: string;
  readonly clock: TwinClock;
  apply(entry: Entry): void;
  log(line: string): void;
}

export interface Memory<Entry extends object> {
  readonly ledger: Ledger<Entry>;
  /** Whether nothing was in it. */
  readonly isNew: boolean;
  /** Why it can no longer be written; null while it can. */
  breakage(): TwinError | null;
  /** Resolves when it can no longer be written. */
  readonly broken: Promise<TwinError>;
  /** Logs an error of work in the background, unless the ledger has said it already. */
  onError(error: unknown): void;
}

/** Throws `TwinError` where it is damaged, of another kind of twin, or cannot be written. */
export async function openMemory<Entry extends AnyEntry>(
  options: MemoryOptions<Entry>,
): Promise<Memory<Entry>> {
  const { path, folder, words, whose, clock, apply, log } = options;
  const broken = Promise.withResolvers<TwinError>();
  let breakage: TwinError | null = null;
  let isNew = true;
  const ledger = await Ledger.open<Entry>(
    path,
    words,
    (entry) => {
      if (isNew && entry.kind !== 'opened')
        throw new Error(`it does not begin as a ledger of ${whose} does`);
      isNew = false;
      apply(entry);
      clock.resume(entry, entry.kind === 'turned' ? (entry.days ?? 0) : 0);
    },
    (error) => {
      breakage = error;
      log(error.message);
      broken.resolve(error);
    },
  ).catch(unwritable(folder));
  return {
    ledger,
    isNew,
    breakage: () => breakage,
    broken: broken.promise,
    onError(error) {
      if (error !== breakage) log(messageOf(error));
    },
  };
}
