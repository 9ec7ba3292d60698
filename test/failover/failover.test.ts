/**
 * A standby that was behind takes over in mid-mailing: nothing more is begun until the printer has
 * told what it made, and nobody has two cards.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../pipeline/rig.ts';
import { promoted, settled } from './promotion.ts';
import { failover } from './rig.ts';
import { connect } from '../support/server.ts';

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

void test('a runner that is restarted with a failover notices it', async () => {
  await promoted({ lag: 1, address: 'hosts', restarted: true });
});

void test('a runner whose sessions end while the standby lives goes on at the primary, and not at the standby', async () => {
  await using place = await failover({ people: 20 });
  const runner = await place.start('hosts');
  await place.post(2);
  const admin = connect(place.primary.adminUrl);
  try {
    const end = async (): Promise<void> => {
      await admin`
        select pg_terminate_backend(pid) from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()`;
    };
    for (let n = 0; n < 3; n += 1) {
      await end();
      await place.post(1);
    }
    await end();
    await place.finish(runner);
  } finally {
    await admin.end({ timeout: 2 });
  }
  const refused = runner.log.filter((line) => /25006|read-only/.test(line));
  assert.deepEqual(refused, []);
});
