/** Cards are called back at once, all of them, and whatever else a printer is asked. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { Printer } from '@postrider/core/ports';
import { callBackCards } from '../../../packages/core/src/stages/mail/call-back.ts';
import { sent } from '../../sql/rig.ts';
import { launched, people, states, type Machine, type Place } from '../../support/machine.ts';
import { bakery, watched } from '../house/watched.ts';
import { open, until } from '../rig.ts';

type Sql = Machine['sql'];

function printerWith(over: Partial<Printer>) {
  const printer = { ...createNoopPrinter(), ...over };
  return { printer: async () => await Promise.resolve(printer) };
}
async function makeNoMore(ids: readonly string[]): ReturnType<Printer['cancel']> {
  return await Promise.resolve(ids.map(() => ({ outcome: 'cancelled' })));
}

/** More than a printer is asked for at a time. */
async function sentMany(sql: Sql, at: Place): Promise<void> {
  for (const household of ['p', 'q', 'r']) await sent(sql, at, people(50, household));
}

async function cancelAll(sql: Sql): Promise<void> {
  await sql`
    select postrider.cancel(recipient_id) from postrider.recipient_state where state = 'sent'`;
}

void test('one round calls back all cards that are due', async () => {
  await using at = await watched({ integrations: printerWith({ cancel: makeNoMore }) });
  const shop = await bakery(at.sql, 'Bakery');
  await sentMany(at.sql, shop);
  await cancelAll(at.sql);
  assert.equal(await callBackCards(at.context, shop.organizationId), 150);
  assert.deepEqual(await states(at.sql), { skipped: 150 });
  const told = at.infos().filter((line) => 'calledBack' in line);
  assert.deepEqual(told.at(-1), { printer: 'press', calledBack: 150, tooLate: 0, unknown: 0 });
});

void test('a stop ends it after the cards that are being asked for', async () => {
  const stop = new AbortController();
  const cancel: Printer['cancel'] = async (ids) => {
    stop.abort();
    return await makeNoMore(ids);
  };
  await using at = await watched({
    integrations: printerWith({ cancel }),
    stopping: stop.signal,
  });
  const shop = await bakery(at.sql, 'Bakery');
  await sentMany(at.sql, shop);
  await cancelAll(at.sql);
  const called = await callBackCards(at.context, shop.organizationId);
  assert.ok(called > 0 && called < 150, String(called));
  assert.deepEqual(await states(at.sql), { sent: 150 - called, skipped: called });
});

void test('a printer that fails is left alone for the round, and keeps no other from being asked', async () => {
  let asked = 0;
  const broken = printerWith({
    cancel: async () => {
      asked += 1;
      return await Promise.reject(new Error('down'));
    },
  });
  const good = printerWith({ cancel: makeNoMore });
  await using at = await watched({
    integrations: {
      printer: async ({ name }) => await (name === 'press' ? broken : good).printer(),
    },
  });
  const shop = await bakery(at.sql, 'Bakery');
  await sentMany(at.sql, shop);
  const autumn = await launched(at.sql, { name: 'autumn', printer_name: 'another' });
  await sent(at.sql, autumn, people(50, 's'));
  await cancelAll(at.sql);
  assert.equal(await callBackCards(at.context, shop.organizationId), 50);
  assert.equal(asked, 1);
});

void test('a look-up that never ends keeps no card from being called back', async () => {
  let looking = false;
  const find: Printer['find'] = async (_pieces, { signal }) => {
    looking = true;
    await once(signal, 'abort');
    looking = false;
    throw signal.reason;
  };
  const printer = createNoopPrinter();
  // Of the first card nobody knows the outcome.
  const submit: Printer['submit'] = async (pieces, ...rest) =>
    (await printer.submit(pieces, ...rest)).map((result, index) =>
      index === 0 ? { outcome: 'unknown', message: 'no answer' } : result,
    );
  await using place = await open({
    people: 4,
    ports: { printer: { ...printer, timeoutMs: 50_000, submit, find, cancel: makeNoMore } },
  });
  const { sql } = place;
  await place.pipeline.start();
  await until(async () => (await states(sql))['sent'] === 3);
  await sql`update postrider.mailpiece set available_at = now() where status = 'unknown'`;
  await sql`
    select postrider.enqueue('reconcile', array[gen_random_uuid()],
      array[jsonb_build_object('organization_id', ${place.place.organizationId}::uuid)],
      ${place.place.organizationId})`;
  await until(() => looking);
  await cancelAll(sql);
  await until(async () => (await states(sql))['skipped'] === 3);
  assert.ok(looking);
});

void test('a card of somebody who was cancelled is called back as soon as a look-up has found it', async () => {
  const find: Printer['find'] = async (pieces) =>
    await Promise.resolve(
      pieces.map(({ reference }) => ({ outcome: 'found', providerId: reference.mailpieceId })),
    );
  const submit: Printer['submit'] = async (pieces) =>
    await Promise.resolve(pieces.map(() => ({ outcome: 'unknown', message: 'no answer' })));
  await using place = await open({
    people: 1,
    ports: { printer: { ...createNoopPrinter(), submit, find, cancel: makeNoMore } },
  });
  const { sql } = place;
  await place.pipeline.start();
  await until(
    async () => (await sql`select from postrider.mailpiece where status = 'unknown'`).length === 1,
  );
  await sql`update postrider.mailpiece set available_at = now()`;
  await sql`select postrider.cancel(recipient_id) from postrider.recipient_state`;
  await until(async () => (await states(sql))['skipped'] === 1);
});
