/**
 * A standby that was behind takes over in mid-mailing: nothing more is begun until the printer has
 * told what it made, and nobody has two cards. More of it is in restarted.long.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../pipeline/rig.ts';
import { promoted, settled } from './promotion.ts';

void test('a runner that lives through a failover notices it, and not the old primary that comes back', async () => {
  await promoted({ lag: 5, address: 'proxy', restarted: false }, async (place, runner) => {
    await place.primary.start();
    place.leadTo(place.primary);
    await until(async () => (await place.held()) !== null);
    assert.match(
      (await place.held()) ?? '',
      /writes timeline 1, and cards were mailed on timeline 2.*another server has taken over/s,
    );
    const posted = (await place.ledger()).length;
    // Released by somebody who does not know: it is held again before anything is begun.
    await place.sql()`update postrider.printer set held_at = null, held_why = null`;
    await until(async () => (await place.held()) !== null);
    assert.equal((await place.ledger()).length, posted);
    await place.primary.stop();
    place.leadTo(place.standby);
    await settled(place, runner);
  });
});
