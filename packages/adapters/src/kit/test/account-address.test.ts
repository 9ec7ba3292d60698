/** Where the API of an account may be: its key travels there. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressOption } from '../account.ts';

describe('the address of an account', () => {
  const option = addressOption('https://api.example/v1');

  for (const url of [
    'https://api.example/v2',
    'http://127.0.0.1:4010/v1',
    'http://localhost:4010',
    'http://[::1]:4010/v1',
  ])
    it(`may be ${url}`, () => {
      assert.equal(option.parse(url), url);
    });

  for (const url of [
    'http://api.example/v1',
    'http://169.254.169.254/latest',
    'http://127.0.0.1.example/v1',
    'http://localhost@api.example/v1',
  ])
    it(`is not ${url}: the key would be read on the way`, () => {
      assert.match(option.safeParse(url).error?.message ?? '', /must be https:/);
    });

  it('is the usual one where none is given', () => {
    assert.equal(option.parse(undefined), 'https://api.example/v1');
  });
});
