import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sendRequest } from '../http.ts';
import type { HttpOutcome, HttpRequest } from '../http.ts';
import { deafServer, rawServer, refusingUrl } from './sockets.ts';

async function post(url: string, changes: Partial<HttpRequest> = {}): Promise<HttpOutcome> {
  return await sendRequest({
    method: 'POST',
    url,
    headers: {},
    body: '{"card":1}',
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    ...changes,
  });
}

function isNotSent(outcome: HttpOutcome, words: RegExp, hungUp = false): void {
  assert.equal(outcome.kind, 'not_sent', JSON.stringify(outcome));
  if (outcome.kind !== 'not_sent') return;
  assert.match(outcome.message, words);
  assert.equal(outcome.hungUp, hungUp);
}

describe('A request of which nothing left', () => {
  it('is proven so where the address refuses, has no name or cannot be reached', async () => {
    isNotSent(await post(await refusingUrl()), /cannot be reached \(ECONNREFUSED\)/);
    isNotSent(
      await post('http://no-such-host.invalid/'),
      /cannot be reached \((ENOTFOUND|EAI_AGAIN)\)/,
    );
    // A multicast address and one that is nobody's: there is no way to either.
    for (const host of ['224.0.0.1', '[::ffff:255.255.255.255]'])
      isNotSent(
        await post(`http://${host}:9/`, { connectTimeoutMs: 500 }),
        /cannot be reached \((ENETUNREACH|EHOSTUNREACH|EACCES|EINVAL)\)|took no connection/,
      );
  });

  it('is proven so where nobody accepts the connection, long before the whole time is up', async () => {
    const deaf = await deafServer();
    try {
      const began = performance.now();
      isNotSent(
        await post(deaf.url, { connectTimeoutMs: 200, timeoutMs: 20_000 }),
        /took no connection within 200 ms; nothing was sent/,
      );
      assert.ok(performance.now() - began < 5_000);
      isNotSent(
        await post(deaf.url, { connectTimeoutMs: 20_000, timeoutMs: 200 }),
        /took no connection within 200 ms/,
      );
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 50);
      isNotSent(await post(deaf.url, { signal: stop.signal }), /The runner is stopping/, true);
    } finally {
      deaf.close();
    }
  });

  it('is proven so where TLS ends before the other side has proven who it is', async () => {
    const plain = await rawServer({ onData: (socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\n') });
    const https = (url: string): string => url.replace('http:', 'https:');
    isNotSent(await post(https(plain.url)), /cannot be reached \(ERR_SSL_\w+\)/);
    const resetting = await rawServer({ onData: (socket) => socket.resetAndDestroy() });
    isNotSent(await post(https(resetting.url)), /cannot be reached \(ECONNRESET\)/);
    const ending = await rawServer({ onConnect: (socket) => socket.end() });
    isNotSent(await post(https(ending.url)), /cannot be reached/);
    const silent = await rawServer({});
    isNotSent(
      await post(https(silent.url), { connectTimeoutMs: 100 }),
      /took no connection within 100 ms/,
    );
    for (const { seen } of [plain, resetting, silent])
      assert.ok(seen.every((bytes) => !bytes.includes('card')));
  });

  it('is proven so where it was aborted before, or the last check said no', async () => {
    const { url, seen } = await rawServer({});
    isNotSent(await post(url, { signal: AbortSignal.abort() }), /was not sent/, true);
    const lastCheck = (): void => {
      throw new Error('the lease has passed');
    };
    isNotSent(await post(url, { lastCheck }), /Not sent: the lease has passed/, true);
    // Nor is anything sent later on the connection that was made.
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(seen.join(''), '');
  });

  it('is proven so where it cannot be written, and its secret is not told', async () => {
    for (const [url, words] of [
      ['ftp://example.com/', /no http: or https: URL/],
      ['print shop', /no http: or https: URL/],
      ['http://ann:a-word@127.0.0.1:1/', /holds a user name or password/],
    ] as const)
      isNotSent(await post(url), words);
    const { url } = await rawServer({});
    const outcome = await post(url, { headers: { authorization: 'Bearer a-secret\r\nx: y' } });
    isNotSent(outcome, /cannot be written \(ERR_INVALID_CHAR\)/);
    assert.doesNotMatch(JSON.stringify(outcome), /a-secret|a-word/);
  });
});
