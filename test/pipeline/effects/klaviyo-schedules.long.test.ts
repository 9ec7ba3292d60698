/** Exactly one event at Klaviyo for each mailpiece and status: further schedules. */
import { test } from 'node:test';
import { playKlaviyo } from './klaviyo-schedules.ts';

for (const first of [101, 201, 301])
  void test(`Klaviyo has each event once, by schedules from ${first}`, async () => {
    await playKlaviyo(first, 50);
  });
