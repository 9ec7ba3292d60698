/**
 * The guard of one batch: what an adapter asks before each request that creates something, and what
 * proves that nothing was sent.
 */
import type { BegunPiece } from '../../machine/mail.ts';
import { SendStoppedError, type SendGuard } from '../../ports/index.ts';
import type { AskedCall } from '../../runtime/asking.ts';
import type { Lease } from '../../runtime/leases.ts';
import type { BreakerWatch } from './breaker.ts';
import { assertKeysHonoured } from './repeats.ts';

interface GuardedBatch {
  readonly pieces: readonly BegunPiece[];
  readonly lease: Lease;
  readonly breaker: BreakerWatch;
  /** By `performance.now()`. */
  readonly begunAt: number;
  readonly who: string;
}

export class BatchGuard {
  readonly #batch: GuardedBatch;
  #refusal: unknown = null;
  #hasLetThrough = false;
  #isOver = false;

  constructor(batch: GuardedBatch) {
    this.#batch = batch;
  }

  /** What it has thrown last. An error that is this one was made here, and not by an adapter. */
  get refusal(): unknown {
    return this.#refusal;
  }

  /** Whether an adapter was told that it may send: what it did then, only its answers tell. */
  get hasLetThrough(): boolean {
    return this.#hasLetThrough;
  }

  /** Throws `SendStoppedError` where nothing of the batch is to be sent. */
  assertMaySend(isGivenUp = false): void {
    this.#noted(() => {
      const { pieces, lease, breaker, begunAt, who } = this.#batch;
      if (isGivenUp)
        throw new SendStoppedError(
          `the call of ${who} is over or given up: nothing of it is to be sent any more`,
        );
      lease.assertHeld();
      assertKeysHonoured(pieces, performance.now() - begunAt);
      breaker.assertWorks();
    });
  }

  /** Throws where the provider has stopped working. */
  assertWorks(): void {
    this.#noted(() => this.#batch.breaker.assertWorks());
  }

  /** What the adapter is given with its call. */
  ofCall({ signal, signOfLife }: AskedCall): SendGuard {
    return {
      assertMaySend: () => {
        this.assertMaySend(this.#isOver || signal.aborted);
        this.#hasLetThrough = true;
        signOfLife();
      },
    };
  }

  /**
   * The adapter has come back. Requests of its own may still be to be sent: what it did not answer
   * is unknown from now on, and asked for as what nobody posts any more.
   */
  end(): void {
    this.#isOver = true;
  }

  /** Throws what the wait for a limit threw: then nothing of the request was sent. */
  async noted<Result>(wait: () => Promise<Result>): Promise<Result> {
    try {
      return await wait();
    } catch (error) {
      throw this.#note(error);
    }
  }

  #noted(check: () => void): void {
    try {
      check();
    } catch (error) {
      throw this.#note(error);
    }
  }

  #note(error: unknown): unknown {
    this.#refusal = error;
    return error;
  }
}
