/** A runner that is no owner: a member of postrider_runner does everything that a runner must, the queue's part included. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopImageHost, createNoopPrinter, createNoopRenderer } from '@postrider/adapters';
import { connect, createPipeline, integrationsOf } from '@postrider/core';
import { freshMachine, launched, people, syncPeople } from '../support/machine.ts';
import { until } from './rig.ts';

void test('a member of postrider_runner renders, mails and keeps house', async () => {
  await using machine = await freshMachine();
  const admin = connect(machine.database.adminUrl, { max: 1 });
  const name = `carrier_${process.pid}`;
  await admin.unsafe(`create role "${name}" login password 'night' in role postrider_runner`);
  const at = await launched(machine.sql);
  await syncPeople(machine.sql, at, people(20));
  const url = new URL(machine.url);
  url.username = name;
  url.password = 'night';
  const sql = connect(url.href, { max: 6 });
  const log: string[] = [];
  const note = (fields: object, message: string): void => void log.push(`${message} ${JSON.stringify(fields)}`);
  const pipeline = createPipeline({
    sql,
    integrations: integrationsOf({
      audience: {
        async *members() {
          yield await Promise.resolve({ members: [], rejects: [], waitedMs: 0 });
        },
      },
      renderer: createNoopRenderer(),
      imageHost: createNoopImageHost(),
      printer: createNoopPrinter(),
    }),
    logger: { debug: () => undefined, info: () => undefined, warn: note, error: note },
    settings: { reapMs: 200 },
  });
  try {
    await pipeline.start();
    await until(async () => (await machine.sql`select from postrider.recipient_state where state = 'sent'`).length === 20);
    await sql`select postrider.keep_house()`;
    assert.deepEqual(
      log.filter((line) => /denied/.test(line)),
      [],
    );
  } finally {
    await pipeline.stop({ timeoutMs: 5000 });
    await sql.end({ timeout: 2 });
    await admin.unsafe(`drop owned by "${name}"`);
    await admin.unsafe(`drop role "${name}"`);
    await admin.end();
  }
});
