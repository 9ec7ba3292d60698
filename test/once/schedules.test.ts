/**
 * Exactly once at Lob, whatever befalls runners, requests, keys and webhooks on the way: schedules
 * that a seed draws, played in turned time. More of them are in schedules.long.test.ts.
 */
import { test } from 'node:test';
import { runSeeds, seedsOf } from './run.ts';

void test('everybody who is called sent has one live card at Lob, and nobody else has any', async () => {
  await runSeeds(seedsOf(1, 60));
});
