/**
 * The printer on a bad day: answers lost before and after the effect, too many requests, silence, a
 * printer that dies and comes back.
 */
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { converge } from './converge.ts';
import { openScenario } from './scenario.ts';
import { verdict } from './verdict.ts';
import { isLong } from '../support/long.ts';

const times = isLong ? 10 : 2;

void describe('whatever the printer does', { concurrency: 4 }, () => {
  for (const keys of [true, false]) {
    // At one without keys, in the short form: what a printer with keys is spared makes it no
    // harder.
    if (keys && !isLong) continue;
    const printer = `a printer ${keys ? 'with' : 'without'} keys`;

    void test(`answers lost before and after the effect, refusals, silence, at ${printer}`, async () => {
      await using scenario = await openScenario({
        people: isLong ? 3000 : 80,
        keys,
        settings: { mailSlots: 4 },
      });
      await scenario.shop.faults([
        { kind: 'drop_answer_after_effect', count: times },
        { kind: 'http_500_after_effect', count: times },
        { kind: 'drop_before_effect', count: times },
        { kind: 'http_429', count: times, retryAfterSeconds: 0 },
        { kind: 'http_500_before_effect', count: 1 },
        { kind: 'http_503', count: 1 },
        { kind: 'stall', count: 1 },
        { kind: 'stall_after_effect', count: 1 },
        // Done when we have long stopped waiting, but before we ask.
        { kind: 'delay_ms', ms: 1000, count: 1 },
        { kind: 'http_503', endpoint: 'find', count: times },
        { kind: 'drop_before_effect', endpoint: 'find', count: 1 },
      ]);
      await scenario.start();
      await converge(scenario);
      await verdict(scenario);
    });

    void test(`killed and started again in mid-run, at ${printer}`, async () => {
      await using scenario = await openScenario({ people: 40, keys });
      await scenario.shop.faults([{ kind: 'delay_ms', ms: 50, count: 100_000 }]);
      await scenario.start();
      for (let round = 0; round < (isLong ? 8 : 2); round += 1) {
        await sleep(250 + Math.random() * 250);
        await scenario.shop.kill();
        await sleep(200);
        await scenario.shop.restart();
        await scenario.grow(30);
      }
      await converge(scenario);
      await verdict(scenario);
    });
  }
});
