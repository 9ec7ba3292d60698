/**
 * The leases that this runner holds. A renewal is one statement for all of them.
 *
 * A lease counts from when its begin or renewal was SENT, by the larger of monotonic and wall-clock
 * time: a process that was stopped, or a machine that slept, must find its leases passed when it
 * wakes, before it posts anything. Where a renewal fails, the clock just runs on.
 */
import { messageOf } from '../common/message-of.ts';
import type { CohortKey } from '../machine/cohorts.ts';
import { SendStoppedError, type Logger } from '../ports/index.ts';

/** The lease may have passed: another runner may have taken its cohort over. */
export class LeaseLostError extends SendStoppedError {}

interface SentAt {
  readonly monotonic: number;
  readonly wall: number;
}

function sentNow(): SentAt {
  return { monotonic: performance.now(), wall: Date.now() };
}
function elapsed(since: SentAt): number {
  return Math.max(performance.now() - since.monotonic, Date.now() - since.wall);
}

/** A lease on one cohort. `signal` aborts when it is known to be lost. */
export class Lease implements CohortKey {
  readonly organizationId: string;
  readonly cohortId: string;
  readonly #leaseMs: number;
  readonly #lost = new AbortController();
  #sentAt: SentAt;

  constructor({ organizationId, cohortId }: CohortKey, leaseMs: number, sentAt: SentAt) {
    this.organizationId = organizationId;
    this.cohortId = cohortId;
    this.#leaseMs = leaseMs;
    this.#sentAt = sentAt;
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Milliseconds that are left; zero or less: the lease may have passed. */
  get leftMs(): number {
    return this.#lost.signal.aborted ? 0 : this.#leaseMs - elapsed(this.#sentAt);
  }

  assertHeld(): void {
    if (this.leftMs <= 0)
      throw new LeaseLostError(
        `the lease on cohort ${this.cohortId} has passed: another runner may have it`,
      );
  }

  renewed(sentAt: SentAt): void {
    this.#sentAt = sentAt;
  }

  lose(): void {
    this.#lost.abort(new LeaseLostError(`the lease on cohort ${this.cohortId} is lost`));
  }
}

export class Leases {
  readonly #held = new Map<string, Lease>();
  readonly #leaseMs: number;
  readonly #renew: (cohorts: readonly Lease[]) => Promise<readonly string[]>;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | null = null;
  #renewing = false;

  constructor(
    leaseMs: number,
    renew: (cohorts: readonly Lease[]) => Promise<readonly string[]>,
    logger: Logger,
  ) {
    this.#leaseMs = leaseMs;
    this.#renew = renew;
    this.#logger = logger;
  }

  /** Call before the begin is sent; `held` with its answer. */
  prepare(cohort: CohortKey): Lease {
    return new Lease(cohort, this.#leaseMs, sentNow());
  }

  hold(lease: Lease): void {
    this.#held.set(lease.cohortId, lease);
    this.#timer ??= setInterval(() => void this.#renewAll(), this.#leaseMs / 4);
  }

  /** Its work is over: what an adapter may have left behind is not sent any more. */
  release(lease: Lease): void {
    lease.lose();
    this.#held.delete(lease.cohortId);
    if (this.#held.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** What is held is given up: nothing more is posted for it. */
  loseAll(): void {
    for (const lease of this.#held.values()) lease.lose();
  }

  /**
   * No renewals any more: what is still under way after a stop that took too long may be given to
   * others.
   */
  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#held.clear();
  }

  async #renewAll(): Promise<void> {
    if (this.#renewing || this.#held.size === 0) return;
    this.#renewing = true;
    const asked = [...this.#held.values()];
    const sentAt = sentNow();
    try {
      const ours = new Set(await this.#renew(asked));
      for (const lease of asked) {
        if (ours.has(lease.cohortId)) lease.renewed(sentAt);
        else if (this.#held.has(lease.cohortId)) {
          this.#logger.warn(
            { cohort: lease.cohortId },
            'the lease is lost: another runner gives its people back',
          );
          lease.lose();
        }
      }
    } catch (error) {
      this.#logger.warn(
        { error: messageOf(error) },
        'leases could not be renewed; nothing is posted once they pass',
      );
    } finally {
      this.#renewing = false;
    }
  }
}
