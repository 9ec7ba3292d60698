/** A standby takes over while a runner is restarted; and sessions end while the standby lives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promoted } from './promotion.ts';
import { failover } from './rig.ts';
import { connect } from '../support/server.ts';

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
