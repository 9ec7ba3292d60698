/**
 * What a pipeline remembers of its database outside of it. A restored database has forgotten what
 * was sent since its backup: it is told by what is remembered here
 * (sql/functions/90_house/restore_watermark.sql). A begin is remembered before its first card is
 * posted.
 */
import { messageOf } from '../common/message-of.ts';
import type { Mark, Marks, Watermark, Witness } from '../machine/restore.ts';
import type { Logger } from '../ports/index.ts';
import { keysOf, latestOthers, parseMarks, mergeMarks, without } from './restore-marks.ts';
import type { RestoreWatermarkStore } from './restore-watermark-store.ts';

/**
 * What is remembered cannot be read or written: nothing is posted, since a restored database would
 * not be noticed.
 */
export class RestoreWatermarkError extends Error {
  override readonly name = 'RestoreWatermarkError';
}

/** What the database has told of itself, in its latest state. */
interface Observed extends Mark {
  readonly installation: string;
  /**
   * Begins of others that were at work when it was last asked for them; where none were, those that
   * were at work last.
   */
  readonly others: readonly Witness[];
}

/** What came with the word of a database. */
export interface Observation {
  /** Begins that were at work in it, of whichever runner. */
  readonly others?: readonly Witness[];
  /** What was begun, and what was remembered when it was asked to. */
  readonly begun?: { readonly witness: Witness; readonly asked: Marks };
}

interface RestoreWatermarkOptions {
  readonly runnerId: string;
  /** `not kept`: the program has said that it does without. */
  readonly store: RestoreWatermarkStore | 'not kept';
  readonly logger: Logger;
  /**
   * Called once for each restore that is noticed, with why: what was begun before is not to go on.
   */
  readonly onRestore: () => void;
  /** How long the place may take to answer; default: ten seconds. */
  readonly patienceMs?: number;
}

/**
 * Few witnesses are needed. An older state of a database that has a begin also has all that was
 * committed before that begin was asked for: so a begin takes the place of all that was remembered
 * at that time. The begins that were under way at once stay, and those of others.
 */
export class RestoreWatermark {
  readonly #runnerId: string;
  readonly #store: RestoreWatermarkStore | null;
  readonly #logger: Logger;
  readonly #onRestore: () => void;
  readonly #patienceMs: number;
  #observed: Observed | null = null;
  /**
   * As it was found at the start: what runners wrote that have ended. Written again with what is
   * learned here.
   */
  #inherited: Marks = {};
  /** As it was found last: what others know, who write it themselves. */
  #shared: Marks = {};
  /** All of them. */
  #marks: Marks = {};
  #loading: Promise<void> | null = null;
  /** The write that is under way, and the one that takes what was learned since. */
  #writing: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #noticed: string | null = null;
  /** Why nobody was heard the last time; null: all were. */
  #refreshError: RestoreWatermarkError | null = null;
  #written: string | null = null;

  constructor({
    runnerId,
    store,
    logger,
    onRestore,
    patienceMs = 10_000,
  }: RestoreWatermarkOptions) {
    this.#runnerId = runnerId;
    this.#patienceMs = patienceMs;
    this.#store = store === 'not kept' ? null : store;
    this.#logger = logger;
    this.#onRestore = onRestore;
  }

