import { test } from 'node:test';
import { goesWhile, openStage } from './server-goes.ts';

const STEPS = 24;

for (const how of ['killed', 'stopped'] as const) {
  for (const back of [true, false]) {
    void test(`the server is ${how} ${back ? 'and started' : 'for good'} at every moment of a runner's start and stop`, async () => {
      await using stage = await openStage();
      for (let step = 0; step <= STEPS; step += 1) {
        await goesWhile(stage, {
          phase: 'start',
          how,
          back,
          afterMs: (stage.startMs * (step + STEPS / 3)) / STEPS,
        });
      }
      for (let step = 0; step < STEPS / 2; step += 1)
        await goesWhile(stage, { phase: 'stop', how, back, afterMs: step * 25 });
    });
  }
}
