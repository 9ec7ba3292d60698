/**
 * The clock. Beats of minutes and hours are pg-boss schedules. Beats of seconds are jobs that every runner offers and pg-boss takes once per slot: any
 * number of runners may tick, a dead one costs nothing, and slots are aligned to the epoch.
 */
import type { PipelineContext } from './context.ts';
import { stages } from '../stages/index.ts';
import { beatEnrich } from '../stages/enrich.ts';
import { beats, type BeatName } from '../queues/queues.ts';

const TICK_MS = 5000;

/** Writes the schedules of cron beats. Cheap, and the same from every runner. */
export const declareSchedules = async (context: PipelineContext): Promise<void> => {
  for (const beat of beats) {
    if ('cron' in beat) await context.boss.schedule('beat', beat.cron, { beat: beat.name }, { tz: beat.timeZone, key: beat.name });
  }
};

/** Offers the beats of seconds, in one statement. */
const offer = async (context: PipelineContext): Promise<void> => {
  const jobs = beats.flatMap((beat) =>
    'seconds' in beat ? [{ data: { beat: beat.name }, singletonKey: beat.name, singletonSeconds: beat.seconds }] : [],
  );
  await context.boss.insert('beat', jobs);
};

/** Starts ticking; returns how to stop. */
export const startTicking = (context: PipelineContext): (() => void) => {
  const tick = (): void => {
    offer(context).catch((error: unknown) => {
      context.logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'a beat could not be offered');
    });
  };
  tick();
  const timer = setInterval(tick, TICK_MS);
  return () => clearInterval(timer);
};

const everyOf = (name: BeatName): string => {
  const beat = beats.find((candidate) => candidate.name === name);
  if (beat === undefined) return '1 day';
  return 'cron' in beat ? beat.every : `${beat.seconds} seconds`;
};

/** What a beat does, on whichever runner got it. */
export const onBeat = async (context: PipelineContext, name: BeatName): Promise<void> => {
  await context.sql`select postrider.beat(${name}, ${everyOf(name)}::interval)`;
  if (name === 'house') {
    await context.sql`select postrider.keep_house()`;
    // Batches that are out are looked after between the times of day.
    await beatEnrich(context, true);
    return;
  }
  for (const stage of stages) if (stage.beat === name) await stage.onBeat(context);
};
