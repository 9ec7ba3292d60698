/**
 * A runner that is no owner: a member of postrider_runner does everything that a runner must, the
 * queue's part included.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '@postrider/core';
import { open, until } from '../rig.ts';

void test('a member of postrider_runner renders, mails and keeps house', async () => {
  const name = `carrier_${process.pid}`;
  await using opened = await open({
    people: 20,
    settings: { beats: true },
    sql: (machine) => {
      const url = new URL(machine.url);
      url.username = name;
      url.password = 'night';
      return connect(url.href, { max: 6 });
    },
  });
  const { pipeline, client, machine, log } = opened;
  const admin = connect(machine.database.adminUrl, { max: 1 });
  await admin.unsafe(`create role "${name}" login password 'night' in role postrider_runner`);
  try {
    await pipeline.start();
    await until(
      async () =>
        (await opened.sql`select from postrider.recipient_state where state = 'sent'`).length ===
        20,
    );
    await client`select postrider.run_housekeeping()`;
    assert.deepEqual(
      log.filter((line) => /denied/.test(line)),
      [],
    );
  } finally {
    await pipeline.stop({ timeoutMs: 5000 });
    await client.end({ timeout: 2 });
    await admin.unsafe(`drop owned by "${name}"`);
    await admin.unsafe(`drop role "${name}"`);
    await admin.end();
  }
});
