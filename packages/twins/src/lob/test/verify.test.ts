/** US verifications: magic values, and believing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiSpec } from '../../kit/openapi.ts';
import { lobHere, TEST } from './helpers.ts';

const king = {
  primary_line: '210 King Street',
  city: 'San Francisco',
  state: 'CA',
  zip_code: '94107',
};

test('a live address is believed, and answered as the spec says', async (t) => {
  const { ask } = await lobHere(t);
  const spec = await ApiSpec.read(new URL('../openapi.json', import.meta.url));
  for (const body of [king, { address: '210 King Street 94107' }]) {
    const one = await ask('POST', '/us_verifications', { body });
    assert.equal(one.status, 200, JSON.stringify(one.body));
    assert.equal(one.body.deliverability, 'deliverable');
    assert.deepEqual(spec.answerViolations('us_verification', 200, one.body), []);
  }
  const again = await ask('POST', '/us_verifications', { body: king });
  const { body } = again as unknown as { body: { components: { delivery_point_barcode: string } } };
  assert.match(body.components.delivery_point_barcode, /^94107\d{7}$/);
});

test('magic values of Lob’s test environment are answered in both modes', async (t) => {
  const { ask } = await lobHere(t);
  const spec = await ApiSpec.read(new URL('../openapi.json', import.meta.url));
  for (const [line, deliverability] of [
    ['commercial highrise', 'deliverable'],
    ['po box', 'deliverable'],
    ['missing unit', 'deliverable_missing_unit'],
    ['incorrect unit', 'deliverable_incorrect_unit'],
    ['unnecessary unit', 'deliverable_unnecessary_unit'],
    ['undeliverable block match', 'undeliverable'],
    ['undeliverable no match', 'undeliverable'],
  ] as const) {
    const asked = { body: { primary_line: line, zip_code: '11111' } };
    for (const key of [TEST, 'live_ours']) {
      const { body } = await ask('POST', '/us_verifications', { ...asked, key });
      assert.equal(body.deliverability, deliverability, line);
      assert.deepEqual(spec.answerViolations('us_verification', 200, body), []);
    }
  }
  const { body } = await ask('POST', '/us_verifications', { body: king, key: TEST });
  assert.equal(body.deliverability, '');
});

test('up to twenty at once, and what is no address is refused', async (t) => {
  const { ask } = await lobHere(t, { verifyQuota: 25 });
  const bulk = async (count: number) =>
    await ask('POST', '/bulk/us_verifications', {
      body: { addresses: Array.from({ length: count }, () => king) },
    });
  const twenty = await bulk(20);
  assert.deepEqual([twenty.status, twenty.body.addresses.length], [200, 20]);
  assert.equal((await bulk(21)).body.error.code, 'invalid');
  const spent = await bulk(6);
  assert.deepEqual([spent.status, spent.body.error.code], [403, 'feature_limit_reached']);
  const empty = await ask('POST', '/us_verifications', { body: { city: 'X' } });
  assert.deepEqual([empty.status, empty.body.error.code], [422, 'invalid']);
  const published = await ask('POST', '/us_verifications', { body: king, key: 'live_pub_ours' });
  assert.equal(published.status, 200);
});
