/**
 * What a pipeline remembers of its database outside of it. A restored database has forgotten what was sent since its backup: it is told by what is
 * remembered here (sql/functions/0262_restore_watermark.sql). A begin is remembered before its first card is posted.
 */
import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Mark, Marks, Watermark, Witness } from '../machine/watermark.ts';
import type { Logger } from '../ports/index.ts';
import { messageOf } from './message-of.ts';

/** A place outside of the database that outlives the process. One for each runner, or one that several share. */
export interface RestoreWatermarkStore {
  /** What was written last; null: nothing yet. */
  read(): Promise<string | null>;
  /** Resolves when a process that is killed then would find it. Some hundred bytes, several times a second while cards are sent. */
  write(text: string): Promise<void>;
  /**
   * Does work while nobody else does any in this place. Needed where several runners share one: each writes what it has read and its own, and would else
   * write over what another has written meanwhile.
   */
  exclusively?(work: () => Promise<void>): Promise<void>;
}

/** What is remembered cannot be read or written: nothing is posted, since a restored database would not be noticed. */
export class RestoreWatermarkError extends Error {
  override readonly name = 'RestoreWatermarkError';
}

/** Reading and writing takes a few milliseconds: a lock that is older was left by somebody who was killed. */
const STALE_LOCK_MS = 3000;

/** In a file, which several runners may share. A draft takes its place, so that it is never half written; a file beside it is the lock. */
export function restoreWatermarkFile(path: string): RestoreWatermarkStore {
  const lock = `${path}.lock`;
  return {
    exclusively: async (work) => {
      await takeLock(lock);
      try {
        await work();
      } finally {
        await rm(lock, { force: true });
      }
    },
    read: async () => {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw error;
      }
    },
    write: async (text) => {
      const draft = `${path}.${randomUUID()}`;
      await writeFile(draft, text, { mode: 0o600 });
      await rename(draft, path);
    },
  };
}

async function takeLock(lock: string): Promise<void> {
  for (;;) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const { mtimeMs = Infinity } = await stat(lock).catch(() => ({}) as { mtimeMs?: number });
    if (Date.now() - mtimeMs > STALE_LOCK_MS) await rm(lock, { force: true });
    else await sleep(2);
  }
}

const mark = z.object({
  restores: z.int().nonnegative(),
  system: z.string().nullable(),
  timeline: z.int().nullable(),
  // As PostgreSQL has them: whoever makes an organization may give it an id of any version.
  witnesses: z.array(
    z.object({ organizationId: z.guid(), recipientId: z.guid(), moveNo: z.int(), mailpieceId: z.guid(), at: z.number().optional() }),
  ),
});
const stored = z.record(z.guid(), mark);

/** What the database tells of others has no time: it may have been begun before, and makes room first. */
const begunAt = ({ at = 0 }: Witness): number => at;

const keyOf = ({ recipientId, moveNo }: Witness): string => `${recipientId} ${moveNo}`;

/** The later state of a database stands; of the same state what both know, the latest so many, whoever of several runners began them. */
const merged = (one: Mark | undefined, other: Mark, kept: number): Mark => {
  if (one === undefined || other.restores > one.restores) return other;
  if (one.restores > other.restores) return one;
  const witnesses = new Map<string, Witness>();
  for (const witness of [...one.witnesses, ...other.witnesses]) {
    const known = witnesses.get(keyOf(witness));
    if (known === undefined || begunAt(known) < begunAt(witness)) witnesses.set(keyOf(witness), witness);
  }
  return { ...other, witnesses: [...witnesses.values()].toSorted((a, b) => begunAt(a) - begunAt(b)).slice(-kept) };
};

interface RestoreWatermarkOptions {
  /** `not kept`: the program has said that it does without. */
  readonly store: RestoreWatermarkStore | 'not kept';
  /** Of begins that were sent one after the other the last one tells of all: one of every slot must be among those that are kept. */
  readonly slots: number;
  readonly logger: Logger;
  /** Called once for each restore that is noticed, with why: what was begun before is not to go on. */
  readonly onRestore: () => void;
  /** How long the place may take to answer; default: ten seconds. */
  readonly patienceMs?: number;
}

export class RestoreWatermark {
  readonly #store: RestoreWatermarkStore | null;
  readonly #logger: Logger;
  readonly #onRestore: () => void;
  readonly #kept: number;
  readonly #patienceMs: number;
  #marks: Marks = {};
  /** Begun here, in one state of one database. What is told of others does not push them out: it may have been begun before. */
  #begun: { readonly of: string; readonly witnesses: readonly Witness[] } = { of: '', witnesses: [] };
  #loading: Promise<void> | null = null;
  /** The write that is under way, and the one that takes what was learned since. */
  #writing: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #noticed: string | null = null;
  #written: string | null = null;

