/** What is sealed opens where it belongs, with its key, and nowhere else. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  makeSealingKey,
  readSealingKeys,
  seal,
  SecretError,
  unseal,
  type SealedSecret,
} from '../src/common/sealing.ts';

const place = { organizationId: randomUUID(), connectionId: randomUUID(), purpose: 'api_key' };
const keys = readSealingKeys(`${makeSealingKey()} ${makeSealingKey()}`);
const value = 'live_a key of nobody, with ümläuts';

function refused(work: () => unknown, says: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof SecretError);
    assert.match(error.message, says);
    assert.ok(!inspect(error).includes(value));
    return true;
  });
}

void test('a secret opens as it was, and twice sealed it looks different', () => {
  const [one, two] = [seal(value, place, keys), seal(value, place, keys)];
  assert.equal(one.keyId, keys[0]?.id, 'the newest key seals');
  assert.notEqual(one.sealed, two.sealed);
  assert.equal(unseal(one, place, keys), value);
  const older = seal(value, place, keys.slice(1));
  assert.equal(unseal(older, place, keys), value, 'an older key opens what it has sealed');
  for (const text of ['', 'x'.repeat(10_000)])
    assert.equal(unseal(seal(text, place, keys), place, keys), text);
});

for (const [what, other] of [
  ['organization', { organizationId: randomUUID() }],
  ['connection', { connectionId: randomUUID() }],
  ['purpose', { purpose: 'webhook' }],
  // Two parts that are one text in another way.
  ['boundary between its parts', { organizationId: '', connectionId: place.organizationId }],
] as const)
  void test(`a secret does not open for another ${what}`, () => {
    const sealed = seal(value, place, keys);
    refused(() => unseal(sealed, { ...place, ...other }, keys), /does not open with key/);
  });

void test('a secret does not open under the id of another key, nor where any byte of it was changed', () => {
  const sealed = seal(value, place, keys);
  const [first, second] = keys;
  assert.ok(first && second);
  // The same key under another id: the id is a part of what is authenticated.
  refused(
    () => unseal({ ...sealed, keyId: 'other' }, place, [{ id: 'other', key: first.key }]),
    /does not open with key other/,
  );
  refused(
    () => unseal({ ...sealed, keyId: second.id }, place, keys),
    new RegExp(`does not open with key ${second.id}`),
  );
  const bytes = Buffer.from(sealed.sealed, 'base64');
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    refused(() => unseal({ ...sealed, sealed: changed.toString('base64') }, place, keys), /opens?/);
  }
  for (let length = 0; length < bytes.length; length += 1) {
    const cut: SealedSecret = { ...sealed, sealed: bytes.subarray(0, length).toString('base64') };
    refused(() => unseal(cut, place, keys), /does not open/);
  }
});

void test('a key that is missing is named, with those that are there', () => {
  const sealed = seal(value, place, keys);
  const others = readSealingKeys(makeSealingKey());
  refused(
    () => unseal(sealed, place, others),
    new RegExp(`sealed with key ${keys[0]?.id}, which is not here: .* has ${others[0]?.id}$`),
  );
  refused(() => unseal(sealed, place, []), /which is not here: POSTRIDER_SECRETS_KEY is not set/);
  refused(() => seal(value, place, []), /nothing can be sealed/);
});

void test('keys are read apart by blanks, commas or lines, with an id or by their digest, and never shown', () => {
  const [a, b, c] = [randomBytes(32), randomBytes(32), randomBytes(32)].map((one) =>
    one.toString('base64'),
  );
  const read = readSealingKeys(`2026-b:${b}\n, 2026-a:${a},${c}\n`);
  assert.deepEqual(
    read.map(({ id }) => id.replace(/^[\da-f]{12}$/, 'digest')),
    ['2026-b', '2026-a', 'digest'],
  );
  assert.equal(readSealingKeys(`${c}`)[0]?.id, read[2]?.id);
  const shown = inspect(read, { depth: 9, showHidden: true }) + JSON.stringify(read);
  for (const key of [a, b, c]) assert.ok(key !== undefined && !shown.includes(key));
  assert.deepEqual(readSealingKeys(undefined), []);
  assert.deepEqual(readSealingKeys(' \n'), []);
  for (const text of [
    'x',
    `k:${a?.slice(1)}`,
    `k 1:${a}`,
    `${a}${b}`,
    'k:',
    `k:${a?.replace('=', '')}`,
  ])
    refused(() => readSealingKeys(text), /is not 32 bytes in base64/);
  refused(() => readSealingKeys(`k:${a} k:${b}`), /two keys of .* have the id k/);
});
