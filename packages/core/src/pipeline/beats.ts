/**
 * The clock. Beats of minutes and hours are pg-boss schedules. Beats of seconds are jobs that every runner offers and pg-boss takes once per slot: any
 * number of runners may tick, a dead one costs nothing, and slots are aligned to the epoch.
 */
import type { PipelineContext } from './context.ts';
import { stages } from '../stages/index.ts';
import type { Due } from '../stages/due.ts';
import { beats, type Beat, type BeatName } from '../queues/queues.ts';
import { messageOf } from './message-of.ts';

const TICK_MS = 7500;

/** Writes the schedules of cron beats. Cheap, and the same from every runner. */
export const declareSchedules = async (context: PipelineContext): Promise<void> => {
  for (const beat of beats) {
    if ('cron' in beat) await context.boss.schedule('beat', beat.cron, { beat: beat.name }, { tz: beat.timeZone, key: beat.name });
  }
};

/** Offers the beats of seconds, in one statement; beats of one length share a job. */
const offer = async (context: PipelineContext): Promise<void> => {
  const lengths = [...new Set(beats.flatMap((beat) => ('seconds' in beat ? [beat.seconds] : [])))];
  await context.boss.insert(
    'beat',
    lengths.map((seconds) => ({ data: { seconds }, singletonKey: `every-${seconds}`, singletonSeconds: seconds })),
  );
};

/** Starts ticking; returns how to stop. */
export const startTicking = (context: PipelineContext): (() => void) => {
  const tick = (): void => {
    offer(context).catch((error: unknown) => {
      context.logger.warn({ error: messageOf(error) }, 'a beat could not be offered');
    });
  };
  tick();
  const timer = setInterval(tick, TICK_MS);
  return () => clearInterval(timer);
};

/** What a job of the beat queue carries: a beat of minutes or hours by its name, or all beats of so many seconds. */
export type BeatJob = { readonly beat: BeatName } | { readonly seconds: number };

const isDue = (beat: Beat, job: BeatJob): boolean =>
  'beat' in job ? beat.name === job.beat : 'seconds' in beat && beat.seconds === job.seconds;

/** What beats do, on whichever runner got the job. One stage's failure does not keep the others from their beat; the job then fails with the first. */
export const onBeat = async (context: PipelineContext, job: BeatJob): Promise<void> => {
  const now = beats.filter((beat) => isDue(beat, job));
  const every = now.map((beat) => ('cron' in beat ? beat.every : `${beat.seconds} seconds`));
  const [due] = await context.sql<Due[]>`
    select reconcile, effects, unmatched, webhooks from postrider.beat(${now.map((beat) => beat.name)}::text[], ${every}::text[]::interval[])`;
  if (due === undefined) return;
  const failures: unknown[] = [];
  for (const { name } of now) {
    for (const stage of stages) {
      try {
        await stage.beats[name]?.(context, due);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  if (failures.length > 0) throw failures[0];
};
