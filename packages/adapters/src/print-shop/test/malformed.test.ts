/**
 * Whatever the print shop, or something in its place, answers: nothing crashes, and an answer that
 * cannot be read is unknown. It never accepts, rejects or proves anything.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import type { Printer } from '@postrider/core/ports';
import { pieceAnswers } from '../../../../core/src/stages/mail/printer-answers.ts';
import { pollAnswer } from '../../../../core/src/stages/track/event-answers.ts';
import { inputsOf } from '../../../test/malformed.ts';
import { answering, loosely, type Answering, type Loose } from '../../../test/malformed-answers.ts';
import { checkWebhooks } from '../../../test/malformed-webhooks.ts';
import { openGuard, piece } from '../../../test/pieces.ts';
import { bodyOf, eventOf, printerAt, signed } from './pieces.ts';

const inputs = inputsOf(5);
const one = piece();
const { mailpieceId } = one.reference;
const madeId = 'fp_0123456789abcdef01234567';
const view = {
  id: madeId,
  mailpiece: mailpieceId,
  reference: one.reference,
  mode: 'live',
  format: '4x6',
  mailClass: 'first_class',
  status: 'accepted',
  acceptedAt: '2026-11-24T12:00:00Z',
  printedAt: null,
  file: null,
  card: null,
  expectedDelivery: '2026-11-30',
};
const accepted = {
  results: [{ status: 'accepted', id: madeId, replayed: false, expectedDelivery: '2026-11-30' }],
};
const rejected = { results: [{ status: 'rejected', code: 'bad_address', message: 'No.' }] };
const refused = { code: 'too_late', message: 'The piece is printed.' };
const anotherLedger = { code: 'another_ledger', message: 'This shop keeps another ledger.' };
const found = { pieces: [view] };
const none = { pieces: [] };
const listed = { pieces: [{ ...view, idempotencyKey: one.idempotencyKey }], cursor: null };
const events = { events: [eventOf(one.reference)], cursor: '7' };

let answers: Answering;
let printer: Printer;
before(async () => {
  answers = await answering();
  printer = printerAt(answers.url, { ledger: 'ours' });
});

void test('an answer to an order accepts only what it names, and what cannot be read is unknown', async () => {
  await answers.often(
    inputs,
    [accepted, rejected, refused, anotherLedger, found],
    async (body, status) => {
      const told = await printer.submit([one], openGuard, contractContext());
      assert.equal(told.length, 1);
      pieceAnswers(1, told);
      const [result] = told;
      const value = loosely(body);
      const results = value?.['results'];
      const first = Array.isArray(results) ? (results[0] as Loose) : undefined;
      switch (result?.outcome) {
        case 'accepted':
          assert.ok(status === 200 || status === 201);
          assert.ok(Array.isArray(results) && results.length === 1);
          assert.ok(first?.['status'] === 'accepted' && first['id'] === result.providerId);
          return;
        case 'rejected':
          assert.ok(
            [400, 413, 414, 422].includes(status) ||
              ((status === 200 || status === 201) && first?.['status'] === 'rejected'),
          );
          return;
        case 'refused':
          assert.ok(status === 401 || status === 403);
          return;
        case 'retry':
          assert.ok(
            [404, 405].includes(status) || (status === 412 && value?.['code'] === 'another_ledger'),
          );
          return;
        case 'unknown':
          return;
        case 'mismatched':
        case undefined:
          assert.fail(`${status} ${body.toString()}: ${JSON.stringify(result)}`);
      }
    },
  );
});

void test('an answer to a look-up finds only our own card, and only one of no cards is absent', async () => {
  await answers.often(inputs, [found, none, listed, refused], async (body, status) => {
    const pieces = loosely(body)?.['pieces'];
    const list = Array.isArray(pieces) ? (pieces as Loose[]) : null;
    const looked = await printer.find([one], contractContext()).catch((error: unknown) => {
      assert.match(String(error), /Another print shop answers/);
      return [];
    });
    const [result] = looked;
    if (result?.outcome === 'found') {
      const { providerId } = result;
      assert.ok(
        status === 200 &&
          list?.some((card) => card?.['id'] === providerId && card['mailpiece'] === mailpieceId),
      );
    }
    if (result?.outcome === 'absent')
      assert.ok(status === 200 && list?.length === 0, body.toString());
  });
});

void test('a look-up that is answered with cards of others does not prove that a card is absent', async () => {
  const other = { ...view, mailpiece: piece().reference.mailpieceId };
  answers.give(200, Buffer.from(JSON.stringify({ pieces: [other] })));
  const [result] = await printer.find([one], contractContext());
  assert.equal(result?.outcome, 'cannot_tell', JSON.stringify(result));
});

void test('an answer to a call-back says that it was called back only where it says so of this card', async () => {
  const cancelled = { id: madeId, status: 'cancelled' };
  await answers.often(inputs, [cancelled, refused, view, none], async (body, status) => {
    const [result] = await printer.cancel([madeId], contractContext());
    const value = loosely(body);
    if (result?.outcome === 'cancelled')
      assert.ok(
        status === 200 && value?.['id'] === madeId && value['status'] === 'cancelled',
        body.toString(),
      );
    if (result?.outcome === 'too_late')
      assert.ok(status === 409 && value?.['code'] === 'too_late', body.toString());
  });
});

void test('a page of a list is one, or is refused in words; what it tells is read or left out', async () => {
  await answers.often(inputs, [listed, events, none, anotherLedger], async (body, status) => {
    const { list, poll } = printer;
    assert.ok(list !== undefined && poll !== undefined);
    const [pages, polled] = await Promise.allSettled([
      list(new Date(0), null, contractContext()),
      poll(null, contractContext()),
    ]);
    const value = loosely(body);
    if (pages.status === 'rejected')
      assert.match(String(pages.reason), /^Error: Its pieces cannot be listed: /);
    else {
      const told = value?.['pieces'];
      assert.ok(status === 200 && Array.isArray(told));
      assert.equal(pages.value.pieces.length, told.length);
      assert.equal(value?.['cursor'], pages.value.cursor);
    }
    if (polled.status === 'rejected')
      assert.match(String(polled.reason), /^Error: Events cannot be fetched: /);
    else {
      assert.ok(status === 200 && Array.isArray(value?.['events']));
      pollAnswer(polled.value, new Date());
    }
  });
});

void test('a webhook is trusted by its signature alone, and its events are read, kept or refused', () => {
  checkWebhooks({
    printer,
    whole: [JSON.parse(Buffer.from(bodyOf(events.events)).toString())],
    signed,
    headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
    inputs,
  });
});
