/**
 * A runner whose patience ends: what it waits for is held up by somebody's open transaction. Long
 * for the half minute that it waits.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  freshMachine,
  launched,
  people,
  states,
  syncPeople,
} from '../../../test/support/machine.ts';
import { projectHome, startRunner } from './cli.ts';

void test('a runner that cannot settle within 30 s says how many are still at work, and exits with 1', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const home = projectHome();
  const noop = { kind: 'noop' };
  const place = await launched(sql, {
    integrations: { printer: { kind: 'noop', delayMs: 3000 }, renderer: noop, image_host: noop },
  });
  await syncPeople(sql, place, people(2));
  const runner = await startRunner({ url: machine.url, home: home.path }, ['--no-http']);
  while (((await states(sql))['sending'] ?? 0) < 2) await sleep(50);
  await sql.begin(async (tx) => {
    await tx`select from postrider.recipient_state order by recipient_id limit 1 for update`;
    const { code, stderr } = await runner.stop();
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /stopped after 30 s; 1 person is still at work\. Nothing is lost: .* come back when their lease has passed/,
    );
  });
  home.remove();
});
