/**
 * kill -9 at named points, one runner after the other in one database: each finds new people and
 * what its predecessors left behind. The long form has them all, and a scenario of its own for each
 * (points.long.test.ts).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Point } from '@postrider/core';
import { states } from '../support/machine.ts';
import { converge, eventually, freePort, minutesPass, nudge } from './converge.ts';
import { closestPoints, somePoints } from './points.ts';
import { beatOfSync, openScenario, type Scenario } from './scenario.ts';
import type { Runner } from './runner.ts';
import { effectsOf, verdict } from './verdict.ts';

/** Starts a runner that kills itself at the point, and sees to it that it gets there. */
async function killedAt(
  scenario: Scenario,
  point: Point,
  webhookPort: number | null,
): Promise<void> {
  await scenario.grow(12);
  if (point.startsWith('track.')) await scenario.shop.travel(10);
  const runner: Runner = await scenario.start({
    webhookPort,
    snares: [{ point, nth: 1, how: 'kill' }],
  });
  const deadline = Date.now() + 240_000;
  while (runner.alive && Date.now() < deadline) {
    await nudge(scenario.machine.sql);
    await Promise.race([runner.ended, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  if (runner.alive)
    assert.fail(
      `no runner came to ${point}: ` +
        `${JSON.stringify(await states(scenario.machine.sql))}\n${runner.log.join('\n')}`,
    );
  assert.equal(await runner.ended, 'SIGKILL');
  assert.equal(await runner.snared(), point);
  await minutesPass(scenario);
}

void describe('kill -9 at the named points', { concurrency: 3 }, () => {
  void test('killed between any two kinds of steps: one card each, every effect done, everybody received', async () => {
    await using scenario = await openScenario({
      people: 0,
      emailOnly: 4,
      campaign: { effects: ['usage_meter', 'event_sink'] },
    });
    const port = await freePort();
    await scenario.shop.sendWebhooksTo(
      `http://127.0.0.1:${port}/${scenario.place.organizationId}/press`,
    );
    for (const point of somePoints) await killedAt(scenario, point, port);
    await scenario.start({ webhookPort: port });
    await converge(scenario, {
      arrived: ['received'],
      meanwhile: async () => await scenario.shop.travel(5),
    });
    await verdict(scenario);
    assert.equal(await effectsOf(scenario), 2 * scenario.people);
    const { sql } = scenario.machine;
    // A runner may have died in a sync at any of the points: the next one ends what is left of it.
    await beatOfSync(sql, scenario.place.organizationId);
    await eventually(
      'every run of a sync has ended, and nothing of a dead one is left',
      async () => {
        const [left] = await sql<{ runs: number; seen: number }[]>`
          select (select count(*)::int from postrider.sync_run where ended_at is null) as runs,
            (select count(*)::int from postrider.sync_seen) as seen`;
        return left?.runs === 0 && left.seen === 0;
      },
    );
  });

  void test('killed around the request to a printer without keys: one card each', async () => {
    await using scenario = await openScenario({ people: 0, keys: false });
    for (const point of closestPoints) await killedAt(scenario, point, null);
    await scenario.start();
    await converge(scenario);
    await verdict(scenario);
  });
});
