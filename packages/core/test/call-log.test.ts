import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { ProviderCall } from '../src/ports/index.ts';
import type { RecordedCall } from '../src/machine/provider-calls.ts';
import { CallLog } from '../src/runtime/call-log.ts';
import { Meter } from '../src/runtime/meter.ts';

const account = { organizationId: randomUUID(), connectionId: null, who: 'press' };
const call: ProviderCall = {
  route: 'POST /cards',
  about: [],
  startedAt: new Date(),
  durationMs: 150,
  status: 200,
  outcome: 'answer',
  hungUp: false,
  providerRequestId: null,
  request: null,
  answer: null,
  error: null,
};

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function logged() {
  const batches: number[] = [];
  const heard: string[] = [];
  const log = new CallLog({
    write: async (calls: readonly RecordedCall[]) => void batches.push(calls.length),
    logger: silent,
    meter: new Meter(),
    onCall: ({ who }, { route }) => heard.push(`${who} ${route}`),
  });
  return { log, batches, heard };
}

void test('where nobody was asked nothing is written, however often a cohort is settled', async () => {
  const { log, batches } = logged();
  for (let cohort = 0; cohort < 3; cohort += 1) await log.flush();
  log.recorderOf(null).record(call);
  await log.end();
  assert.deepEqual(batches, []);
});

void test('calls of many cards are one batch, and more than a batch are written before their time', async () => {
  const { log, batches, heard } = logged();
  const recorder = log.recorderOf(account);
  for (let card = 0; card < 50; card += 1) recorder.record(call);
  assert.deepEqual([batches, heard.length], [[], 50]);
  await log.flush();
  assert.deepEqual(batches, [50]);
  for (let card = 0; card < 450; card += 1) recorder.record(call);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(batches, [50, 200, 200, 50]);
  const large = { ...call, answer: 'x'.repeat(60_000) };
  for (let card = 0; card < 20; card += 1) recorder.record(large);
  await log.end();
  assert.ok(
    batches.slice(4).every((many) => many <= 17),
    'about a million letters a statement',
  );
  assert.equal(
    batches.slice(4).reduce((sum, many) => sum + many, 0),
    20,
  );
});

void test('a call is written a second later by itself', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { log, batches } = logged();
  log.recorderOf(account).record(call);
  t.mock.timers.tick(999);
  assert.deepEqual(batches, []);
  t.mock.timers.tick(1);
  await log.flush();
  assert.deepEqual(batches, [1]);
});

void test('a call that comes while others are written is kept as well', async () => {
  const written: (string | null)[] = [];
  const writing = Promise.withResolvers<void>();
  const log = new CallLog({
    write: async (calls: readonly RecordedCall[]) => {
      const ids = calls.map(({ providerRequestId }) => providerRequestId);
      await writing.promise;
      written.push(...ids);
    },
    logger: silent,
    meter: new Meter(),
    onCall: () => undefined,
  });
  const recorder = log.recorderOf(account);
  recorder.record({ ...call, providerRequestId: 'first' });
  const flushed = log.flush();
  await new Promise((resolve) => setImmediate(resolve));
  recorder.record({ ...call, providerRequestId: 'meanwhile' });
  writing.resolve();
  await flushed;
  await log.end();
  assert.deepEqual(written, ['first', 'meanwhile']);
});
