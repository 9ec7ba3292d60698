/**
 * How adapters are asked. An adapter is foreign code at the end of a foreign network: it may never
 * answer. A caller waits for it with a bound, and is told of an answer that comes after it, since a
 * card that was printed was printed.
 */

/** An adapter gave no sign of life for too long. It may still be at work. */
export class SilentAdapterError extends Error {
  override readonly name = 'SilentAdapterError';
}

/** An adapter answered, but not what it was asked: nothing of the answer counts. */
export class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError';
}

export interface Question<Answer> {
  /** For people, for example `printer press`. */
  readonly who: string;
  /** How long it may be silent, in milliseconds. */
  readonly silenceMs: number;
  /** Told of an answer that came after all. */
  readonly onLate?: (answer: Answer) => void;
}

export interface AskedCall {
  /** Aborts when the adapter is given up. */
  readonly signal: AbortSignal;
  /** A sign of life: the silence begins anew. */
  signOfLife(): void;
}

// An adapter's own time-out is to speak first, also in a process that was stopped for a while and
// finds both of them passed.
const SLACK_MS = 1000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Throws `SilentAdapterError`, and whatever the call throws. */
export async function ask<Answer>(
  question: Question<Answer>,
  call: (asked: AskedCall) => Promise<Answer>,
): Promise<Answer> {
  const { who, silenceMs, onLate } = question;
  const givenUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const silence = Promise.withResolvers<never>();
  const giveUp = (): void => {
    const error = new SilentAdapterError(
      `nothing was heard of ${who} for ${silenceMs} ms: it is given up`,
    );
    givenUp.abort(error);
    silence.reject(error);
  };
  const signOfLife = (): void => {
    clearTimeout(timer);
    if (over) return;
    timer = setTimeout(
      () => {
        timer = setTimeout(giveUp, SLACK_MS).unref();
      },
      Math.min(silenceMs, LONGEST_TIMER_MS),
      // A program that has nothing else left need not wait for it.
    ).unref();
  };
  signOfLife();
  const answer = (async () => await call({ signal: givenUp.signal, signOfLife }))();
  try {
    return await Promise.race([answer, silence.promise]);
  } catch (error) {
    if (givenUp.signal.aborted && onLate !== undefined) void answer.then(onLate, () => undefined);
    throw error;
  } finally {
    over = true;
    clearTimeout(timer);
  }
}
