/**
 * Exactly one event at Klaviyo for each mailpiece and status, whatever befalls runners, requests
 * and keys: schedules that a seed draws. More of them are in klaviyo-schedules.long.test.ts.
 */
import { test } from 'node:test';
import { playKlaviyo } from './klaviyo-schedules.ts';

void test('Klaviyo has each event once, over crashes, lost answers and repeats', async () => {
  await playKlaviyo(1, 3);
});
