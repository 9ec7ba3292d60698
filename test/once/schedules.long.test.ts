/** A thousand schedules, beyond those of schedules.test.ts. */
import { test } from 'node:test';
import { runSeeds, seedsOf } from './run.ts';

void test('a thousand schedules leave one live card at Lob for everybody who is called sent, and none for others', async () => {
  await runSeeds(seedsOf(1001, 1000));
});
