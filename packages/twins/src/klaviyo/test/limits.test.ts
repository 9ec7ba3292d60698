/** Rate limits: a window of a second and one of a minute, of which the headers tell the latter. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Limits } from '../limits.ts';
import { settle } from '../settings.ts';
import { klaviyoHere } from './helpers.ts';

test('the headers tell of the minute; a 429 has none of them, and says when to come again', async (t) => {
  const { event, bulk, twin } = await klaviyoHere(t, { eventBurst: 0, eventSteady: 3 });
  const answers = [];
  for (let time = 0; time < 4; time += 1) answers.push(await event({ unique_id: `m-${time}` }));
  // The minute may have ended between two of them.
  const first = answers.findIndex(({ status }) => status === 429);
  if (first !== -1) {
    const { status, headers, error } = answers[first] ?? assert.fail();
    assert.equal(status, 429);
    assert.equal(headers.get('ratelimit-limit'), null);
    const seconds = Number(headers.get('retry-after'));
    assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, String(seconds));
    assert.equal(error?.code, 'throttled');
    assert.match(error?.detail ?? '', /^Request was throttled\. Expected available in \d+ second/);
  }
  const { headers } = answers[0] ?? assert.fail();
  assert.equal(headers.get('ratelimit-limit'), '3');
  assert.ok(Number(headers.get('ratelimit-reset')) <= 60);
  // Another endpoint counts by itself.
  assert.equal((await bulk([{ unique_id: 'b' }])).status, 202);
  const traffic = await twin.traffic();
  assert.equal(traffic['event minute']?.limit, 3);
  assert.equal((traffic['event minute']?.taken ?? 0) + (traffic['event minute']?.refused ?? 0), 4);
});

test('a second has its own limit, of which no header tells', () => {
  const limits = new Limits(settle({ folder: '/', eventBurst: 2, eventSteady: 5 }));
  const at = (ms: number): string => {
    const { refusedFor, headers } = limits.count('event', ms);
    return refusedFor === null ? `${headers['ratelimit-remaining']} left` : `in ${refusedFor} s`;
  };
  assert.deepEqual([0, 10, 900, 1000, 1999, 1999, 2000, 2001, 59_001, 60_000].map(at), [
    '4 left',
    '3 left',
    'in 1 s',
    '2 left',
    '1 left',
    'in 1 s',
    '0 left',
    'in 58 s',
    'in 1 s',
    '4 left',
  ]);
  assert.deepEqual(limits.traffic()['event minute'], {
    taken: 6,
    refused: 4,
    worstWindow: 9,
    limit: 5,
  });
});

test('how the headers are written, and whether a 429 says when, is as asked', async (t) => {
  const windows = await klaviyoHere(t, { limitHeaders: 'windows' });
  assert.equal((await windows.event()).headers.get('ratelimit-limit'), '350, 350;w=1, 3500;w=60');
  const none = await klaviyoHere(t, { limitHeaders: 'none', retryAfter: 'none' });
  assert.equal((await none.event()).headers.get('ratelimit-limit'), null);
  await none.twin.fault({ kind: 'rate_limited' });
  const limited = await none.event();
  assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, null]);
});
