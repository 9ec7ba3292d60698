/**
 * Slots: each does one job at a time and, when it had one, fetches again at once; pg-boss itself
 * would do so only for batches of more than one (`burstWhenBatchFull`), and a backlog would then
 * move at the polling floor. All slots wake by notification; without one, the first slot of a queue
 * polls, and wakes the others when it finds something.
 */
import type { PgBoss } from 'pg-boss';
import { IDLE_POLL_SECONDS, POLL_SECONDS, type QueueName } from '../queues/queues.ts';

export class Workers {
  readonly #boss: PgBoss;
  readonly #all: string[] = [];
  readonly #atWork = new Set<Promise<void>>();

  constructor(boss: PgBoss) {
    this.#boss = boss;
  }

  async add<Data extends object>(
    queue: QueueName,
    slots: number,
    handle: (id: string, data: Data) => Promise<void>,
  ): Promise<void> {
    const workers: string[] = [];
    for (let slot = 0; slot < slots; slot += 1) {
      const seconds =
        slot === 0 && (queue === 'proof' || queue === 'mail') ? POLL_SECONDS : IDLE_POLL_SECONDS;
      const options = {
        batchSize: 1,
        pollingIntervalSeconds: seconds,
        notifyPollingIntervalSeconds: seconds,
      } as const;
      const id: string = await this.#boss.work<Data>(queue, options, async ([job]) => {
        if (slot === 0) for (const worker of workers) this.#boss.notifyWorker(worker);
        else this.#boss.notifyWorker(id);
        if (job !== undefined) await this.#watch(handle(job.id, job.data));
      });
      workers.push(id);
      this.#all.push(id);
    }
  }

  /**
   * Resolves when no job is at work any more. pg-boss itself does not wait for one that took longer
   * than it may.
   */
  async done(): Promise<void> {
    while (this.#atWork.size > 0) await Promise.allSettled(this.#atWork);
  }

  /** Every slot looks for a job now. */
  notifyAll(): void {
    for (const worker of this.#all) this.#boss.notifyWorker(worker);
  }

  async #watch(work: Promise<void>): Promise<void> {
    this.#atWork.add(work);
    try {
      await work;
    } finally {
      this.#atWork.delete(work);
    }
  }
}
