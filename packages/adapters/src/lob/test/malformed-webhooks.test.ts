/** Webhooks and headers that nobody should send: nothing crashes, and nothing is believed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inputsOf, limitHeaders } from '../../../test/malformed.ts';
import { checkWebhooks } from '../../../test/malformed-webhooks.ts';
import { piece } from '../../../test/pieces.ts';
import { retryAfterMs } from '../../kit/http.ts';
import { readLimit } from '../client.ts';
import { accountAt, bodyOf, eventOf, printerOf, signed } from './accounts.ts';

const inputs = inputsOf(6);
const one = piece();
const printer = printerOf(accountAt('http://127.0.0.1:1'));

const stated = new Set([
  null,
  'accepted',
  'in_production',
  'in_transit',
  'in_local_area',
  'processed_for_delivery',
  'delivered',
  'rerouted',
  'returned',
  'failed',
  'cancelled',
]);

void test('a webhook is trusted by its signature alone, and its events are read, kept or refused', () => {
  const events = ['delivered', 'deleted', 'constructor', 'a_word_of_next_year'].map(
    (word) =>
      JSON.parse(
        Buffer.from(bodyOf(eventOf(one, { event_type: { id: `postcard.${word}` } }))).toString(),
      ) as unknown,
  );
  const statuses = checkWebhooks({
    printer,
    whole: events,
    signed,
    headers: ['lob-signature', 'lob-signature-timestamp'],
    inputs,
  });
  for (const status of statuses) assert.ok(stated.has(status), String(status));
});

void test('limits in headers are numbers or nothing, and a pause has an end', () => {
  fc.assert(
    fc.property(limitHeaders, (given) => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(given))
        headers.set(name, value.replaceAll(/[^\x20-\x7e]/g, ''));
      const told = readLimit(headers);
      if (told?.kind === 'headers') {
        for (const value of [told.limit, told.remaining])
          assert.ok(value === null || Number.isSafeInteger(value));
        assert.ok(told.resetAt === null || !Number.isNaN(told.resetAt.getTime()));
      }
      const pause = retryAfterMs(headers, new Date());
      assert.ok(pause === null || (pause >= 0 && pause <= 3_600_000), String(pause));
    }),
    { numRuns: inputs },
  );
});
