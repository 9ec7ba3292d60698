/** What becomes of each event: told, refused for good, later, not sent; and nothing is lost. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EffectResult } from '@postrider/core/ports';
import type { KlaviyoOptions } from '@postrider/twins/klaviyo';
import { server } from '../../../test/answering.ts';
import { refusingUrl } from '../../kit/test/sockets.ts';
import { accountAt, again, events, listening, outcomes, sinkOf, twinHere } from './accounts.ts';

function message(results: readonly EffectResult[]): string {
  return results.map((result) => ('message' in result ? result.message : '')).join('\n');
}

/** As if the request with these in it had been answered, and the answer lost. */
const lost = [
  ['the answer is lost', { kind: 'reset_after_effect' }],
  ['the answer is an error', { kind: 'error_after_effect', status: 503 }],
  ['the request is lost', { kind: 'reset_before_effect' }],
  ['an error comes before', { kind: 'error_before_effect', status: 500 }],
  ['it is throttled', { kind: 'rate_limited' }],
  ['it is refused as invalid', { kind: 'refusal', code: 'invalid' }],
  ['it is refused as too large', { kind: 'refusal', code: 'payload_too_large' }],
] as const;

describe('A bulk request', () => {
  for (const [what, fault] of lost)
    it(`goes on event by event where ${what}`, async () => {
      const { url, twin } = await twinHere();
      await twin.fault({ ...fault, endpoint: 'bulk' });
      const items = events(40);
      const results = await sinkOf(accountAt(url)).emit(items, listening().context);
      assert.deepEqual(outcomes(results), { done: 40 });
      assert.equal((await twin.requests('bulk')).length, 1, 'it is sent once');
      assert.equal((await twin.requests('event')).length, 40);
      const ids = (await twin.ledger()).map(({ uniqueId }) => uniqueId);
      assert.deepEqual(ids.toSorted(), items.map(({ key }) => key).toSorted());
    });

  it('has nothing in it that may have been told, also where the attempt is not counted otherwise', async () => {
    // At its worst: a bulk request with a known id is taken, and nothing of it is kept.
    const { url, twin } = await twinHere({ bulkRepeat: 'silent' });
    await twin.fault(
      { kind: 'reset_after_effect', endpoint: 'bulk' },
      { kind: 'rate_limited', endpoint: 'event', count: 100, ms: 2000 },
    );
    const sink = sinkOf(accountAt(url));
    const items = events(40);
    const results = await sink.emit(items, listening().context);
    assert.ok(
      results.every((result) => result.outcome === 'retry' && result.untried !== true),
      'each has an attempt less: none is new next time',
    );
    await twin.clearFaults();
    const next = [...again(items), ...events(40)];
    assert.deepEqual(outcomes(await sink.emit(next, listening().context)), { done: 80 });
    assert.equal((await twin.ledger()).length, 80);
  });

  for (const bulkRepeat of ['invalid_400', 'conflict_409', 'ignored'] as const)
    it(`with what was told anew in it loses nothing that is new: ${bulkRepeat}`, async () => {
      const { url, twin } = await twinHere({ bulkRepeat });
      const sink = sinkOf(accountAt(url));
      const told = events(30);
      await sink.emit(told, listening().context);
      // A person has them told anew: the attempts count from 1.
      const results = await sink.emit([...told, ...events(30)], listening().context);
      assert.deepEqual(outcomes(results), { done: 60 });
      assert.equal((await twin.ledger()).length, 60);
    });

  it('is not waited for: where its limit has no room, the events go singly', async () => {
    const { url, twin } = await twinHere();
    const { context } = listening();
    const { limiter } = context;
    const slow = {
      ...context,
      limiter: {
        ...limiter,
        take: async (...[limit, cost, signal]: Parameters<typeof limiter.take>) => {
          if (limit.route.includes('bulk'))
            await new Promise((_, no) => {
              // Without a timer nothing keeps the process.
              const timer = setTimeout(no, 600_000);
              signal.addEventListener('abort', () => {
                clearTimeout(timer);
                no(signal.reason as Error);
              });
            });
          return await limiter.take(limit, cost, signal);
        },
      },
    };
    const results = await sinkOf(accountAt(url)).emit(events(30), slow);
    assert.deepEqual(outcomes(results), { done: 30 });
    assert.equal((await twin.requests('bulk')).length, 0);
  });
});

