/**
 * A pipeline's life: started once, stopped once, and nothing left behind by a step that failed or
 * came too early.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createNoopPrinter } from '@postrider/adapters/noop';
import { PipelineStoppedError } from '@postrider/core';
import type { AudienceSource } from '@postrider/core/ports';
import { loader } from '../../support/loader.ts';
import { freshMachine, states, syncPeople } from '../../support/machine.ts';
import { open, until } from '../rig.ts';

void test('a start that fails leaves nothing, says so to everybody who asked, and may be tried again', async () => {
  await using place = await open({ people: 3 });
  const { sql, pipeline } = place;
  await sql`alter schema postrider_queue rename to away`;
  const both = await Promise.allSettled([pipeline.start(), pipeline.start()]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await assert.rejects(pipeline.start());
  assert.deepEqual([...(await sql`select from postrider.runner`)], [], 'it is deregistered');
  await sql`alter schema away rename to postrider_queue`;
  await Promise.all([pipeline.start(), pipeline.start()]);
  await until(async () => (await states(sql))['sent'] === 3);
  const [row] = await sql`select count(*)::int as runners from postrider.runner`;
  assert.equal(row?.['runners'], 1);
});

void test('a stopped pipeline is not started again, and does nothing more', async () => {
  await using place = await open({ people: 1 });
  const { pipeline } = place;
  const { organizationId, campaignId } = place.place;
  await pipeline.start();
  await Promise.all([pipeline.stop(), pipeline.stop()]);
  await pipeline.stop();
  const stopped = {
    name: PipelineStoppedError.name,
    message: /stopped pipeline is not .*; make a new one/,
  };
  await assert.rejects(pipeline.start(), stopped);
  for (const asked of [
    pipeline.once(),
    pipeline.sync(organizationId, campaignId),
    pipeline.enrich(organizationId, campaignId),
  ])
    await assert.rejects(asked, stopped);
  await using unborn = await open({ people: 0 });
  await unborn.pipeline.stop();
  await assert.rejects(unborn.pipeline.start(), stopped);
});

void test('a stop that comes upon a start: the start fails, and nothing keeps the process', async () => {
  await using machine = await freshMachine();
  for (const delayMs of [0, 20]) {
    const program = fileURLToPath(new URL('stopped-while-starting.ts', import.meta.url));
    const child = spawn(process.execPath, [...loader, program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, DATABASE_URL: machine.url, DELAY_MS: String(delayMs) },
      timeout: 240_000,
      killSignal: 'SIGKILL',
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    assert.deepEqual(
      [...(await once(child, 'close')), said],
      [0, null, 'start: PipelineStoppedError\n'],
    );
  }
  assert.deepEqual([...(await machine.sql`select from postrider.runner`)], []);
});

function audience(members: AudienceSource['members']): AudienceSource {
  return { members };
}

void test('a stop waits for a sync that the program asked for', async () => {
  let isReading = false;
  const source = audience(async function* (_segment, _options, { signal }) {
    isReading = true;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    // It ends in good order, and takes its time.
    await new Promise((resolve) => setTimeout(resolve, 300));
    yield { members: [], rejects: [], waitedMs: 0 };
  });
  await using place = await open({ people: 0, ports: { audience: source } });
  const { organizationId, campaignId } = place.place;
  let isOver = false;
  const syncing = place.pipeline.sync(organizationId, campaignId).finally(() => {
    isOver = true;
  });
  syncing.catch(() => undefined);
  await until(() => isReading);
  await place.pipeline.stop();
  assert.equal(isOver, true);
  await assert.rejects(syncing, PipelineStoppedError);
  assert.deepEqual(
    [...(await place.sql`select from postrider.campaign_lock where until > postrider.now()`)],
    [],
  );
});

void test('and not for longer than it was told, where an enricher does not heed that it is to end', async () => {
  let isAsked = false;
  const never = async (): Promise<never> => {
    isAsked = true;
    return await new Promise(() => undefined);
  };
  const port = { submit: never, find: never, collect: never };
  await using place = await open({ people: 0, ports: { enricher: { name: 'look-up', port } } });
  const { organizationId, campaignId } = place.place;
  await syncPeople(place.sql, place.place, [
    { externalId: 'eve', email: 'eve@example.com', merge: {} },
  ]);
  // Given up minutes later, when the test is long over.
  place.pipeline.enrich(organizationId, campaignId).catch(() => undefined);
  await until(() => isAsked);
  await place.pipeline.stop({ timeoutMs: 200 });
});

void test('while a stop waits for one printer, nobody new begins', async () => {
  const inner = createNoopPrinter();
  const answer = Promise.withResolvers<void>();
  let asked = 0;
  const printer = {
    ...inner,
    timeoutMs: 50_000,
    submit: async (...given: Parameters<typeof inner.submit>) => {
      asked += 1;
      await answer.promise;
      return await inner.submit(...given);
    },
  };
  await using place = await open({
    people: 6,
    ports: { printer },
    settings: { cohortSize: 1, mailSlots: 1 },
  });
  await place.pipeline.start();
  await until(() => asked === 1);
  const stopped = place.pipeline.stop();
  setTimeout(() => answer.resolve(), 300);
  await stopped;
  assert.equal(asked, 1);
  assert.equal((await states(place.sql))['sent'], 1);
});
