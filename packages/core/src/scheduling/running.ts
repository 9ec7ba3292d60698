/**
 * What runs while a pipeline is started: workers, stagers, listening, the reaper, beats. Begun in
 * an order, ended together.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isLostSession } from '../common/driver-errors.ts';
import { messageOf } from '../common/message-of.ts';
import { deregisterRunner, peopleAtWork, type WorkName } from '../machine/house.ts';
import { checkAnswers, requireSuitableSession } from '../machine/session.ts';
import type { PipelineContext, Wake } from '../runtime/context.ts';
import { within } from '../runtime/waiting.ts';
import { workDone, workFailed } from '../runtime/work-failures.ts';
import { declareSchedules, runBeat, startOffering, type BeatJob } from './beats.ts';
import { startListening } from './listening.ts';
import { startReaper } from './reaper.ts';
import { Recovery } from './recovery.ts';
import { stages, type JobData, type StageWorker } from './stage-workers.ts';
import { Waker } from './waker.ts';
import { Workers } from './workers.ts';

/**
 * How long the database may take, at the end, to answer how many people are at work, and to hear
 * that this runner has ended.
 */
const SIGN_OFF_MS = 5000;

/** How a stop has ended. */
export interface Stopped {
  /**
   * People whom this pipeline has begun and not settled; null where the database could not be
   * asked. In good order nobody is. Where the time was over, they come back when their lease has
   * passed, by any other runner or the next one.
   */
  readonly atWork: number | null;
}

type Queue = StageWorker['queue'];
function isWork(queue: Queue): queue is Extract<Queue, WorkName> {
  return queue !== 'proof' && queue !== 'mail';
}

export class Running {
  readonly #context: PipelineContext;
  readonly #wakers = new Map<Wake, Waker>();
  #workers: Workers | null = null;
  #recovery: Recovery | null = null;
  #closers: (() => void | Promise<void>)[] = [];

  constructor(context: PipelineContext) {
    this.#context = context;
  }

  wake(what: Wake): void {
    this.#wakers.get(what)?.wake();
  }

  /** Call with every error of what runs here. */
  noteError(error: unknown): void {
    this.#recovery?.noteError(error);
  }

