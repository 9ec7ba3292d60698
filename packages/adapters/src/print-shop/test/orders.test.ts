import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { AdapterConfigError, freePermit } from '@postrider/core/ports';
import type { SubmitResult } from '@postrider/core/ports';
import { openGuard, piece } from '../../../test/pieces.ts';
import { printerAt, token } from './pieces.ts';
import { server } from '../../../test/answering.ts';

describe('Orders at the print shop', () => {
  async function outcomeOf(
    status: number,
    body: string,
    headers: Record<string, string> = {},
    pieces = 1,
  ): Promise<readonly SubmitResult[]> {
    const { url } = await server((_, response) => response.writeHead(status, headers).end(body));
    return printerAt(url).submit(
      Array.from({ length: pieces }, piece),
      openGuard,
      contractContext(),
    );
  }

  it('maps every answer to what it proves', async () => {
    const refusal = JSON.stringify({ code: 'some_code', message: 'Some words.' });
    const accepted = JSON.stringify({
      status: 'accepted',
      id: 'fp_1',
      replayed: false,
      expectedDelivery: '2026-11-30',
    });
    const results = (...each: string[]): string => `{"results":[${each.join()}]}`;
    for (const [status, body, expected] of [
      [200, results(accepted), 'accepted'],
      [200, results('{"status":"rejected","code":"bad_artwork","message":"No."}'), 'rejected'],
      // A piece exists under this key: to call that rejected would print it a second time.
      [
        200,
        results('{"status":"rejected","code":"idempotency_conflict","message":"Known."}'),
        'unknown',
      ],
      [409, refusal, 'unknown'],
      [200, results(), 'unknown'],
      [200, results(accepted, accepted), 'unknown'],
      [200, results('{"status":"perhaps"}'), 'unknown'],
      [200, '{"results":', 'unknown'],
      [200, '<html>', 'unknown'],
      [204, '', 'unknown'],
      [302, '', 'unknown'],
      [400, refusal, 'rejected'],
      [422, refusal, 'rejected'],
      [401, refusal, 'refused'],
      [401, '', 'refused'],
      [403, refusal, 'refused'],
      [404, 'not here', 'retry'],
      [408, '', 'unknown'],
      [412, refusal, 'unknown'],
      [412, JSON.stringify({ code: 'another_ledger', message: 'Not ours.' }), 'retry'],
      [429, refusal, 'retry'],
      [500, refusal, 'unknown'],
      [503, refusal, 'unknown'],
    ] as const) {
      const [result] = await outcomeOf(status, body, { location: 'http://127.0.0.1:1/' });
      assert.equal(result?.outcome, expected, `${status} ${body}`);
    }
  });

  it('sends nothing more where its token is refused, and says so of every piece', async () => {
    const { url, seen } = await server((_, response) =>
      response.writeHead(401).end('{"code":"unauthorized","message":"No."}'),
    );
    const pieces = Array.from({ length: 7 }, piece);
    const results = await printerAt(url, { maxBatch: 2 }).submit(
      pieces,
      openGuard,
      contractContext(),
    );
    assert.deepEqual(
      results,
      pieces.map(() => ({
        outcome: 'refused',
        reason: 'unauthorized',
        message: 'The print shop answered 401 unauthorized: No.',
      })),
    );
    assert.equal(seen.length, 1);
  });

  it('takes the good results of a batch in which one cannot be read', async () => {
    const good = '{"status":"accepted","id":"fp_1"}';
    const results = await outcomeOf(200, `{"results":[${good},{"status":7},${good}]}`, {}, 3);
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['accepted', 'unknown', 'accepted'],
    );
  });

  it('waits as long as it is told', async () => {
    for (const [value, expected] of [
      ['7', 7_000],
      ['100000000', 3_600_000],
      ['soon', 5_000],
      [new Date(Date.now() + 60_000).toUTCString(), 60_000],
    ] as const) {
      const [result] = await outcomeOf(429, '{}', { 'retry-after': value });
      assert.ok(
        result?.outcome === 'retry' && Math.abs(result.afterMs - expected) <= 2_000,
        `${value}: ${JSON.stringify(result)}`,
      );
    }
  });

  it('calls it unknown when the answer takes too long, stops in the middle, or the runner stops', async () => {
    const silent = await server(() => undefined);
    const [late] = await printerAt(silent.url, { timeoutMs: 1_000 }).submit(
      [piece()],
      openGuard,
      contractContext(),
    );
    assert.equal(late?.outcome, 'unknown');
    if (late?.outcome === 'unknown') assert.match(late.message, /within 1000 ms/);

    const half = await server((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"results":[');
      setTimeout(() => response.destroy(), 20);
    });
    assert.equal(
      (await printerAt(half.url).submit([piece()], openGuard, contractContext()))[0]?.outcome,
      'unknown',
    );

    const controller = new AbortController();
    const stopping = await server(() => controller.abort());
    const [stopped] = await printerAt(stopping.url).submit(
      [piece()],
      openGuard,
      contractContext({ signal: controller.signal }),
    );
    assert.equal(stopped?.outcome, 'unknown');
  });

  it('asks the guard after it has waited for the rate limit', async () => {
    const { url, seen } = await server((_, response) => response.end('{}'));
    const order: string[] = [];
    const limiter = {
      async take() {
        order.push('limiter');
        return freePermit;
      },
      told: () => undefined,
    };
    await printerAt(url).submit(
      [piece()],
      { assertMaySend: () => order.push('guard') },
      contractContext({ limiter }),
    );
    assert.deepEqual(order, ['limiter', 'guard']);
    assert.equal(seen.length, 1);
  });

  it('sends the token as a header and nowhere else, and the order without anything added', async () => {
    const { url, seen } = await server((_, response) => response.writeHead(500).end());
    const one = piece();
    const [result] = await printerAt(`${url}/`).submit([one], openGuard, contractContext());
    assert.equal(seen[0]?.headers.authorization, `Bearer ${token}`);
    assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), { pieces: [one] });
    assert.doesNotMatch(JSON.stringify(result), new RegExp(token));
  });

  it('does not send without a token, and says which secret is missing', async () => {
    assert.throws(
      () => printerAt('http://127.0.0.1:1', {}, {}),
      (error) =>
        error instanceof AdapterConfigError &&
        error.option === 'printer.tokenSecret' &&
        /PRINT_SHOP_TOKEN/.test(error.message),
    );
    for (const url of ['ftp://example.com', 'http://user:word@127.0.0.1:1', 'print shop']) {
      assert.throws(
        () => printerAt(url),
        (error) => error instanceof AdapterConfigError && error.option === 'printer.url',
        url,
      );
    }
  });
});
