/** Runs schedules by their seeds, and tells of one that fails how it is seen again. */
import assert from 'node:assert/strict';
import { freshMachine, type Machine } from '../support/machine.ts';
import { judge } from './judge.ts';
import { letPass, play } from './play.ts';
import { drawSchedule, scheduleText } from './schedule.ts';
import { openWorld } from './world.ts';

/** One of these seeds alone, and its steps are told as they are done. */
export const SEED_VARIABLE = 'POSTRIDER_LOB_SEED';

async function runSeed(sql: Machine['sql'], seed: number): Promise<void> {
  const schedule = drawSchedule(seed);
  const isTold = process.env[SEED_VARIABLE] !== undefined;
  await using world = await openWorld(sql, schedule);
  try {
    for (const [index, step] of schedule.steps.entries()) {
      if (isTold) console.log(index, JSON.stringify(step));
      await play(world, step);
    }
    await letPass(world);
    assert.deepEqual(await judge(world), []);
  } catch (error) {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(
      `schedule ${seed} fails; again: ${SEED_VARIABLE}=${seed} sh bin/test ` +
        `test/once/schedules.test.ts\n${words}\n${scheduleText(schedule)}\n` +
        world.log.slice(-40).join('\n'),
    );
  }
}

/** So many schedules at the same time, each in a database of its own. */
const LANES = 2;
/** After so many a lane takes a new database. */
const A_DATABASE = 40;

/** Seeds that were asked for by name; else so many, from the first. */
export function seedsOf(first: number, count: number): readonly number[] {
  const asked = process.env[SEED_VARIABLE];
  return asked === undefined
    ? Array.from({ length: count }, (_, index) => first + index)
    : asked.split(',').map(Number);
}

/** Of a safeguard that is taken out, one schedule that notices is enough (test/mutants). */
const isMutant = process.env['POSTRIDER_MUTANT'] !== undefined;

/** Throws with all that failed. */
export async function runSeeds(seeds: readonly number[]): Promise<void> {
  const rest = seeds.values();
  const failed: string[] = [];
  const lane = async (): Promise<void> => {
    for (let isOver = false; !isOver;) {
      await using machine = await freshMachine();
      // Each session compiles for itself what it calls: few are enough.
      const sql = machine.connect(3);
      for (let count = 0; count < A_DATABASE; count += 1) {
        const next = rest.next();
        if (next.done === true || (isMutant && failed.length > 0)) {
          isOver = true;
          break;
        }
        await runSeed(sql, next.value).catch((error: unknown) => {
          failed.push(error instanceof Error ? error.message : String(error));
        });
        // What comes next begins today again.
        await sql`update postrider.clock set turned_by = '0'`;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, seeds.length) }, lane));
  if (failed.length > 0) throw new Error(`${failed.length} failed\n\n${failed.join('\n\n')}`);
}
