/**
 * The clock. Beats of minutes and hours are pg-boss schedules. Beats of seconds are jobs that every
 * runner offers, and of which pg-boss takes one in each interval: any number of runners
 * may offer them, a dead one costs nothing, and the intervals are aligned to the epoch.
 */
import { isLostConnection } from '../common/driver-errors.ts';
import { messageOf } from '../common/message-of.ts';
import { noteBeats, noteFailures, type BeatFailure } from '../machine/house.ts';
import { beats, type Beat, type BeatName } from '../queues/queues.ts';
import { failureOf } from '../runtime/part-failure.ts';
import type { PipelineContext } from '../runtime/context.ts';
import { stages } from './stage-workers.ts';

const OFFER_MS = 7500;

/** Writes the schedules of cron beats. Cheap, and the same from every runner. */
export async function declareSchedules(context: PipelineContext): Promise<void> {
  for (const beat of beats) {
    if ('cron' in beat)
      await context.boss.schedule(
        'beat',
        beat.cron,
        { beat: beat.name },
        { tz: beat.timeZone, key: beat.name },
      );
  }
}

/** Offers the beats of seconds, in one statement; beats of one length share a job. */
async function offerBeats(context: PipelineContext): Promise<void> {
  const lengths = [...new Set(beats.flatMap((beat) => ('seconds' in beat ? [beat.seconds] : [])))];
  await context.boss.insert(
    'beat',
    lengths.map((seconds) => ({
      data: { seconds },
      singletonKey: `every-${seconds}`,
      singletonSeconds: seconds,
    })),
  );
}

/** Offers them from now on; returns how to stop. */
export function startOffering(context: PipelineContext): () => void {
  const offer = (): void => {
    offerBeats(context).catch((error: unknown) => {
      context.logger.warn({ error: messageOf(error) }, 'a beat could not be offered');
    });
  };
  offer();
  const timer = setInterval(offer, OFFER_MS);
  return () => clearInterval(timer);
}

/**
 * What a job of the beat queue carries: a beat of minutes or hours by its name, or all beats of so
 * many seconds.
 */
export type BeatJob = { readonly beat: BeatName } | { readonly seconds: number };

function isDue(beat: Beat, job: BeatJob): boolean {
  return 'beat' in job ? beat.name === job.beat : 'seconds' in beat && beat.seconds === job.seconds;
}

/** A beat of which something failed; all of it was logged and counted. */
class BeatFailedError extends Error {
  override readonly name = 'BeatFailedError';
}

/**
 * Counts what failed, logs it, each once, and says what works again. Where it cannot be counted it
 * is logged all the same.
 */
async function reportFailures(
  { sql, logger }: PipelineContext,
  names: readonly BeatName[],
  failed: readonly BeatFailure[],
  isWhole: boolean,
): Promise<void> {
  const noted = await noteFailures(sql, names, failed, isWhole).catch((error: unknown) => {
    const fields = { beats: names, error: messageOf(error) };
    logger.error(fields, 'what failed of a beat could not be counted');
    return [];
  });
  for (const { message, organizations, ...failure } of failed) {
    if (message === null) continue;
    const count = noted.find(
      ({ beat, part, isOver }) => beat === failure.beat && part === failure.part && !isOver,
    );
    const some =
      organizations.length === 0
        ? {}
        : { organizations: organizations.length, organization: organizations[0] };
    logger.error(
      { ...failure, ...some, error: message, inARow: count?.failures, since: count?.since },
      'a part of a beat failed; the next beat tries again',
    );
  }
  for (const { beat, part, failures, since, isOver } of noted)
    if (isOver) logger.info({ beat, part, failures, since }, 'a part of a beat works again');
}

/**
 * What beats do, on whichever runner got the job. Each part stands by itself: one that fails keeps
 * no other from its beat. The job then fails with what all of them said. A lost connection, or a
 * stop, is no part's fault: what it kept from being done is done by the next beat.
 */
export async function runBeat(context: PipelineContext, job: BeatJob): Promise<void> {
  const now = beats.filter((beat) => isDue(beat, job));
  const names = now.map((beat) => beat.name);
  const every = now.map((beat) => ('cron' in beat ? beat.every : `${beat.seconds} seconds`));
  const failed: BeatFailure[] = [];
  const interrupted: unknown[] = [];
  const attempt = async <T>(
    { beat, stage, part }: Pick<BeatFailure, 'beat' | 'stage' | 'part'>,
    work: () => Promise<T>,
  ): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      if (isLostConnection(error) || context.stopping.aborted) interrupted.push(error);
      else failed.push({ beat, stage, ...failureOf(part, error) });
      return null;
    }
  };
  const [first = 'house'] = names;
  const due = (await attempt(
    { beat: first, stage: first, part: 'what is due' },
    async () => await noteBeats(context.sql, names, every),
  )) ?? {
    reconcile: [],
    callBack: [],
    effects: [],
    unmatched: [],
    webhooks: false,
    failing: true,
  };
  for (const beat of names) {
    for (const { name: stage, beats: parts } of stages) {
      for (const [part, work] of Object.entries(parts[beat] ?? {})) {
        const told = await attempt({ beat, stage, part }, async () => await work(context, due));
        if (told) failed.push(...told.map((failure) => ({ beat, stage, ...failure })));
      }
    }
  }
  const told = failed.flatMap(({ part, message }) =>
    message === null ? [] : [`${part}: ${message}`],
  );
  if (told.length > 0 || (due.failing && interrupted.length === 0))
    await reportFailures(context, names, failed, interrupted.length === 0);
  if (told.length > 0) throw new BeatFailedError(told.join('; '));
  if (interrupted.length > 0) throw interrupted[0];
}
