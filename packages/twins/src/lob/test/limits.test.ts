/** Rate limits: so many in each window of five seconds, for each endpoint and key. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FixedWindows, TrafficWatch } from '../../kit/windows.ts';
import { lobHere, TEST } from './helpers.ts';

test('a window takes so many and begins anew, each name by itself', () => {
  const windows = new FixedWindows(5_000);
  const take = (name: string, at: number): string => {
    const state = windows.take(name, 3, at);
    return state === null ? 'free' : state.refused ? 'refused' : String(state.remaining);
  };
  assert.deepEqual(
    [0, 1, 4_999, 4_999, 5_000, 9_999].map((at) => take('a', at)),
    ['2', '1', '0', 'refused', '2', '1'],
  );
  assert.equal(take('b', 9_999), '2');
  assert.equal(windows.take('c', 0, 1), null);
  assert.equal(windows.take('c', 3, 7_001)?.resetAt, 10_000);
});

test('the worst window is the fullest of any five seconds, not only of those that began together', () => {
  const watch = new TrafficWatch(5_000);
  for (const at of [4_000, 4_500, 4_900, 5_100, 8_999, 9_000, 20_000]) watch.see(at, false);
  watch.see(20_001, true);
  assert.deepEqual(watch.traffic, { taken: 7, refused: 1, worstWindow: 5 });
});

test('who asks too often is told so, with the headers in both spellings', async (t) => {
  const lob = await lobHere(t, { limit: 3, limitWindowMs: 3_600_000, retryAfter: true });
  const answers = [];
  for (let time = 0; time < 4; time += 1) answers.push(await lob.ask('GET', '/postcards'));
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers.get('ratelimit-remaining')]),
    [
      [200, '2'],
      [200, '1'],
      [200, '0'],
      [429, '0'],
    ],
  );
  const last = answers.at(-1);
  assert.deepEqual(last?.body.error, {
    message: 'Rate limit exceeded. Please wait 5 seconds and try your request again.',
    status_code: 429,
    code: 'rate_limit_exceeded',
  });
  const { headers } = last ?? { headers: new Headers() };
  assert.equal(headers.get('x-rate-limit-limit'), '3');
  assert.equal(headers.get('ratelimit-reset'), headers.get('x-rate-limit-reset'));
  const seconds = Number(headers.get('ratelimit-reset')) - Date.now() / 1000;
  assert.ok(seconds > 0 && seconds <= 3_601, String(seconds));
  assert.ok(Number(headers.get('retry-after')) >= 1);
  // Another endpoint, another key.
  assert.equal((await lob.create()).status, 200);
  assert.equal((await lob.ask('GET', '/postcards', { key: TEST })).status, 200);
  const traffic = await lob.twin.traffic();
  assert.deepEqual(traffic['live list'], { taken: 3, refused: 1, worstWindow: 4, limit: 3 });
});

test('a 429 by script looks like one of the limiter, and headers are as asked', async (t) => {
  const lob = await lobHere(t, { limitHeaders: 'ratelimit' });
  await lob.twin.fault({ kind: 'rate_limited' });
  const { status, headers } = await lob.create();
  assert.equal(status, 429);
  assert.equal(headers.get('ratelimit-limit'), '150');
  assert.equal(headers.get('x-rate-limit-limit'), null);
  assert.equal(headers.get('retry-after'), null);
  const bare = await lobHere(t, { limitHeaders: 'none' });
  assert.equal((await bare.create()).headers.get('ratelimit-limit'), null);
});
