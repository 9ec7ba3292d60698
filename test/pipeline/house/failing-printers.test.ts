/**
 * Printers, and what follows from cards, that fail round after round: told by their name, until
 * they work.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { EventSink, Printer } from '@postrider/core/ports';
import { workEffects } from '../../../packages/core/src/stages/effects/effects.ts';
import { callBackCards } from '../../../packages/core/src/stages/mail/call-back.ts';
import { reconcile } from '../../../packages/core/src/stages/mail/reconcile.ts';
import { pollPrinters } from '../../../packages/core/src/stages/track/poll.ts';
import { sent, turnClock, unknownDue } from '../../sql/rig.ts';
import { launched, people } from '../../support/machine.ts';
import { address, alarms, works } from './failing-work.ts';
import { bakery, watched } from './watched.ts';

/** A printer that asks over the network whatever it is asked. */
function distant(url: string): Printer {
  const ask = async (): Promise<void> => void (await fetch(url));
  return {
    ...createNoopPrinter(),
    poll: async () => {
      await ask();
      return { events: [], cursor: null };
    },
    find: async (references) => {
      await ask();
      return references.map(() => ({ outcome: 'cannot_tell', message: 'not yet' }));
    },
    cancel: async (ids) => {
      await ask();
      return ids.map(() => ({ outcome: 'too_late', message: 'printed' }));
    },
  };
}

void test('a printer that cannot be polled, asked or told is told by its name, and each of these ends by itself', async () => {
  await using where = await address();
  const printer = distant(where.url);
  await using at = await watched({
    integrations: { printer: async () => await Promise.resolve(printer) },
  });
  const { sql } = at;
  const [shop, other] = [await bakery(sql, 'Bakery'), await launched(sql, {}, 'Other')];
  await sent(sql, shop, 1);
  await sql`
    select postrider.cancel((
      select recipient_id from postrider.recipient_state where state = 'sent'))`;
  await unknownDue(sql, other, 1);
  for (let n = 1; n <= 3; n += 1) {
    await turnClock(sql, 60 * 60_000 - 1000);
    await pollPrinters(at.context);
    await reconcile(at.context, other.organizationId);
    await callBackCards(at.context, shop.organizationId);
  }
  assert.deepEqual(await works(sql), [
    ['call_back', 3],
    ['poll', 3],
    ['reconcile', 3],
  ]);
  assert.deepEqual(
    (await alarms(sql)).map(({ meaning }) => meaning.replace(/:\d+$/, '')),
    [
      'asking printer press about cards of which nobody knows the outcome',
      'calling cards back at printer press',
      'polling printer press',
    ].map(
      (what) => `${what} has failed 3 times in a row: fetch failed: connect ECONNREFUSED 127.0.0.1`,
    ),
  );
  await where.open();
  await turnClock(sql, 60 * 60_000 - 1000);
  await pollPrinters(at.context);
  await reconcile(at.context, other.organizationId);
  await callBackCards(at.context, shop.organizationId);
  assert.deepEqual([await works(sql), await alarms(sql)], [[], []]);
});

void test('a round of many batches that all fail is one failure', async () => {
  await using where = await address();
  await using at = await watched({
    integrations: { printer: async () => await Promise.resolve(distant(where.url)) },
  });
  const shop = await bakery(at.sql, 'Bakery');
  await unknownDue(at.sql, shop, 60);
  await unknownDue(at.sql, await launched(at.sql, { name: 'autumn' }), people(60, 'q'));
  await reconcile(at.context, shop.organizationId);
  assert.deepEqual(await works(at.sql), [['reconcile', 1]]);
});

void test('what follows from cards, and fails, is told by its campaign', async () => {
  await using where = await address();
  const sink: EventSink = {
    emit: async (items) => {
      await fetch(where.url);
      return items.map(() => ({ outcome: 'done' }));
    },
  };
  await using at = await watched({
    integrations: { eventSink: async () => await Promise.resolve(sink) },
  });
  const shop = await launched(at.sql, { effects: ['event_sink'] });
  await sent(at.sql, shop, 1);
  await workEffects(at.context, shop.organizationId);
  assert.deepEqual(await works(at.sql), [['event_sink', 1]]);
  await where.open();
  await turnClock(at.sql, 120_000);
  await workEffects(at.context, shop.organizationId);
  assert.deepEqual(await works(at.sql), []);
});
