import assert from 'node:assert/strict';
import { test } from 'node:test';
import { priceIn } from '../prices.ts';

void test('a price is read digit by digit, and what is no price is none', () => {
  for (const [text, amount, scale] of [
    ['0.88', 88n, 2],
    ['214.4200', 2_144_200n, 4],
    ['0.00', 0n, 2],
    ['12', 12n, 0],
    // A float would make it …996.
    ['999999999999999.99', 99_999_999_999_999_999n, 2],
  ] as const)
    assert.deepEqual(priceIn(text, 'USD'), { amount, scale, currency: 'USD', tax: null }, text);
  for (const text of ['', '-0.88', '0,88', '1e3', '.5', '5.', 'free', '0.123456789'])
    assert.equal(priceIn(text, 'USD'), null, text);
  assert.equal(priceIn('0.88', 'dollars'), null);
});
