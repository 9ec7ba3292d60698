/**
 * A model of what a worker and the database know of one cohort, in steps of a quarter of a second
 * or whatever one likes: when may a worker that has lost its cohort still post, and when is the
 * printer asked whether it has? Small enough that every schedule is tried.
 */

export interface Times {
  readonly lease: number;
  /** Between two renewals: a quarter of the lease. */
  readonly renewal: number;
  /** Of one request: so long after it was sent its card may still be made. */
  readonly timeout: number;
  /** So long after it was made the printer may not find a card. */
  readonly readLag: number;
  readonly grace: number;
}

export interface Schedule {
  /** So long a message of the worker is on its way to the database, and the answer back. */
  readonly delay: number;
  /** From then on the worker does not reach the database any more; null: it always does. */
  readonly cutOff: number | null;
  /** When somebody takes the cohort away by hand; null: nobody does. */
  readonly taken: number | null;
  /** How long after that, or after the end of the lease, somebody reaps. */
  readonly reapedAfter: number;
}

export type Loss = 'lease passed' | 'taken by hand';

/** When the printer is asked, where the cohort is found lost at this time. */
export type Rule = (how: Loss, reapedAt: number, times: Times) => number;

/**
 * As sql/functions/30_cohort/reap.sql has it; the printer's own quiet time is more than its
 * time-out and read lag.
 */
export function rule(how: Loss, reapedAt: number, { grace, timeout, readLag }: Times): number {
  return reapedAt + (how === 'taken by hand' ? grace : 0) + timeout + readLag + 1;
}

/** As it was: the rest began when the loss was found, whatever the worker knew of it. */
export function formerRule(_how: Loss, reapedAt: number, { timeout, readLag }: Times): number {
  return reapedAt + timeout + readLag + 1;
}

/**
 * The last moment at which the printer may come to know of a card by the old worker, and when it is
 * asked for it.
 */
export function play(
  schedule: Schedule,
  times: Times,
  rests: Rule,
): { known: number; asked: number } {
  const { delay, cutOff, taken, reapedAfter } = schedule;
  // The begin is sent at 0. Both reckon with their own clocks, which go equally fast: the database
  // from when it heard, the worker from when it asked.
  let believedUntil = times.lease;
  let leaseUntil = delay + times.lease;
  let learnedAt = Infinity;
  for (
    let sent = times.renewal;
    sent < believedUntil && learnedAt === Infinity;
    sent += times.renewal
  ) {
    const heard = sent + delay;
    if (cutOff !== null && heard >= cutOff) continue;
    if ((taken !== null && heard >= taken) || heard > leaseUntil + reapedAfter)
      learnedAt = heard + delay;
    else {
      leaseUntil = heard + times.lease;
      // The answer may be lost where the renewal was not.
      if (cutOff === null || heard + delay < cutOff) believedUntil = sent + times.lease;
    }
    // It works at this cohort no longer than this, for there is an end to every schedule.
    if (sent > 4 * times.lease) break;
  }
  const lastPost = Math.min(believedUntil, learnedAt);
  const isTaken = taken !== null && taken <= leaseUntil;
  const reapedAt = (isTaken ? taken : leaseUntil) + reapedAfter;
  return {
    known: lastPost + times.timeout + times.readLag,
    asked: rests(isTaken ? 'taken by hand' : 'lease passed', reapedAt, times),
  };
}

/** Every schedule on a grid of this step. */
export function* schedules(times: Times, step: number): Generator<Schedule> {
  const moments = Array.from({ length: Math.ceil((2.5 * times.lease) / step) }, (_, i) => i * step);
  for (const delay of [0, step, 3 * step])
    for (const cutOff of [null, ...moments])
      for (const taken of [null, ...moments.filter((at) => at >= delay)])
        for (const reapedAfter of [0, step, times.renewal, times.lease]) {
          if (cutOff === null && taken === null) continue;
          yield { delay, cutOff, taken, reapedAfter };
        }
}
