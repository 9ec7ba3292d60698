/** A flood of webhooks: they are taken first, and what they tell is applied when it is over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integrationsOf } from '@postrider/core';
import { freshMachine, launched } from '../../../test/support/machine.ts';
import { turnClock } from '../../../test/sql/rig.ts';
import { noopPorts } from '../../../test/pipeline/rig.ts';
import { makeContext } from '../src/runtime/context.ts';
import { Flood } from '../src/runtime/flood.ts';
import { applyInbox, beatInbox } from '../src/stages/track/inbox.ts';

const nothing = { reconcile: [], callBack: [], effects: [], unmatched: [] };

void test('so many in a second are a flood, which is over a second after the last', () => {
  const flood = new Flood();
  flood.stored(499, 1000);
  assert.equal(flood.isOn(1000), false);
  flood.stored(1, 2000);
  assert.deepEqual([flood.isOn(2000), flood.isOn(2999), flood.isOn(3000)], [true, true, false]);
  flood.stored(499, 5000);
  flood.stored(499, 6001);
  assert.equal(flood.isOn(6001), false);
});

void test('who has worked rests in a flood for three quarters of it, a second at most, and otherwise not', () => {
  const flood = new Flood();
  assert.equal(flood.restAfter(100, 0), 0);
  flood.stored(500, 0);
  assert.deepEqual([flood.restAfter(100, 0), flood.restAfter(60_000, 0)], [75, 1000]);
});

void test(
  'webhooks wait to be applied while others pour in, for five minutes and no longer',
  { timeout: 20_000 },
  async ({ signal }) => {
    await using machine = await freshMachine();
    const { sql } = machine;
    const { organizationId } = await launched(sql);
    const stored = JSON.stringify([[]]);
    await sql`
    select postrider.receive_webhooks(
      ${organizationId}, 'press', '{one}', '{}', '{2}', p_events => ${stored}::text::jsonb)`;
    const flooded = (stopping: AbortSignal) => {
      const context = makeContext(
        { sql, integrations: integrationsOf(noopPorts()), restoreWatermark: 'not kept' },
        { stopping, wake: () => undefined, onBossError: () => undefined },
      );
      // For as long as the test takes.
      context.flood.stored(1000, performance.now() + 3_600_000);
      return context;
    };
    // A beat looks and goes: it has others to see to.
    await beatInbox(flooded(signal), { ...nothing, webhooks: true });
    const stop = new AbortController();
    const held = applyInbox(flooded(stop.signal));
    stop.abort();
    assert.equal(await held, 0);
    assert.equal((await sql`select from postrider.waiting_webhook`).length, 1);
    await turnClock(sql, 301_000);
    assert.equal(await applyInbox(flooded(signal)), 1);
    assert.equal((await sql`select from postrider.waiting_webhook`).length, 0);
  },
);