  /** Before anything is begun. Throws `RestoreWatermarkError`, and may be called again then. */
  async load(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = null;
      throw error;
    });
    await this.#loading;
  }

  /** What is remembered, for `begin_mail` and `tick`. */
  get marks(): Marks {
    return this.#marks;
  }

  /** What the database has told of itself, and what came with it. */
  observe(watermark: Watermark, { others, begun }: Observation = {}): void {
    const { installation, restores, system, timeline, noticed, superseded } = watermark;
    // Told apart by its number too: the next restore may have the same words.
    const notice = noticed === null ? null : `${restores} ${noticed}`;
    if (notice !== null && notice !== this.#noticed) {
      this.#logger.error(
        {},
        `${noticed}. Cards that were begun last may be unknown to it, so the printers are ` +
          'held: ask them for what they made, ' +
          'postrider reconcile --since <time of the backup or failover>, then release them',
      );
      this.#onRestore();
    }
    this.#noticed = notice;
    if (superseded) return;
    // This answer was under way since before a restore.
    if ((this.#marks[installation]?.restores ?? 0) > restores) return;
    // Another database is at this address, as while a backup is put back: the first may return.
    if (this.#observed !== null && this.#observed.installation !== installation)
      this.#inherited = this.#own();
    const isSame =
      this.#observed?.installation === installation && this.#observed.restores === restores;
    const before = isSame ? this.#observed : null;
    const asked = begun?.asked[installation];
    const replaced = keysOf(asked?.restores === restores ? asked : undefined);
    this.#observed = {
      installation,
      restores,
      system,
      timeline,
      witnesses: [
        ...without(replaced, before?.witnesses),
        ...(begun === undefined ? [] : [begun.witness]),
      ],
      others: latestOthers(without(replaced, before?.others), others),
    };
    const left = (marks: Marks): Marks => {
      const mark = marks[installation];
      return mark === undefined
        ? marks
        : { ...marks, [installation]: { ...mark, witnesses: without(replaced, mark.witnesses) } };
    };
    [this.#inherited, this.#shared] = [left(this.#inherited), left(this.#shared)];
    this.#combine();
  }

  #combine(): void {
    this.#marks = mergeMarks(this.#shared, this.#own());
  }

  /** What is written. */
  #own(): Marks {
    if (this.#observed === null) return this.#inherited;
    const { installation, restores, system, timeline, witnesses, others } = this.#observed;
    return mergeMarks(this.#inherited, {
      [installation]: { restores, system, timeline, witnesses: [...others, ...witnesses] },
    });
  }

  #text(): string {
    return `${JSON.stringify(this.#own())}\n`;
  }

  /**
   * Resolves when all that was learned before this call is kept. Throws `RestoreWatermarkError`,
   * also where others are not heard: nothing may be posted then.
   */
  async saved(): Promise<void> {
    if (this.#refreshError !== null) throw this.#refreshError;
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

  /**
   * Looks what other runners know that share the place. Throws `RestoreWatermarkError`; what was
   * known before stays known.
   */
  async refresh(): Promise<void> {
    if (this.#store === null) return;
    try {
      this.#shared = await this.#patiently(this.#read(this.#store));
      this.#refreshError = null;
    } catch (error) {
      if (error instanceof RestoreWatermarkError) this.#refreshError = error;
      throw error;
    }
    this.#combine();
  }

  /**
   * A place that falls silent would keep its cards at the printer's door, under a lease that is
   * renewed for ever. What is under way goes on by itself.
   */
  async #patiently<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), this.#patienceMs);
    });
    try {
      const answer = await Promise.race([work.then((told) => ({ told })), silence]);
      if (answer !== null) return answer.told;
      throw new RestoreWatermarkError(
        'where this runner remembers its database does not answer (for ' +
          `${this.#patienceMs / 1000} s): nothing is sent, since a database that was ` +
          'restored from a backup would not be noticed. Nobody is lost; mend its place, and ' +
          'it goes on',
      );
    } finally {
      clearTimeout(timer);
    }
  }

  async #load(): Promise<void> {
    if (this.#store === null) return;
    this.#inherited = await this.#patiently(this.#read(this.#store));
    this.#combine();
    // That it can be written is found out before anybody is taken from the queue.
    await this.saved();
  }

  async #read(store: RestoreWatermarkStore): Promise<Marks> {
    try {
      return mergeMarks(...(await store.read(this.#runnerId)).map(parseMarks));
    } catch (error) {
      throw new RestoreWatermarkError(
        `what runners remember of their database cannot be read (${messageOf(error)}): ` +
          'nothing is sent, since a database that was restored ' +
          'from a backup would not be noticed. Mend its place; where it is lost, remove it, ' +
          'and be sure that this database was not restored',
        { cause: error },
      );
    }
  }

  async #write(store: RestoreWatermarkStore): Promise<void> {
    const text = this.#text();
    try {
      await store.write(this.#runnerId, text);
      this.#written = text;
    } catch (error) {
      throw new RestoreWatermarkError(
        `what this runner remembers of its database cannot be written (${messageOf(error)}): ` +
          'nothing is sent, since a database that was ' +
          'restored from a backup would not be noticed. Nobody is lost; mend its place, and ' +
          'it goes on',
        { cause: error },
      );
    }
  }
}
