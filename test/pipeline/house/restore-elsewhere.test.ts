/**
 * Runners that remember in places of their own: the one that did not begin the cards knows an older
 * database as well.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integrationsOf } from '@postrider/core';
import { checkWatermark } from '../../../packages/core/src/machine/restore.ts';
import { makeContext } from '../../../packages/core/src/runtime/context.ts';
import { startReaper } from '../../../packages/core/src/scheduling/reaper.ts';
import { freshMachine, states } from '../../support/machine.ts';
import { noopPorts, open, until } from '../rig.ts';

void test('a runner that began nothing notices that the last cards of another one were forgotten, also when all had been settled', async () => {
  const door = Promise.withResolvers<void>();
  await using one = await open({
    people: 2,
    onPoint: async (point) => {
      if (point === 'mail.before-post') await door.promise;
    },
  });
  const idle = makeContext(
    {
      sql: one.sql,
      integrations: integrationsOf(noopPorts()),
      restoreWatermark: 'not kept',
      settings: { reapMs: 50 },
    },
    { stopping: new AbortController().signal, wake: () => undefined, onBossError: () => undefined },
  );
  const stop = await startReaper(idle, () => undefined);
  await one.pipeline.start();
  await until(() =>
    Object.values(idle.watermark.marks).some(({ witnesses }) => witnesses.length > 0),
  );
  door.resolve();
  await until(async () => (await states(one.sql))['sent'] === 2);
  await new Promise((resolve) => setTimeout(resolve, 500));
  stop();
  // As it was before anybody was begun.
  await using backup = await freshMachine();
  await checkWatermark(backup.sql, {});
  await backup.sql`
    update postrider.installation set id = ${Object.keys(idle.watermark.marks)[0] ?? ''}`;
  const { noticed } = await checkWatermark(backup.sql, idle.watermark.marks);
  assert.match(noticed ?? '', /cards were begun that it does not know/);
});
