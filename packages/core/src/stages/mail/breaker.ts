/**
 * A breaker that opens while a cohort is being sent: what was not sent yet goes back untouched, as
 * after a refusal of the printer, and waits until the provider works again.
 */
import type { BegunPiece, MailSettlement } from '../../machine/mail.ts';
import { SendStoppedError, type CallContext } from '../../ports/index.ts';
import type { HealthAccount } from '../../runtime/health.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { limiterOf } from '../../runtime/limits.ts';
import type { PieceAnswer } from './printer-answers.ts';
import { sameForAll } from './settlements.ts';

/** Longer than a window of most limits: who is only in the queue stays in it. */
const PATIENCE_MS = 10_000;

const message = 'not sent: its provider does not work';
const notSent: PieceAnswer = { outcome: 'broken', afterMs: null, message };

export class ProviderBrokenError extends SendStoppedError {
  constructor() {
    super(message);
  }
}

/** Pieces that were never sent, since their provider does not work. */
export function notSentByBreaker(pieces: readonly BegunPiece[]): MailSettlement[] {
  return sameForAll(pieces, notSent);
}

/**
 * Answers of a batch in the midst of which the breaker opened. An adapter calls retry what it did
 * not send.
 */
export function heldByBreaker(answers: readonly PieceAnswer[]): readonly PieceAnswer[] {
  return answers.map((answer) => (answer.outcome === 'retry' ? notSent : answer));
}

/** What the guard of a batch knows of waits for a limit. */
interface WaitGuard {
  /** Throws where the provider has stopped working. */
  assertWorks(): void;
  /** Notes what the wait threw. */
  noted<Result>(wait: () => Promise<Result>): Promise<Result>;
}

/** Watches the breaker of an account while a cohort is sent by it. */
export class BreakerWatch {
  readonly #context: PipelineContext;
  readonly #account: HealthAccount;
  readonly #begunAt: number;

  /** @param begunAt of the cohort, by `performance.now()`. */
  constructor(context: PipelineContext, account: HealthAccount, begunAt: number) {
    this.#context = context;
    this.#account = account;
    this.#begunAt = begunAt;
  }

  /**
   * Throws where it is open as far as is known here. It costs nothing. What is seen here and not
   * told yet is told before people go back for it: they would be staged again at once.
   */
  assertWorks(): void {
    if (this.#context.health.isBroken(this.#account, this.#begunAt))
      throw new ProviderBrokenError();
  }

  /**
   * What an adapter is handed: while the breaker is open its requests wait for no limit, and for no
   * connection. Where the provider takes nothing for long they do not wait either: their people
   * would stay in sending, out of reach of a hold, a cancel and an opt-out.
   */
  guarded<Context extends CallContext>(context: Context, guard: WaitGuard): Context {
    const { alive } = context;
    const limiter = limiterOf(this.#context, this.#account, { alive, patienceMs: PATIENCE_MS });
    return {
      ...context,
      limiter: {
        told: (limit, notice) => limiter.told(limit, notice),
        take: async (limit, cost, signal) => {
          guard.assertWorks();
          return await guard.noted(async () => await limiter.take(limit, cost, signal));
        },
      },
    };
  }
}
