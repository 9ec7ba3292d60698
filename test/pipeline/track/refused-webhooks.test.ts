/** Webhooks that came too late to be trusted: what they told is asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { Printer, PrinterEvent } from '@postrider/core/ports';
import { pollPrinters } from '../../../packages/core/src/stages/track/poll.ts';
import { WebhookIntake } from '../../../packages/core/src/stages/track/receive-webhook.ts';
import { event, firstOf, idOf, sent, turnClock } from '../../sql/rig.ts';
import { states } from '../../support/machine.ts';
import { bakery, watched } from '../house/watched.ts';
import { until } from '../rig.ts';

const SILENCE_MS = 5 * 60_000;

/** Tells its events when polled; of its webhooks only the header says what they are. */
function press(events: readonly PrinterEvent[]): Printer & { readonly polls: () => number } {
  let polls = 0;
  return {
    ...createNoopPrinter(),
    verifyWebhook: ({ headers }) =>
      headers['is'] === 'good'
        ? { valid: true, deliveryId: crypto.randomUUID() }
        : { valid: false, message: 'refused', tooOld: headers['is'] === 'old' },
    parseWebhook: () => [],
    poll: async (cursor) => {
      polls += cursor === 'end' ? 0 : 1;
      return await Promise.resolve({ events: cursor === 'end' ? [] : events, cursor: 'end' });
    },
    polls: () => polls,
  };
}

void test('what a webhook told that was refused for its age is asked for, although others come', async () => {
  const events: PrinterEvent[] = [];
  const printer = press(events);
  await using at = await watched({
    integrations: { printer: async () => await Promise.resolve(printer) },
  });
  const { sql, context } = at;
  const shop = await bakery(sql, 'Bakery');
  const batch = await sent(sql, shop);
  const intake = new WebhookIntake(context);
  const hears = async (is: string): Promise<string> =>
    (
      await intake.receive([shop.organizationId, 'press'], {
        url: 'http://localhost/',
        headers: { is },
        body: Buffer.from('[]'),
      })
    ).outcome;
  await hears('good');
  await pollPrinters(context);
  await sql`update postrider.printer_feed set poll_cursor = null`;
  const before = printer.polls();
  events.push(event({ providerId: idOf(firstOf(batch)), status: 'delivered' }) as PrinterEvent);
  for (const is of ['forged', 'old']) {
    await turnClock(sql, SILENCE_MS + 1000);
    assert.equal(await hears(is), 'forged');
    assert.equal(await hears('good'), 'stored');
    // It is noted after the answer.
    if (is === 'old')
      await until(
        async () =>
          (await sql`select from postrider.printer_feed where refused_at is not null`).length > 0,
      );
    await pollPrinters(context);
    assert.equal(printer.polls() - before, is === 'old' ? 1 : 0, is);
  }
  assert.deepEqual(await states(sql), { received: 1 });
});

void test('a round that does not come to an end is gone on with by the next, although webhooks come', async () => {
  let pages = 0;
  const printer: Printer = {
    ...createNoopPrinter(),
    verifyWebhook: () => ({ valid: true, deliveryId: crypto.randomUUID() }),
    parseWebhook: () => [],
    poll: async () => {
      pages += 1;
      if (pages > 1500) return await Promise.resolve({ events: [], cursor: null });
      const one = event({ providerId: 'of nobody', status: 'in_transit' }) as PrinterEvent;
      return { events: [{ ...one, organizationId: crypto.randomUUID() }], cursor: String(pages) };
    },
  };
  await using at = await watched({
    integrations: { printer: async () => await Promise.resolve(printer) },
  });
  const shop = await bakery(at.sql, 'Bakery');
  await sent(at.sql, shop);
  const intake = new WebhookIntake(at.context);
  for (const seen of [1000, 1501, 1501]) {
    await intake.receive([shop.organizationId, 'press'], {
      url: 'http://localhost/',
      headers: {},
      body: Buffer.from('[]'),
    });
    await pollPrinters(at.context);
    assert.equal(pages, seen);
    await turnClock(at.sql, SILENCE_MS + 1000);
  }
});
