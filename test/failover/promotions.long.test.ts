/**
 * Twenty promotions: how far the standby was behind, how the runner finds the server, and whether
 * it lives through the failover.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../pipeline/rig.ts';
import { pg15Binaries } from '../support/server.ts';
import { caughtUp, promote, rewind } from '../support/standby.ts';
import { promoted, settled } from './promotion.ts';
import { failover } from './rig.ts';

for (const lag of [1, 5, 10, 33, 100]) {
  for (const address of ['proxy', 'hosts'] as const) {
    for (const restarted of [false, true]) {
      void test(`${lag} cohorts behind, found by ${address}, ${restarted ? 'restarted' : 'alive'}`, async () => {
        await promoted({ lag, address, restarted }, async (place, runner) => {
          const adopted = await settled(place, runner);
          // Two cohorts were begun, and known to it, before it fell behind; two were under way.
          assert.ok(
            Math.abs(adopted - 2 * lag) <= 4,
            `${adopted} cards were adopted, ${2 * lag} were lost`,
          );
        });
      });
    }
  }
}

void test('PostgreSQL 15: 10 cohorts behind', async (t) => {
  if (pg15Binaries() === null) return t.diagnostic('not run: PostgreSQL 15 was not found');
  await promoted({ lag: 10, address: 'proxy', restarted: false, major: 15 });
});

void test('a synchronous standby knows of every card that was begun; the failover is noticed all the same', async () => {
  await using place = await failover({ people: 20, synchronous: true });
  const runner = await place.start('proxy');
  await place.post(6);
  await place.primary.kill9();
  await place.standby.promote();
  const posted = (await place.ledger()).length;
  place.leadTo(place.standby);
  place.open();
  await until(async () => (await place.held()) !== null);
  assert.ok((await place.ledger()).length <= posted + 4);
  assert.equal(await settled(place, runner), 0, 'no card was unknown to it');
});

void test('the old primary, rewound and promoted again when it was behind', async (t) => {
  if (pg15Binaries() === null)
    return t.diagnostic('not run: pg_rewind comes with PostgreSQL 15, which was not found');
  await promoted(
    { lag: 5, address: 'proxy', restarted: false, major: 15 },
    async (place, runner) => {
      place.shut();
      await place.reconcile(runner);
      await place.post(1);
      // The link leads the other way round from here on.
      place.link.lead(place.standby.port);
      await rewind(place.primary, place.standby);
      await caughtUp(place.primary, place.standby);
      place.link.lead(null);
      place.link.cut();
      await place.post(1);
      await place.standby.kill9();
      await promote(place.primary);
      place.leadTo(place.primary);
      place.open();
      await until(async () => (await place.held()) !== null);
      assert.match((await place.held()) ?? '', /timeline went from 2 to 3/);
      await settled(place, runner);
    },
  );
});
