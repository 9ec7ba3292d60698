import { test } from 'node:test';
import { goesWhile, openStage } from './server-goes.ts';

void test('a runner whose server goes while it starts or stops ends by its own decision', async () => {
  await using stage = await openStage();
  // In the last third it speaks to the database. Every moment, in every way:
  // server-goes.long.test.ts.
  await goesWhile(stage, {
    phase: 'start',
    how: 'killed',
    back: false,
    afterMs: stage.startMs * 0.7,
  });
  await goesWhile(stage, {
    phase: 'start',
    how: 'stopped',
    back: true,
    afterMs: stage.startMs * 0.85,
  });
  await goesWhile(stage, { phase: 'stop', how: 'killed', back: false, afterMs: 0 });
});
