/**
 * Whatever Klaviyo, or something in its place, answers: nothing crashes, and nothing but 202 says
 * that an event is taken.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import type { EffectItem, EffectResult } from '@postrider/core/ports';
import { effectAnswers } from '../../../../core/src/stages/effects/effect-answers.ts';
import { inputsOf, limitHeaders } from '../../../test/malformed.ts';
import { answering, loosely, type Answering, type Loose } from '../../../test/malformed-answers.ts';
import { klaviyoAccount } from '../account.ts';
import { readLimit } from '../client.ts';
import { accountAt, events, listening, sinkOf } from './accounts.ts';

const inputs = inputsOf(4);
const DAY = 86_400_000;
const refusal = {
  errors: [
    {
      id: 'e1',
      status: 400,
      code: 'invalid',
      title: 'Invalid input.',
      detail: 'The unique_id is known.',
      source: { pointer: '/data/attributes/unique_id', parameter: null },
    },
  ],
};
const badKey = {
  errors: [{ code: 'not_authenticated', detail: 'Missing or invalid api key.', source: {} }],
};
const account = {
  data: [
    {
      type: 'account',
      id: 'AbC123',
      attributes: { test_account: false, contact_information: { organization_name: 'Acme' } },
    },
  ],
};

let answers: Answering;
before(async () => {
  answers = await answering();
});

/** What holds of any result. */
function check(results: readonly EffectResult[], body: Buffer, status: number): void {
  effectAnswers('the sink', results.length, results);
  const errors = loosely(body)?.['errors'];
  const code = Array.isArray(errors) ? (errors[0] as Loose)?.['code'] : undefined;
  for (const result of results) {
    const told = `${status} ${body.toString()}: ${JSON.stringify(result)}`;
    if (result.outcome === 'done') assert.equal(status, 202, told);
    if (result.outcome === 'failed' || result.outcome === 'refused')
      assert.ok(status >= 400 && status < 500 && typeof code === 'string', told);
    if (result.outcome === 'retry')
      assert.ok(result.afterMs >= 0 && result.afterMs <= DAY && status !== 202, told);
  }
}

for (const [what, items, options] of [
  ['an event', events(1), {}],
  ['a bulk request', events(3), { bulkFrom: 2 }],
] as const satisfies readonly (readonly [string, readonly EffectItem[], object])[])
  void test(`an answer to ${what} tells it only by 202, and fails it only in Klaviyo’s words`, async () => {
    const sink = sinkOf(accountAt(answers.url), options);
    await answers.often(inputs, [refusal, badKey, account], async (body, status) => {
      const results = await sink.emit(items, listening().context);
      assert.equal(results.length, items.length);
      check(results, body, status);
    });
  });

void test('an answer about the account makes it usable only where it speaks as Klaviyo does', async () => {
  await answers.often(inputs, [account, badKey, refusal], async (body, status) => {
    const found = await klaviyoAccount.check(accountAt(answers.url), listening().context);
    const value = loosely(body);
    if (found.outcome === 'unreachable') return;
    if (found.outcome === 'refused' || status !== 200) {
      assert.ok(status >= 400 && status < 500 && Array.isArray(value?.['errors']));
      return;
    }
    const data = value?.['data'];
    assert.ok(Array.isArray(data));
    assert.ok(found.account?.includes(String((data[0] as Loose)?.['id'])));
  });
});

void test('limits in headers are numbers or nothing, and of a time that is one', () => {
  fc.assert(
    fc.property(limitHeaders, (given) => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(given))
        headers.set(name, value.replaceAll(/[^\x20-\x7e]/g, ''));
      const told = readLimit(headers, new Date());
      if (told?.kind !== 'headers') return;
      for (const value of [told.limit, told.remaining])
        assert.ok(value === null || Number.isSafeInteger(value));
      assert.ok(told.resetAt === null || !Number.isNaN(told.resetAt.getTime()));
    }),
    { numRuns: inputs },
  );
});