describe('An event', () => {
  const trouble: readonly [
    what: string,
    options: Partial<KlaviyoOptions>,
    fault: object | null,
    outcome: Record<string, number>,
    words: RegExp,
  ][] = [
    [
      'refused as invalid fails for good',
      {},
      { kind: 'refusal', code: 'invalid', message: 'No such currency.' },
      { failed: 1 },
      /Klaviyo answered 400 invalid: No such currency\./,
    ],
    [
      'of a profile that is not there fails for good',
      {},
      { kind: 'refusal', code: 'not_found' },
      { failed: 1 },
      /answered 404 not_found/,
    ],
    [
      'that is too large fails for good',
      {},
      { kind: 'refusal', code: 'payload_too_large' },
      { failed: 1 },
      /answered 413/,
    ],
    [
      'waits as long as a 429 asks, and no attempt is counted',
      {},
      { kind: 'rate_limited', ms: 77_000 },
      { 'retry 77000 untried': 1 },
      /answered 429 throttled/,
    ],
    [
      'waits a minute where a 429 does not say how long',
      { retryAfter: 'none' },
      { kind: 'rate_limited' },
      { 'retry 60000 untried': 1 },
      /answered 429/,
    ],
    [
      'comes again after an error of Klaviyo’s',
      {},
      { kind: 'error_before_effect', status: 503 },
      { 'retry 5000': 1 },
      /answered 503 unavailable/,
    ],
    [
      'comes again where the answer is lost',
      {},
      { kind: 'reset_after_effect' },
      { 'retry 5000': 1 },
      /The connection to .* broke/,
    ],
    [
      'comes again after a conflict',
      {},
      { kind: 'refusal', code: 'duplicate' },
      { 'retry 5000': 1 },
      /answered 409/,
    ],
    [
      'is refused where the key is not taken: 401',
      {},
      { kind: 'expired_key' },
      { refused: 1 },
      /answered 401 authentication_failed/,
    ],
    [
      'is refused where the key is not taken: 400',
      { wrongKey: 'invalid_400' },
      { kind: 'expired_key' },
      { refused: 1 },
      /answered 400 authentication_failed/,
    ],
    [
      'is refused where the key may not write events',
      { scopes: 'accounts' },
      null,
      { refused: 1 },
      /answered 403 permission_denied/,
    ],
  ];
  for (const [what, options, fault, outcome, words] of trouble)
    it(what, async () => {
      const { url, twin } = await twinHere(options);
      if (fault !== null) await twin.fault(fault as Parameters<typeof twin.fault>[0]);
      const results = await sinkOf(accountAt(url)).emit(events(1), listening().context);
      assert.deepEqual(outcomes(results), outcome);
      assert.match(message(results), words);
    });

  it('is tried after 5 s, 1, 5, 15, 30 minutes, and then once an hour', async () => {
    const { url, twin } = await twinHere();
    await twin.fault({ kind: 'error_before_effect', count: 100 });
    const sink = sinkOf(accountAt(url));
    const ladder: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt += 1) {
      const [result] = await sink.emit(again(events(1), attempt), listening().context);
      if (result?.outcome === 'retry') ladder.push(result.afterMs / 1000);
    }
    assert.deepEqual(ladder, [5, 60, 300, 900, 1800, 3600, 3600, 3600]);
  });

  it('that fails for good keeps no other from being told', async () => {
    const { url, twin } = await twinHere();
    const items = events(50);
    const bad = items[7];
    await twin.fault({
      kind: 'refusal',
      code: 'invalid',
      count: 2,
      ...(bad === undefined ? {} : { subject: bad.key }),
    });
    const results = await sinkOf(accountAt(url)).emit(items, listening().context);
    assert.deepEqual(outcomes(results), { done: 49, failed: 1 });
    assert.equal((await twin.ledger()).length, 49);
  });

  it('is told only by a 202: a page of whoever stands before Klaviyo is neither told nor refused', async () => {
    for (const status of [200, 201, 204, 302, 400, 403, 404]) {
      const { url } = await server((_request, response) => {
        response.writeHead(status, { 'content-type': 'text/html' });
        response.end(status === 204 ? undefined : '<html>Just a moment…</html>');
      });
      const results = await sinkOf(accountAt(url)).emit(events(1), listening().context);
      assert.deepEqual(outcomes(results), { 'retry 5000': 1 }, String(status));
    }
  });

  it('is not sent for each that waits where nobody answers, and says that nothing was sent', async () => {
    const closed = await refusingUrl();
    const { calls, context } = listening();
    const results = await sinkOf(accountAt(closed)).emit(events(200), context);
    assert.ok(results.every(({ outcome }) => outcome === 'retry'));
    assert.match(message(results), /cannot be reached.*nothing was sent/);
    assert.equal(calls.length, 1, 'one bulk request says it for all');
    const { url, seen } = await server(() => undefined);
    const silent = sinkOf(accountAt(url), { timeoutMs: 200, atOnce: 2, bulkFrom: 0 });
    const waiting = await silent.emit(events(50), listening().context);
    assert.ok(waiting.every(({ outcome }) => outcome === 'retry'));
    assert.ok(seen.length <= 6, `${seen.length} requests`);
  });

  it('tells the limiter what the headers say, and a 429 how long all wait', async () => {
    for (const [limitHeaders, limit] of [
      ['number', 3500],
      ['windows', 3500],
    ] as const) {
      const { url, twin } = await twinHere({ limitHeaders });
      const { told, context } = listening();
      const sink = sinkOf(accountAt(url));
      await sink.emit(events(1), context);
      await twin.fault({ kind: 'rate_limited', ms: 9000 });
      await sink.emit(events(1), context);
      const [headers, exceeded] = told;
      assert.ok(headers?.kind === 'headers' && headers.resetAt !== null);
      assert.deepEqual([headers.limit, headers.remaining], [limit, 3499]);
      const seconds = (headers.resetAt.getTime() - Date.now()) / 1000;
      assert.ok(seconds > -1 && seconds <= 60, String(seconds));
      assert.deepEqual(exceeded, { kind: 'exceeded', retryAfterMs: 9000 });
    }
  });
});