  constructor({ store, slots, logger, onRestore, patienceMs = 10_000 }: RestoreWatermarkOptions) {
    this.#patienceMs = patienceMs;
    this.#store = store === 'not kept' ? null : store;
    this.#logger = logger;
    this.#onRestore = onRestore;
    this.#kept = Math.max(16, 4 * slots);
  }

  /** Before anything is begun. Throws `RestoreWatermarkError`, and may be called again then. */
  async load(): Promise<void> {
    this.#loading ??= this.#patiently(this.#load()).catch((error: unknown) => {
      this.#loading = null;
      throw error;
    });
    await this.#loading;
  }

  /** What is remembered, for `begin_mail` and `tick`. */
  get marks(): Marks {
    return this.#marks;
  }

  /** What the database has told of itself, with begins of others that it knows, or with one that was made here. */
  learn(watermark: Watermark, told: readonly Witness[] = [], begun: readonly Witness[] = []): void {
    const { installation, restores, system, timeline, noticed, superseded } = watermark;
    if (noticed !== null && noticed !== this.#noticed) {
      this.#logger.error(
        {},
        `${noticed}. Cards that were begun last may be unknown to it, so the printers are held: ask them for what they made, ` +
          'postrider reconcile --since <time of the backup or failover>, then release them',
      );
      this.#onRestore();
    }
    this.#noticed = noticed;
    if (superseded) return;
    const before = this.#marks[installation];
    // An answer that was under way since before a restore.
    if (before !== undefined && before.restores > restores) return;
    const of = `${installation} ${restores}`;
    this.#begun = {
      of,
      witnesses: [
        ...(this.#begun.of === of ? this.#begun.witnesses : []),
        ...begun.map((witness) => ({ ...witness, at: Date.now() })),
      ].slice(-this.#kept),
    };
    const latest = { restores, system, timeline, witnesses: [...told.slice(-this.#kept), ...this.#begun.witnesses] };
    this.#marks = { ...this.#marks, [installation]: merged(before, latest, 2 * this.#kept) };
  }

  /** Resolves when all that was learned before this call is kept. Throws `RestoreWatermarkError`: nothing may be posted then. */
  async kept(): Promise<void> {
    if (this.#store === null || this.#written === this.#text()) return;
    const store = this.#store;
    const again = async (): Promise<void> => {
      await this.#writing?.catch(() => undefined);
      this.#next = null;
      this.#writing = this.#write(store);
      await this.#writing;
    };
    await this.#patiently((this.#next ??= again()));
  }

  /** A place that falls silent would keep its cards at the printer's door, under a lease that is renewed for ever. What is under way goes on by itself. */
  async #patiently(work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<never>((_, reject) => {
      const seconds = this.#patienceMs / 1000;
      const error = new RestoreWatermarkError(
        `where this runner remembers its database does not answer (for ${seconds} s): nothing is sent, since a database that was restored from a ` +
          'backup would not be noticed. Nobody is lost; mend its place, and it goes on',
      );
      timer = setTimeout(() => reject(error), this.#patienceMs);
    });
    try {
      await Promise.race([work, silent]);
    } finally {
      clearTimeout(timer);
    }
  }

  #text(): string {
    return `${JSON.stringify(this.#marks)}\n`;
  }

  async #load(): Promise<void> {
    if (this.#store === null) return;
    this.#marks = { ...(await this.#read(this.#store)), ...this.#marks };
    // Found out before anybody is taken from the queue.
    await this.kept();
  }

  async #read(store: RestoreWatermarkStore): Promise<Marks> {
    try {
      return stored.parse(JSON.parse((await store.read()) ?? '{}'));
    } catch (error) {
      throw new RestoreWatermarkError(
        `what this runner remembers of its database cannot be read (${messageOf(error)}): nothing is sent, since a database that was restored ` +
          'from a backup would not be noticed. Mend its place; where it is lost, remove it, and be sure that this database was not restored',
        { cause: error },
      );
    }
  }

  async #write(store: RestoreWatermarkStore): Promise<void> {
    const work = async (): Promise<void> => await this.#merge(store);
    if (store.exclusively === undefined) await work();
    else await store.exclusively(work);
  }

  /** Somebody else may keep theirs in the same place. */
  async #merge(store: RestoreWatermarkStore): Promise<void> {
    const others = await this.#read(store);
    for (const [installation, theirs] of Object.entries(others)) {
      const ours = this.#marks[installation];
      this.#marks = { ...this.#marks, [installation]: ours === undefined ? theirs : merged(theirs, ours, 2 * this.#kept) };
    }
    const text = this.#text();
    try {
      await store.write(text);
      this.#written = text;
    } catch (error) {
      throw new RestoreWatermarkError(
        `what this runner remembers of its database cannot be written (${messageOf(error)}): nothing is sent, since a database that was ` +
          'restored from a backup would not be noticed. Nobody is lost; mend its place, and it goes on',
        { cause: error },
      );
    }
  }
}
