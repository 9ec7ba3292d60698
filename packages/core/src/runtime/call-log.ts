/**
 * Keeps what providers were asked, in batches: when a cohort is settled, a second after a call at
 * the latest, and when the pipeline stops. It costs no caller a round trip, and nothing at all
 * where nobody was asked. A call whose record is lost with its process was made all the same: what
 * became of its card is not known by it, but by the mailpiece.
 */
import { randomUUID } from 'node:crypto';
import { isLostConnection, sqlState } from '../common/driver-errors.ts';
import { messageOf } from '../common/message-of.ts';
import { storable } from '../common/text.ts';
import type { CallAccount, RecordedCall } from '../machine/provider-calls.ts';
import type { CallRecorder, Logger, ProviderCall } from '../ports/index.ts';
import type { Meter } from './meter.ts';

const BEAT_MS = 1000;
/** So many, or so many letters, are written at once, and in one statement. */
const BATCH = 200;
const BATCH_LETTERS = 1_000_000;
/** What waits while the database cannot be reached. What comes later is dropped, and counted. */
const MOST_WAITING = 2000;
const MOST_LETTERS = 20_000_000;
/** An adapter cuts its bodies by itself; one that does not is cut here. */
const LONGEST_TEXT = 64_000;
const LONGEST_NAME = 500;
const MOST_ABOUT = 1000;
/** Data that no column takes, or the machine refuses: trying again changes nothing. */
const DATA = /^(22|23|PR)/;

const noRecorder: CallRecorder = { record: () => undefined };

export interface CallLogParts {
  readonly write: (calls: readonly RecordedCall[]) => Promise<unknown>;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Told of each call at once, before it is kept. */
  readonly onCall: (account: CallAccount, call: ProviderCall) => void;
}

export class CallLog {
  readonly #parts: CallLogParts;
  #waiting: RecordedCall[] = [];
  #letters = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #isUnreachable = false;
  #hasEnded = false;
  #droppedSince = 0;

  constructor(parts: CallLogParts) {
    this.#parts = parts;
  }

  /**
   * Of an adapter that has no account nothing is kept.
   *
   * @param isJudged whether they count for the health of the account: a probe judges it itself.
   */
  recorderOf(account: CallAccount | null, isJudged = true): CallRecorder {
    if (account === null) return noRecorder;
    return {
      record: (call) => {
        if (isJudged) this.#parts.onCall(account, call);
        this.#record(account, call);
      },
    };
  }

  /** Writes what waits, a last time: what cannot be kept now is dropped, and counted. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.flush();
    const left = this.#waiting.length;
    this.#waiting = [];
    this.#letters = 0;
    if (left > 0) this.#drop(left);
  }

  /** Writes what waits. Never throws: what cannot be written now waits for the next time. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting.length === 0 && !this.#isWriting) return;
    this.#writing = this.#writing.then(async () => await this.#writeAll());
    await this.#writing;
  }

  #record(account: CallAccount, call: ProviderCall): void {
    const recorded = { id: randomUUID(), ...account, ...mended(call) };
    const letters = lettersOf(recorded);
    const isTooMuch =
      this.#waiting.length >= MOST_WAITING || this.#letters + letters > MOST_LETTERS;
    if (isTooMuch || this.#hasEnded) {
      this.#drop(1);
      return;
    }
    this.#waiting.push(recorded);
    this.#letters += letters;
    if (this.#isFull && !this.#isUnreachable) void this.flush();
    else this.#flushLater();
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => void this.flush(), BEAT_MS).unref();
  }

  get #isFull(): boolean {
    return this.#waiting.length >= BATCH || this.#letters >= BATCH_LETTERS;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#waiting.length > 0) {
        const batch = firstBatch(this.#waiting);
        if (!(await this.#written(batch))) return;
        this.#waiting = this.#waiting.slice(batch.length);
        this.#letters = this.#waiting.reduce((sum, call) => sum + lettersOf(call), 0);
      }
    } finally {
      this.#isWriting = false;
      if (this.#waiting.length > 0 && !this.#hasEnded) this.#flushLater();
    }
  }

  /** Returns false where they wait. */
  async #written(batch: readonly RecordedCall[]): Promise<boolean> {
    const { write, logger, meter } = this.#parts;
    try {
      await write(batch);
    } catch (error) {
      if (DATA.test(sqlState(error) ?? '')) {
        // One that no column takes costs no other.
        if (batch.length > 1) {
          for (const call of batch) if (!(await this.#written([call]))) return false;
          return true;
        }
        this.#drop(1);
        logger.error(
          { who: batch[0]?.who, route: batch[0]?.route, error: messageOf(error) },
          'a call of a provider could not be recorded',
        );
        return true;
      }
      if (!this.#isUnreachable)
        logger.warn(
          { calls: this.#waiting.length, lost: isLostConnection(error), error: messageOf(error) },
          'calls of providers cannot be recorded; they wait, and it is tried again',
        );
      this.#isUnreachable = true;
      return false;
    }
    meter.providerCalls({ recorded: batch.length });
    if (this.#isUnreachable)
      logger.info({ dropped: this.#droppedSince }, 'calls of providers are recorded again');
    this.#isUnreachable = false;
    this.#droppedSince = 0;
    return true;
  }

  #drop(many: number): void {
    if (this.#droppedSince === 0)
      this.#parts.logger.error(
        { waiting: this.#waiting.length },
        'a call of a provider was not recorded; the metric counts how many were not',
      );
    this.#droppedSince += many;
    this.#parts.meter.providerCalls({ dropped: many });
  }
}

function firstBatch(waiting: readonly RecordedCall[]): readonly RecordedCall[] {
  let letters = 0;
  const end = waiting.findIndex((call, index) => {
    letters += lettersOf(call);
    return index >= BATCH || (index > 0 && letters > BATCH_LETTERS);
  });
  // Never the list itself, which grows while they are written.
  return waiting.slice(0, end < 0 ? undefined : end);
}

function lettersOf({ about, request, answer, error }: RecordedCall): number {
  const ids = about.length * 40;
  return 500 + ids + (request?.length ?? 0) + (answer?.length ?? 0) + (error?.length ?? 0);
}

/** What a call cannot be recorded with is mended: an adapter is anybody's code. */
function mended(call: ProviderCall): ProviderCall {
  const isAnswer = call.outcome !== 'not_sent';
  return {
    route: cut(call.route, LONGEST_NAME),
    about: call.about.slice(0, MOST_ABOUT).map((id) => cut(id, LONGEST_NAME)),
    startedAt: call.startedAt,
    durationMs: Number.isFinite(call.durationMs) ? Math.max(call.durationMs, 0) : 0,
    status: isAnswer && Number.isInteger(call.status) ? call.status : null,
    outcome: call.outcome,
    hungUp: call.hungUp,
    providerRequestId: textOf(call.providerRequestId, LONGEST_NAME),
    request: textOf(call.request, LONGEST_TEXT),
    answer: isAnswer ? textOf(call.answer, LONGEST_TEXT) : null,
    error: textOf(call.error, LONGEST_TEXT),
  };
}

function textOf(text: string | null, longest: number): string | null {
  return text === null ? null : cut(text, longest);
}

function cut(text: string, longest: number): string {
  return storable(text.length > longest ? `${text.slice(0, longest)}…` : text);
}
