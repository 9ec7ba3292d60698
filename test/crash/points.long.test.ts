/**
 * kill -9 at every named point, each in a scenario of its own, with 3,000 people: at printers with
 * keys and, where it matters, without.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold, release } from '@postrider/core';
import { converge, eventually, freePort, nudge } from './converge.ts';
import { allPoints, printerPoints } from './points.ts';
import { openScenario } from './scenario.ts';
import { effectsOf, verdict } from './verdict.ts';

const PEOPLE = 3000;

for (const keys of [true, false]) {
  for (const point of keys ? allPoints : printerPoints) {
    void test(`killed at ${point}, at a printer ${keys ? 'with' : 'without'} keys`, async () => {
      await using scenario = await openScenario({
        people: PEOPLE,
        keys,
        emailOnly: 10,
        campaign: { effects: ['usage_meter', 'event_sink'] },
        settings: { pageSize: 500, batchSize: 100, cohortSize: 50 },
      });
      const webhookPort = await freePort();
      const listen = async (): Promise<void> =>
        await scenario.shop.sendWebhooksTo(
          `http://127.0.0.1:${webhookPort}/${scenario.place.organizationId}/press`,
        );
      // Nothing is unknown to reconcile on a good day, nor where a webhook tells first.
      const doubtful = point.startsWith('reconcile.');
      if (doubtful) await scenario.shop.faults([{ kind: 'drop_answer_after_effect', count: 3 }]);
      else await listen();
      const travel = async (): Promise<void> => await scenario.shop.travel(3);
      const nth = doubtful || point === 'sync.opened' || point === 'sync.closed' ? 1 : 2;
      const { sql } = scenario.machine;
      const { organizationId } = scenario.place;
      // A sync that is interrupted leaves its lock for 30 seconds: only the points of sync meet
      // that.
      const synced = !point.startsWith('sync.');
      if (synced) await hold(sql, { organizationId, kind: 'organization', id: organizationId });
      const first = await scenario.start({ webhookPort, snares: [{ point, nth, how: 'kill' }] });
      if (synced) {
        await eventually(
          'everybody has come',
          async () => (await sql`select from postrider.sync_run where complete`).length > 0,
        );
        await release(sql, { organizationId, kind: 'organization', id: organizationId });
      }
      for (const deadline = Date.now() + 60_000; first.alive && Date.now() < deadline;) {
        await nudge(sql);
        await travel();
        await Promise.race([first.ended, new Promise((resolve) => setTimeout(resolve, 100))]);
      }
      assert.ok(!first.alive, `no runner came to ${point}`);
      assert.equal(await first.snared(), point);

      if (doubtful) await listen();
      await scenario.start({ webhookPort });
      await scenario.start();
      await converge(scenario, { arrived: ['received'], meanwhile: travel, deadlineMs: 180_000 });
      await verdict(scenario);
      assert.equal(await effectsOf(scenario), 2 * PEOPLE);
    });
  }
}
