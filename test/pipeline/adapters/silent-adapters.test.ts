/**
 * Adapters that never answer: they are given up, their people go on without them, and what they say
 * late still counts as evidence.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createNoopImageHost,
  createNoopPrinter,
  createNoopRenderer,
} from '@postrider/adapters/noop';
import type {
  CallContext,
  SendGuard,
  Printer,
  SubmitContext,
  SubmitResult,
} from '@postrider/core/ports';
import { states } from '../../support/machine.ts';
import { open, until } from '../rig.ts';

function printerWith(over: Partial<Printer>): Printer {
  return { ...createNoopPrinter(), ...over };
}
async function never(): Promise<never> {
  return await new Promise(() => undefined);
}

void test('a printer that falls silent is given up: what it was asked is unknown, what it was not asked is sent later', async () => {
  const printer = printerWith({ timeoutMs: 200, maxBatch: 2, submit: never });
  await using opened = await open({ people: 5, ports: { printer }, settings: { mailSlots: 1 } });
  await opened.pipeline.start();
  const asked = async () =>
    await opened.sql`select from postrider.mailpiece where status = 'unknown'`;
  await until(async () => (await asked()).length === 2);
  await until(
    async () =>
      (
        await opened.sql`
          select from postrider.recipient_state where state = 'proofed' and reason = 'retry'`
      ).length === 3,
  );
  assert.deepEqual(await states(opened.sql), { sending: 2, proofed: 3 });
  assert.equal(
    (await opened.sql`select from postrider.cohort where stage = 'mail' and closed_at is null`)
      .length,
    0,
  );
});

void test('who was given up may not send any more, and what it had sent before counts when it says so', async () => {
  const woken = Promise.withResolvers<void>();
  let refused: unknown = null;
  const inner = createNoopPrinter();
  const printer = printerWith({
    timeoutMs: 200,
    submit: async ([first, ...others], lease: SendGuard, context: SubmitContext) => {
      assert.ok(first !== undefined);
      const [sent] = await inner.submit([first], lease, context);
      assert.ok(sent !== undefined);
      await woken.promise;
      try {
        lease.assertMaySend();
      } catch (error) {
        refused = error;
      }
      return [
        sent,
        ...others.map((): SubmitResult => ({
          outcome: 'retry',
          afterMs: 1000,
          message: 'not sent',
        })),
      ];
    },
  });
  await using opened = await open({ people: 2, ports: { printer } });
  await opened.pipeline.start();
  await until(
    async () =>
      (await opened.sql`select from postrider.mailpiece where status = 'unknown'`).length === 2,
  );
  woken.resolve();
  await until(async () => (await states(opened.sql))['sent'] === 1);
  assert.match(String(refused), /given up/);
  // A late decision is none: only the printer can tell now.
  assert.deepEqual(await states(opened.sql), { sent: 1, sending: 1 });
});

void test('a printer that sends one request for each piece is not silent while it asks for the lease', async () => {
  const inner = createNoopPrinter({ delayMs: 650 });
  const printer = printerWith({
    // Longer than one of eight requests by far, and shorter than all of them.
    timeoutMs: 4000,
    submit: async (pieces, lease, context) => {
      const results: SubmitResult[] = [];
      for (const piece of pieces) results.push(...(await inner.submit([piece], lease, context)));
      return results;
    },
  });
  await using opened = await open({ people: 8, ports: { printer }, settings: { mailSlots: 1 } });
  await opened.pipeline.start();
  await until(async () => (await states(opened.sql))['sent'] === 8);
  const outcomes = await opened.sql<
    { reason: string }[]
  >`select distinct reason from postrider.recipient_event where to_state = 'sent'`;
  assert.deepEqual(
    outcomes.map(({ reason }) => reason),
    ['accepted'],
  );
  assert.ok(!opened.log.some((line) => line.includes('given up')), opened.log.join('\n'));
});

for (const who of ['renderer', 'image host'] as const) {
  void test(`a silent ${who} is told to stop and given up, and its people travel alone`, async () => {
    let calls = 0;
    let told = false;
    const hang = async (context: CallContext): Promise<never> => {
      context.signal.addEventListener('abort', () => (told = true));
      return await never();
    };
    const renderer = createNoopRenderer();
    const imageHost = createNoopImageHost();
    await using opened = await open({
      people: 3,
      ports: {
        renderer: {
          ...renderer,
          render: async (job, context) =>
            who === 'renderer' && (calls += 1) === 1
              ? await hang(context)
              : await renderer.render(job, context),
        },
        imageHost: {
          ...imageHost,
          put: async (documents, context) =>
            who === 'image host' && (calls += 1) === 1
              ? await hang(context)
              : await imageHost.put(documents, context),
        },
      },
      settings: { adapterTimeoutMs: 200, leaseMs: 1500, graceMs: 500 },
    });
    await opened.pipeline.start();
    // The printer of the rig may take a second, which is shorter than the lease.
    await until(async () => {
      // Nobody beats here: this wakes the stager when they may go on.
      await opened.pipeline.untilIdle(AbortSignal.timeout(500));
      return (await states(opened.sql))['sent'] === 3;
    });
    assert.equal(told, true);
    assert.equal(calls, 4, 'once together, and once each');
    const why = await opened.sql<{ reason: string }[]>`
      select distinct reason
      from postrider.recipient_event
      where from_state = 'proofing' and to_state = 'pending'`;
    assert.deepEqual(
      why.map(({ reason }) => reason),
      ['lease_lost'],
    );
  });
}
