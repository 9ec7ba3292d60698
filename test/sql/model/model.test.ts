/**
 * The machine walks at random against a model of it: syncs, stages, crashes, deletions by hand,
 * lost and late answers, webhooks, operators. After each step everybody is where the model says; in
 * the end nobody is stuck, and nobody has two cards.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { broken, miscountedMoves } from '../../support/machine.ts';
import { place, sharedMachine } from '../rig.ts';
import { compare, judgeCards, settleDown } from './comparison.ts';
import { STEPS, type Step } from './steps.ts';
import { World } from './database-beside-model.ts';
import { isLong } from '../../support/long.ts';

const rig = sharedMachine();

async function walk(steps: readonly Step[], n: number): Promise<void> {
  const world = new World(rig.sql, await place(rig.sql), n);
  await world.step({ what: 'sync', a: 0, b: 0, c: 0 });
  for (const [i, step] of steps.entries()) {
    await world.step(step);
    await compare(world, `after step ${i}, ${JSON.stringify(step)}`);
  }
  await settleDown(world);
  judgeCards(world);
}

const step = fc.record({
  what: fc.constantFrom(...STEPS),
  a: fc.nat(0xffff),
  b: fc.nat(0xffff),
  c: fc.nat(0xffff),
});
const steps = fc.array(step, { maxLength: isLong ? 120 : 60, size: 'max' });

void test('whatever happens in whatever order, everybody is where the model says, nobody is stuck, nobody has two cards', async () => {
  await fc.assert(fc.asyncProperty(steps, fc.integer({ min: 2, max: 7 }), walk), {
    numRuns: isLong ? 3000 : 20,
    interruptAfterTimeLimit: isLong ? 12 * 60_000 : 9_000,
    markInterruptAsFailure: false,
  });
  assert.deepEqual(await broken(rig.sql), []);
  assert.deepEqual(await miscountedMoves(rig.sql), []);
});
