/** Whatever an adapter answers becomes something that can be recorded, or counts for nobody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UnusableAnswerError } from '../src/runtime/asking.ts';
import type { CardRequest } from '../src/ports/index.ts';
import { effectAnswers } from '../src/stages/effects/effect-answers.ts';
import { batchIdAnswer, submissionAnswer } from '../src/stages/enrich/enricher-answers.ts';
import { storedAnswers } from '../src/stages/proof/image-host-answers.ts';
import { listAnswer } from '../src/stages/house/list-answer.ts';
import { pieceAnswers } from '../src/stages/mail/printer-answers.ts';
import { cardAnswers } from '../src/stages/proof/renderer-answers.ts';
import { pollAnswer } from '../src/stages/track/event-answers.ts';

function card(recipientId: string): CardRequest {
  return {
    recipientId,
    firstName: null,
    lastName: null,
    address: {
      line1: '1 Main Street',
      line2: null,
      city: 'Oakland',
      region: 'CA',
      postalCode: '94607',
      country: 'US',
    },
    returnAddress: null,
    merge: {},
    reference: 'x',
  };
}
function rendered(recipientId: string, over: object = {}) {
  return {
    recipientId,
    outcome: 'rendered',
    front: { document: 0, page: 1 },
    back: { document: 0, page: 2 },
    contentHash: 'ab',
    ...over,
  };
}
const document = { name: 'cards.pdf', contentType: 'application/pdf', bytes: Buffer.from('%PDF') };

for (const [what, answer] of Object.entries({
  'another recipient': { documents: [document], results: [rendered('b')] },
  'no recipient': { documents: [document], results: [rendered('a', { recipientId: undefined })] },
  'no results': { documents: [document] },
  'an empty list': { documents: [document], results: [] },
  'no documents': { results: [rendered('a')] },
  'an empty document': {
    documents: [{ ...document, bytes: new Uint8Array() }],
    results: [rendered('a')],
  },
  'a document without bytes': { documents: [{ name: 'cards.pdf' }], results: [rendered('a')] },
  'a document without a name': { documents: [{ ...document, name: '' }], results: [rendered('a')] },
  'a front that is not there': {
    documents: [document],
    results: [rendered('a', { front: { document: 1, page: 1 } })],
  },
  'a back that is not there': {
    documents: [document],
    results: [rendered('a', { back: { document: 1, page: 1 } })],
  },
  'no back': { documents: [document], results: [rendered('a', { back: undefined })] },
  'page -3': {
    documents: [document],
    results: [rendered('a', { front: { document: 0, page: -3 } })],
  },
  'page 0': { documents: [document], results: [rendered('a', { back: { document: 0, page: 0 } })] },
  'page NaN': {
    documents: [document],
    results: [rendered('a', { back: { document: 0, page: Number.NaN } })],
  },
  'page 1.5': {
    documents: [document],
    results: [rendered('a', { back: { document: 0, page: 1.5 } })],
  },
  'an empty hash': { documents: [document], results: [rendered('a', { contentHash: '' })] },
})) {
  void test(`a rendering with ${what} counts for nobody`, () => {
    assert.throws(() => cardAnswers([card('a')], answer), UnusableAnswerError);
  });
}

void test('a rendering that is as asked is taken as it is', () => {
  const { answers } = cardAnswers([card('a')], { documents: [document], results: [rendered('a')] });
  assert.deepEqual(answers, [rendered('a')]);
});

void test('days are read as far as they are days', () => {
  const days = [
    '2031-02-03',
    '2031-02-03T23:00:00-08:00',
    '2031-02-30',
    '2031-2-3',
    '2031-02-031',
    '0000-01-01',
    '3-5 business days',
    12,
    null,
  ];
  const read = pieceAnswers(
    days.length,
    days.map((expectedDelivery) => ({ outcome: 'accepted', providerId: 'x', expectedDelivery })),
  );
  assert.deepEqual(
    read.map(({ expectedDelivery }) => expectedDelivery),
    ['2031-02-03', '2031-02-03', ...Array<null>(7).fill(null)],
  );
});

void test('cursors and ids of batches are kept as they are up to 100,000 characters, and longer ones are not', () => {
  const [longest, longer] = ['c'.repeat(100_000), 'c'.repeat(100_001)];
  const poll = (cursor: string) => pollAnswer({ events: [], cursor }, new Date());
  assert.deepEqual(poll(longest), { events: [], cursor: longest, unusable: {} });
  assert.deepEqual(poll(longer), { events: [], cursor: null, unusable: { cursor: 1 } });
  assert.equal(listAnswer({ pieces: [], cursor: longest }).cursor, longest);
  assert.throws(() => listAnswer({ pieces: [], cursor: longer }), UnusableAnswerError);
  const accepted = (providerBatchId: string) => ({ outcome: 'accepted' as const, providerBatchId });
  assert.deepEqual(submissionAnswer(accepted(longest)), accepted(longest));
  assert.throws(() => submissionAnswer(accepted(longer)), /cannot be used/);
  assert.equal(batchIdAnswer(longest), longest);
  assert.throws(() => batchIdAnswer(longer), /cannot be kept/);
});

const strange = fc.anything({
  withBigInt: true,
  withDate: true,
  withNullPrototype: true,
  withSparseArray: true,
});
const answer = fc.oneof(
  strange,
  fc.record(
    {
      outcome: fc.oneof(
        fc.constantFrom('accepted', 'rejected', 'retry', 'unknown', 'stored', 'failed', 'done'),
        strange,
      ),
      providerId: fc.oneof(fc.string({ unit: 'binary' }), strange),
      expectedDelivery: fc.oneof(fc.string(), strange),
      url: fc.oneof(fc.string({ unit: 'binary' }), strange),
      reason: fc.oneof(fc.string({ unit: 'binary' }), strange),
      message: fc.oneof(
        fc.string({ unit: 'binary' }).map((text) => `\ud83d${text}\0`),
        strange,
      ),
      badAddress: strange,
      afterMs: fc.oneof(fc.double(), strange),
    },
    { requiredKeys: [] },
  ),
);

void test('whatever is answered, what is left of it is text without a NUL or half a letter, whole milliseconds, and an outcome that exists', () => {
  fc.assert(
    fc.property(answer, (one) => {
      for (const [read, outcomes] of [
        [pieceAnswers(1, [one]), ['accepted', 'rejected', 'retry', 'unknown']],
        [storedAnswers(1, [one]), ['stored', 'failed', 'retry']],
        [effectAnswers('the usage meter', 1, [one]), ['done', 'failed', 'retry']],
      ] as const) {
        const [result] = read;
        assert.ok(result !== undefined && outcomes.some((outcome) => outcome === result.outcome));
        for (const value of Object.values(result)) {
          if (typeof value === 'string')
            assert.ok(value.isWellFormed() && !value.includes('\0') && value !== '');
          else if (typeof value === 'number')
            assert.ok(Number.isInteger(value) && value >= 1000 && value <= 86_400_000);
          else assert.ok(value === null || typeof value === 'boolean');
        }
      }
    }),
  );
});
