/**
 * The example's files are what its generator makes, and what it expects is what the oracle finds.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { generate } from '../../examples/bakery/generate.ts';
import { BAKERY_HOLDOUT } from './auditor.ts';
import { judge, type Verdict } from './oracle.ts';

function read(name: string): string {
  return readFileSync(new URL(`../../examples/bakery/${name}`, import.meta.url), 'utf8');
}

interface Totals {
  rows: number;
  cards: number;
  ends: Record<string, number>;
  reasons: Record<string, number>;
}
interface Expected {
  totals: { first_300: Totals; all: Totals };
  rows: Record<
    string,
    { customer_id: string; kind: string; ends: string; reason: string | null; card: boolean }
  >;
}

const expected = JSON.parse(read('expected.json')) as Expected;
function verdicts(rows: number | null): Verdict[] {
  return judge({
    customers: read('customers.csv'),
    suppressions: read('suppressions.csv'),
    addresses: read('addresses.csv'),
    holdout: BAKERY_HOLDOUT,
    rows,
  });
}

describe('the generator', () => {
  test('makes the same bytes every time, and they are the committed ones', () => {
    const made = generate();
    assert.deepEqual(generate(), made);
    for (const [name, content] of Object.entries(made)) {
      assert.ok(
        content === read(name),
        `${name} is not what the generator makes: run tsx examples/bakery/generate.ts`,
      );
    }
  });
});

describe('expected.json', () => {
  test('agrees with the oracle, row by row', () => {
    const all = verdicts(null);
    assert.equal(all.length, 3_220);
    const found = all.map(({ row, customerId, ends, reason, card }) => [
      String(row),
      { customer_id: customerId, ends, reason, card },
    ]);
    const planned = Object.entries(expected.rows).map(
      ([row, { customer_id, ends, reason, card }]) => [row, { customer_id, ends, reason, card }],
    );
    assert.deepEqual(found, planned);
  });

  test('mailing 300 rows first ends nobody differently', () => {
    assert.deepEqual(verdicts(300), verdicts(null).slice(0, 300));
  });

  test('its totals add up', () => {
    for (const [rows, totals] of [
      [300, expected.totals.first_300],
      [3_220, expected.totals.all],
    ] as const) {
      const of = Object.values(expected.rows).slice(0, rows);
      assert.equal(totals.rows, rows);
      assert.equal(totals.cards, of.filter(({ card }) => card).length);
      assert.equal(
        Object.values(totals.ends).reduce((sum, count) => sum + count, 0),
        rows,
      );
      assert.equal(
        totals.cards + Object.values(totals.reasons).reduce((sum, count) => sum + count, 0),
        rows,
      );
    }
  });

  test('the first 300 rows have every kind that the file has', () => {
    const kinds = (rows: Expected['rows'][string][]): string[] =>
      [...new Set(rows.map(({ kind }) => kind))].sort();
    const all = Object.values(expected.rows);
    assert.deepEqual(kinds(all.slice(0, 300)), kinds(all));
    assert.ok(kinds(all).length > 60);
  });
});

describe('the input', () => {
  const customers = read('customers.csv');

  test('has no real e-mail address', () => {
    for (const [
      email,
    ] of `${customers}${read('suppressions.csv')}${read('addresses.csv')}`.matchAll(
      /[^\s,"]+@[^\s,"]+\.[a-z]+/gi,
    )) {
      assert.match(email, /@example\.(com|org|net)$/i);
    }
  });

  test('has one promo code for each row, without letters that look alike', () => {
    const codes = verdicts(null).flatMap(({ promoCode, reason }) =>
      reason === 'wrong_number_of_fields' ? [] : [promoCode],
    );
    assert.equal(new Set(codes).size, codes.length);
    for (const code of codes) assert.match(code, /^[BCDFGHJKMNPQRTVWXY346789]{7}$/);
  });

  test('the campaign holds back what the oracle takes for held back', () => {
    const campaign = read('campaign.yaml');
    assert.match(campaign, new RegExp(`^ {2}percent: ${BAKERY_HOLDOUT.percent}$`, 'm'));
    assert.match(campaign, new RegExp(`^ {2}salt: ${BAKERY_HOLDOUT.salt}$`, 'm'));
  });
});
