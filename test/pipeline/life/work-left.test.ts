/**
 * What `once` leaves behind it says with its cause: whose it is, where it failed, and what the
 * adapter said.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNoopPrinter, createNoopRenderer } from '@postrider/adapters/noop';
import type { Printer, Renderer } from '@postrider/core/ports';
import { launched, people, syncPeople, type Person } from '../../support/machine.ts';
import { open, type Opened } from '../rig.ts';

void test('what failed in passing is told with what the printer said, for each organization', async () => {
  const printer = {
    ...createNoopPrinter(),
    submit: async (pieces: readonly unknown[]) =>
      await Promise.resolve(
        pieces.map(() => ({
          outcome: 'retry' as const,
          afterMs: 600_000,
          message: 'connect ECONNREFUSED 10.0.0.7:443',
        })),
      ),
  };
  await using opened = await open({ people: 3, ports: { printer } });
  await syncPeople(opened.sql, await launched(opened.sql, {}, 'Second Bakery'), people(2, 'q'));
  const [first] = await opened.sql<
    { name: string }[]
  >`select name from postrider.organization where id = ${opened.place.organizationId}`;
  const waiting = await opened.pipeline.once({ sync: false });
  assert.deepEqual(
    new Set(
      waiting.map(({ organization, campaign, state, people: many, why }) =>
        [organization, campaign, state, many, why].join(' | '),
      ),
    ),
    new Set([
      `${first?.name} | spring | proofed | 3 | ` +
        `Failed in passing: will be tried again. [connect ECONNREFUSED 10.0.0.7:443]`,
      'Second Bakery | spring | proofed | 2 | ' +
        'Failed in passing: will be tried again. [connect ECONNREFUSED 10.0.0.7:443]',
    ]),
  );
  assert.ok(waiting.every(({ until }) => until !== null && until.getTime() > Date.now()));
});

void test('of many different causes one is told, and that there are others', async () => {
  const renderer: Renderer = {
    ...createNoopRenderer(),
    render: async (job) =>
      await Promise.resolve({
        documents: [],
        results: job.cards.map(({ recipientId }, k) => ({
          recipientId,
          outcome: 'failed' as const,
          reason: 'template',
          message: `row ${k}: no such picture`,
        })),
      }),
  };
  await using opened = await open({ people: 3, ports: { renderer } });
  const waiting = await opened.pipeline.once({ sync: false });
  assert.deepEqual(
    waiting.map(({ state, people: many, why }) => [state, many, why]),
    [
      [
        'error',
        3,
        'a person: The card could not be rendered. ' +
          '[template: row 0: no such picture; and 2 other causes]',
      ],
    ],
  );
});

void test('what follows from a card and failed in passing is told too', async () => {
  const usageMeter = {
    record: async (items: readonly unknown[]) =>
      await Promise.resolve(
        items.map(() => ({
          outcome: 'retry' as const,
          afterMs: 600_000,
          message: 'the meter answers 503',
        })),
      ),
  };
  await using opened = await open({ people: 2, ports: { usageMeter } });
  await opened.sql`update postrider.campaign set effects = '{usage_meter}'`;
  const waiting = await opened.pipeline.once({ sync: false });
  assert.deepEqual(
    waiting
      .filter(({ state }) => state !== 'sent')
      .map(({ state, people: many, why }) => [state, many, why]),
    [['effect usage_meter', 2, 'Failed in passing: will be tried again. [the meter answers 503]']],
  );
});

void test('a short back-off of the machine itself is waited out', async () => {
  await using opened = await open({ people: 3 });
  await opened.sql`
    update postrider.recipient_state
    set losses = 1, available_at = postrider.now() + interval '2 seconds'`;
  const waiting = await opened.pipeline.once({ sync: false });
  assert.deepEqual(
    waiting.map(({ state, people: many }) => [state, many]),
    [['sent', 3]],
  );
});

void test('people who come back soon are waited for, however often they were tried before, and this is said', async () => {
  await using opened = await open({ people: 3 });
  await opened.sql`
    update postrider.recipient_state
    set attempt = 9, losses = 2, available_at = postrider.now() + interval '2 seconds'`;
  const waiting = await opened.pipeline.once({ sync: false });
  assert.deepEqual(
    waiting.map(({ state, people: many }) => [state, many]),
    [['sent', 3]],
  );
  const told = opened.log.filter((line) => line.includes('tried again in'));
  assert.match(told.join('\n'), /^3 people are tried again in [12] s/);
  assert.equal(told.length, 1);
});

void test('while anything moves forward, those who were turned away are waited for beyond the patience', async () => {
  const whole = createNoopPrinter();
  const printer: Printer = {
    ...whole,
    submit: async (pieces, lease, context) => {
      const [first, ...others] = pieces;
      const taken = first === undefined ? [] : await whole.submit([first], lease, context);
      return [
        ...taken,
        ...others.map(() => ({ outcome: 'retry' as const, afterMs: 1000, message: 'busy' })),
      ];
    },
  };
  await using opened = await open({ people: 5, ports: { printer } });
  const waiting = await opened.pipeline.once({ sync: false, patienceMs: 2000 });
  assert.deepEqual(
    waiting.map(({ state, people: many }) => [state, many]),
    [['sent', 5]],
  );
});

void test('people who come while it goes on are seen to their end, however long the printer takes', async () => {
  const whole = createNoopPrinter();
  const seconds: Person[][] = [people(3, 'late')];
  const printer: Printer = {
    ...whole,
    submit: async (pieces, lease, context) => {
      // They come when the first card is sent.
      for (const more of seconds.splice(0)) await syncPeople(opened.sql, opened.place, more);
      await sleep(700);
      return await whole.submit(pieces, lease, context);
    },
  };
  const opened: Opened = await open({
    people: 2,
    ports: { printer },
    settings: { adapterTimeoutMs: 1000, cohortSize: 1, mailSlots: 1 },
  });
  await using _ = opened;
  const waiting = await opened.pipeline.once({ sync: false, patienceMs: 500 });
  assert.deepEqual(
    waiting.map(({ state, people: many }) => [state, many]),
    [['sent', 5]],
  );
});

void test('a printer that cannot be asked is tried a few times, told once, and seen by doctor', async () => {
  let asked = 0;
  const printer = {
    ...createNoopPrinter(),
    submit: async (pieces: readonly unknown[]) => {
      asked += 1;
      return await Promise.resolve(
        pieces.map(() => ({
          outcome: 'retry' as const,
          afterMs: 1,
          message: 'connect ECONNREFUSED',
        })),
      );
    },
  };
  await using opened = await open({ people: 3, ports: { printer } });
  const waiting = await opened.pipeline.once({ sync: false, patienceMs: 4000 });
  assert.deepEqual(
    waiting.map(({ state, people: many }) => [state, many]),
    [['proofed', 3]],
  );
  assert.ok(asked >= 2, `asked ${asked} times`);
  const told = opened.log.filter((line) => line.startsWith('the printer takes no cards'));
  assert.equal(told.length, 1, opened.log.join('\n'));
  assert.match(told[0] ?? '', /press.*connect ECONNREFUSED/);
  const [check] =
    await opened.sql`select * from postrider.doctor() where check_name = 'tried again'`;
  assert.deepEqual(
    [check?.['verdict'], check?.['message']],
    ['warn', '3 people at printer press [connect ECONNREFUSED]'],
  );
});
