/**
 * A stop in good order leaves nobody at work, however slow the machine is; and where it cannot, it
 * says so.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import { SendStoppedError, type Printer } from '@postrider/core/ports';
import { states } from '../../support/machine.ts';
import { open, until } from '../rig.ts';

/**
 * One whose answers are waited for as long as a lease allows: none is given up because the machine
 * is slow.
 */
function printerWith(over: Partial<Printer>): Printer {
  return { ...createNoopPrinter(), timeoutMs: 50_000, ...over };
}

/**
 * The machine has slept for two minutes: every lease has passed. Its clock goes on from there until
 * the test is over.
 */
function sleep(t: TestContext): void {
  const now = Date.now.bind(Date);
  t.mock.method(Date, 'now', () => now() + 120_000);
}

void test('people who were not sent because the lease had passed go back in good order, and a stop leaves nobody at work', async (t) => {
  let cards = 0;
  const slept = Promise.withResolvers<void>();
  await using opened = await open({
    people: 5,
    ports: { printer: printerWith({ maxBatch: 1 }) },
    settings: { mailSlots: 1 },
    onPoint: (point) => {
      if (point !== 'mail.before-post' || (cards += 1) !== 3) return;
      sleep(t);
      slept.resolve();
    },
  });
  const { sql, pipeline } = opened;
  await pipeline.start();
  await slept.promise;
  assert.deepEqual(await pipeline.stop(), { atWork: 0 });
  assert.deepEqual(await states(sql), { sent: 2, proofed: 3 });
  assert.deepEqual(
    [...(await sql`select from postrider.mailpiece where status = 'unknown'`)],
    [],
    'nobody has to be asked for',
  );
  assert.deepEqual(
    [...(await sql`select from postrider.cohort where begun_at is not null and closed_at is null`)],
    [],
  );
});

void test('cards of which an adapter has sent some, and then throws because the lease has passed, are unknown', async (t) => {
  const inner = createNoopPrinter();
  await using opened = await open({
    people: 5,
    ports: {
      printer: printerWith({
        maxBatch: 3,
        submit: async (pieces, lease, context) => {
          lease.assertMaySend();
          await inner.submit(pieces.slice(0, 1), lease, context);
          sleep(t);
          lease.assertMaySend();
          return [];
        },
      }),
    },
    settings: { mailSlots: 1 },
  });
  const { sql, pipeline } = opened;
  await pipeline.start();
  await until(
    async () => (await sql`select from postrider.mailpiece where status = 'unknown'`).length === 3,
  );
  assert.deepEqual(await pipeline.stop(), { atWork: 0 });
  assert.deepEqual(await states(sql), { sending: 3, proofed: 2 });
});

void test('a lost lease that an adapter has made up itself proves nothing: the cards that it has sent are unknown', async () => {
  const inner = createNoopPrinter();
  await using opened = await open({
    people: 2,
    ports: {
      printer: printerWith({
        maxBatch: 2,
        submit: async (pieces, lease, context) => {
          await inner.submit(pieces, { ...lease, assertMaySend: () => undefined }, context);
          throw new SendStoppedError('of another lease of ours');
        },
      }),
    },
    settings: { mailSlots: 1 },
  });
  const { sql, pipeline } = opened;
  await pipeline.start();
  await until(
    async () =>
      (await sql`select from postrider.cohort where stage = 'mail' and closed_at is not null`)
        .length > 0,
  );
  await pipeline.stop();
  assert.deepEqual(await states(sql), { sending: 2 });
});

void test('a stop waits also for a job that took longer than pg-boss waits for', async () => {
  const inner = createNoopPrinter();
  const answer = Promise.withResolvers<void>();
  let isAsked = false;
  const submit: Printer['submit'] = async (...given) => {
    isAsked = true;
    await answer.promise;
    return await inner.submit(...given);
  };
  await using opened = await open({
    people: 1,
    ports: { printer: printerWith({ submit }) },
    settings: { mailSlots: 1 },
  });
  const { sql, pipeline } = opened;
  await sql`update postrider_queue.queue set expire_seconds = 1 where name = 'mail'`;
  await pipeline.start();
  await until(
    async () =>
      (await sql`select from postrider_queue.job where name = 'mail' and state = 'retry'`)
        .length === 1,
  );
  assert.equal(isAsked, true);
  setTimeout(() => answer.resolve(), 300);
  assert.deepEqual(await pipeline.stop(), { atWork: 0 });
  assert.deepEqual(await states(sql), { sent: 1 });
});

void test('a stop whose time is over says how many are still at work, and what brings them back', async () => {
  const inner = createNoopPrinter();
  const answer = Promise.withResolvers<void>();
  let asked = 0;
  const submit: Printer['submit'] = async (...given) => {
    asked += 1;
    await answer.promise;
    return await inner.submit(...given);
  };
  await using opened = await open({
    people: 4,
    ports: { printer: printerWith({ submit }) },
    settings: { cohortSize: 2, mailSlots: 2 },
  });
  const { sql, pipeline, log } = opened;
  await pipeline.start();
  await until(() => asked === 2);
  assert.deepEqual(await pipeline.stop({ timeoutMs: 100 }), { atWork: 4 });
  assert.match(log.join('\n'), /at work come back when their lease has passed \{"people":4\}/);
  assert.equal(
    (await sql`select from postrider.runner`).length,
    1,
    'it may still be at them, and its lease counts',
  );
  answer.resolve();
  await until(async () => (await states(sql))['sent'] === 4);
});
