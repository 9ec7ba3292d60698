/**
 * Runners that die or stand still at any moment: kill -9 at random with two at work, and SIGSTOP
 * for longer than the lease. At a printer without keys only the lease check stands between a
 * stopped process and a second card; the last test shows where even that ends.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { converge, eventually } from './converge.ts';
import { openScenario, type Scenario } from './scenario.ts';
import { printed, verdict } from './verdict.ts';
import { isLong } from '../support/long.ts';

/** The submissions take a moment, so that a kill finds something under way. */
async function slowly(scenario: Scenario): Promise<void> {
  return await scenario.shop.faults([{ kind: 'delay_ms', ms: 60, count: 100_000 }]);
}

void describe('kill -9 at random', { concurrency: 4 }, () => {
  for (const keys of isLong ? [true, false] : [false]) {
    void test(`two runners, ${isLong ? 20 : 2} kills, a printer ${keys ? 'with' : 'without'} keys`, async (t) => {
      const [kills, more] = isLong ? [20, 150] : [2, 40];
      await using scenario = await openScenario({ people: more, keys });
      await slowly(scenario);
      let victim = await scenario.start();
      let other = await scenario.start();
      for (let kill = 0; kill < kills; kill += 1) {
        const pause = Math.round(Math.random() * 700);
        t.diagnostic(`kill ${kill + 1} of ${victim.name} after ${pause} ms`);
        await sleep(pause);
        await victim.kill();
        await scenario.grow(more);
        [victim, other] = [other, await scenario.start()];
      }
      assert.ok(other.alive);
      await converge(scenario);
      await verdict(scenario);
    });
  }
});

void describe('SIGSTOP for longer than the lease', { concurrency: 4 }, () => {
  /**
   * The first runner stops itself; the second does its work as well; then the first wakes and
   * believes that nothing happened.
   */
  const sleepAt = async (
    scenario: Scenario,
    point: 'mail.before-post' | 'adapter',
  ): Promise<void> => {
    // One slot: the request of another would be between check and wire when the process stops,
    // which is the limit below.
    const first = await scenario.start({
      snares: [{ point, nth: 2, how: 'stop' }],
      settings: { mailSlots: 1 },
    });
    await first.snared();
    await scenario.start();
    await converge(scenario);
    first.wake();
    // What it does now it does at once; a stop in good order waits for it.
    await sleep(300);
    assert.equal(await first.stop(), '0');
  };

  for (const keys of isLong ? [true, false] : [false]) {
    void test(`before the lease check, at a printer ${keys ? 'with' : 'without'} keys: nothing is posted any more`, async () => {
      await using scenario = await openScenario({ people: 40, keys });
      await sleepAt(scenario, 'mail.before-post');
      await verdict(scenario);
    });
  }

  if (isLong) {
    void test('between lease check and request, at a printer with keys: the same card again, not a second one', async () => {
      await using scenario = await openScenario({ people: 40, keys: true });
      await sleepAt(scenario, 'adapter');
      await verdict(scenario);
    });
  }

  void test('THE LIMIT: between lease check and request, at a printer without keys, one request is printed twice, and an alarm says so', async () => {
    await using scenario = await openScenario({ people: 40, keys: false });
    await sleepAt(scenario, 'adapter');
    const twice = [...(await printed(scenario))]
      .filter(([, cards]) => cards === 2)
      .map(([id]) => id);
    assert.ok(
      twice.length >= 1 && twice.length <= 10,
      `a request holds up to ten cards; ${twice.length} were printed twice`,
    );
    // A busy runner may have given its request up before the answer came: then a poll tells, which
    // is a beat's work.
    const { sql } = scenario.machine;
    const isTold = async (): Promise<boolean> =>
      (await sql`select from postrider.alarm`).length > 0;
    if (!(await isTold())) {
      await scenario.start({ settings: { beats: true } });
      await eventually('the alarm of the second card', async () => {
        await sql`update postrider.printer_feed set told_at = null, polled_at = null`;
        return await isTold();
      });
    }
    await verdict(scenario, { twice, alarms: ['second_provider_id'] });
  });
});