  /**
   * Rejects where it cannot, or where the pipeline stops meanwhile: `end` then ends what was begun.
   */
  async begin(): Promise<void> {
    const { boss, sql, settings, stopping, watermark } = this.#context;
    const noteError = (error: unknown): void => this.noteError(error);
    const workers = new Workers(boss);
    const recovery = new Recovery(
      async () => await checkAnswers(sql),
      () => this.#wakeAll(),
    );
    this.#workers = workers;
    this.#recovery = recovery;
    this.#closers = [() => recovery.end()];
    await this.#requireSuitableSessions();
    stopping.throwIfAborted();
    await this.#context.requireMigrated();
    stopping.throwIfAborted();
    await watermark.load();
    this.#closers.push(await startReaper(this.#context, noteError));
    stopping.throwIfAborted();
    await boss.start();
    stopping.throwIfAborted();
    if (settings.beats) await declareSchedules(this.#context);
    this.#makeWakers();
    this.#closers.push(await startListening(this.#context, () => this.#wakeAll()));
    for (const { workers: served } of stages) {
      for (const { queue, slots, work } of served) {
        stopping.throwIfAborted();
        const told = async (id: string, data: JobData): Promise<void> => {
          const began = performance.now();
          await this.#context.meter.job(
            queue,
            async () => await this.#reportingWork(queue, id, data, work),
          );
          const restMs = this.#context.flood.restAfter(performance.now() - began);
          if (restMs > 0)
            await sleep(restMs, undefined, { signal: stopping }).catch(() => undefined);
        };
        await workers.add<JobData>(queue, slots(this.#context), told);
      }
    }
    if (!settings.beats) return;
    stopping.throwIfAborted();
    await workers.add<BeatJob>('beat', 1, async (_id, data) => {
      await this.#context.meter.job('beat', async () => await runBeat(this.#context, data));
    });
    this.#closers.push(startOffering(this.#context));
  }

  /**
   * Nothing new begins; what is under way is waited for. Safe where little or nothing was begun.
   */
  async end(timeoutMs: number): Promise<Stopped> {
    const { boss, leases, limits, health, logger } = this.#context;
    const wakers = [...this.#wakers.values()];
    const wasBegun = this.#closers.length > 0;
    this.#wakers.clear();
    const closed = this.#closers.splice(0).map(async (close) => await close());
    const stopped = wakers.map(async (waker) => await waker.stop());
    // pg-boss still writes down what it has given up when the time is over, and takes a second at
    // least.
    const ended = within(
      timeoutMs + SIGN_OFF_MS,
      boss.stop({ graceful: true, timeout: timeoutMs }),
    );
    const done = within(
      timeoutMs,
      ended.then(async () => await this.#workers?.done()),
    );
    await Promise.all([
      ended,
      done,
      within(timeoutMs + SIGN_OFF_MS, Promise.allSettled([...closed, ...stopped])),
    ]);
    leases.end();
    await within(SIGN_OFF_MS, Promise.all([limits.end(), health.end()]));
    if (!wasBegun) return { atWork: 0 };
    let atWork: number | null = null;
    await within(
      SIGN_OFF_MS,
      this.#signOff().then((people) => (atWork = people)),
    );
    if (atWork !== 0)
      logger.warn(
        { people: atWork },
        'stopped before everything at work was done; people at work come back when their ' +
          'lease has passed',
      );
    return { atWork };
  }

  /** Resolves with how many people are still at work. */
  async #signOff(): Promise<number> {
    const { sql, runnerId } = this.#context;
    const people = await peopleAtWork(sql, runnerId);
    await deregisterRunner(sql, runnerId);
    return people;
  }

  /**
   * pg-boss keeps a job's error to itself. What fails of an organization's job is counted as well;
   * a cohort's people count for themselves, and `stuck` tells of those who were lost too often.
   */
  async #reportingWork(
    queue: Queue,
    id: string,
    data: JobData,
    work: StageWorker['work'],
  ): Promise<void> {
    const { logger, stopping } = this.#context;
    const line = 'a job failed; it is done again later';
    const whole = isWork(queue) ? { organizationId: data.organization_id, work: queue } : null;
    try {
      await work(this.#context, id, data);
      if (whole !== null && !stopping.aborted) await workDone(this.#context, whole);
    } catch (error) {
      // A refused connection may be an adapter's: only the words of the driver and of the server
      // are the database's own.
      if (isLostSession(error) || stopping.aborted) throw error;
      if (whole !== null)
        await workFailed(this.#context, whole, { error, line, fields: { queue, job: id } });
      else
        logger.error(
          { queue, job: id, organization: data.organization_id, error: messageOf(error) },
          line,
        );
      throw error;
    }
  }

  #makeWakers(): void {
    for (const { name, wakes } of stages) {
      for (const [what, work] of Object.entries(wakes) as [
        Wake,
        (context: PipelineContext) => Promise<unknown>,
      ][]) {
        const waker = new Waker(
          `${name}: ${what}`,
          async () => void (await work(this.#context)),
          this.#context.logger,
          (error) => this.noteError(error),
        );
        this.#wakers.set(what, waker);
      }
    }
  }

  /** Every worker and stager looks for work: notifications may have been missed. */
  #wakeAll(): void {
    this.#workers?.notifyAll();
    // All but the poll, which is a beat's: printers are not asked whenever a connection comes and
    // goes.
    for (const [what, waker] of this.#wakers) if (what !== 'poll') waker.wake();
  }

  async #requireSuitableSessions(): Promise<void> {
    const { sql, queueSql, logger } = this.#context;
    for (const client of new Set([sql, queueSql])) {
      const short = await requireSuitableSession(client);
      if (short.length > 0)
        logger.warn(
          { settings: short },
          'sessions may be ended, or statements cancelled, in the midst of their work',
        );
    }
  }
}
