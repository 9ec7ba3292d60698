import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { server } from '../../../test/answering.ts';
import { Form } from '../form.ts';
import { sendRequest } from '../http.ts';
import type { HttpOutcome, HttpRequest } from '../http.ts';
import { rawServer } from './sockets.ts';

async function ask(url: string, changes: Partial<HttpRequest> = {}): Promise<HttpOutcome> {
  return await sendRequest({
    method: 'GET',
    url,
    headers: {},
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    ...changes,
  });
}

function isUnclear(
  outcome: HttpOutcome,
  words: RegExp,
  { status = null, hungUp = false }: { status?: number | null; hungUp?: boolean } = {},
): void {
  assert.equal(outcome.kind, 'unclear', JSON.stringify(outcome));
  if (outcome.kind !== 'unclear') return;
  assert.match(outcome.message, words);
  assert.deepEqual([outcome.begun?.status ?? null, outcome.hungUp], [status, hungUp]);
}

/** A server that writes these bytes once it has a whole request, and then does this. */
async function answering(bytes: string, then: 'end' | 'reset' | 'wait'): Promise<string> {
  const { url } = await rawServer({
    onData: (socket, all) => {
      if (!all.endsWith('{"card":1}') && !all.endsWith('\r\n\r\n')) return;
      if (then === 'end') socket.end(bytes);
      else
        socket.write(bytes, () => {
          if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), 20);
        });
    },
  });
  return url;
}

describe('A request that left', () => {
  it('is unclear where the connection broke before or after its body', async () => {
    const early = await rawServer({ onData: (socket) => socket.resetAndDestroy() });
    isUnclear(await ask(early.url), /The connection to .* broke \(ECONNRESET\)/);
    const large = 'x'.repeat(30_000_000);
    isUnclear(
      await ask(early.url, { method: 'POST', body: large }),
      /broke \((ECONNRESET|EPIPE)\)/,
    );
    isUnclear(await ask(await answering('', 'reset')), /broke/);
    isUnclear(await ask(await answering('', 'end')), /broke/);
    isUnclear(await ask(await answering('SSH-2.0-other\r\n\r\n', 'end')), /broke \(HPE_/);
  });

  it('is unclear where half an answer came, and what came of it is told', async () => {
    for (const head of ['content-length: 100', 'transfer-encoding: chunked'])
      for (const then of ['end', 'reset'] as const) {
        const url = await answering(`HTTP/1.1 201 Made\r\n${head}\r\n\r\n5\r\n{"id"`, then);
        const outcome = await ask(url, { method: 'POST', body: '{"card":1}' });
        isUnclear(outcome, /broke/, { status: 201 });
        assert.ok(outcome.kind === 'unclear' && outcome.begun?.body.includes('{"id"'));
      }
  });

  it('is unclear where no whole answer came in time, or the runner stopped', async () => {
    const silent = await answering('', 'wait');
    const { url } = await rawServer({
      onData: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
        const dripping = setInterval(() => socket.write('x'), 10);
        socket.on('close', () => clearInterval(dripping));
      },
    });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1_000);
    // Long enough for a connection on a machine that is busy.
    const [late, connected, dripped, stopped] = await Promise.all([
      ask(silent, { timeoutMs: 1_000 }),
      // The time for connecting is over once the connection stands.
      ask(silent, { connectTimeoutMs: 1_000, timeoutMs: 1_500 }),
      ask(url, { timeoutMs: 1_000 }),
      ask(url, { signal: stop.signal }),
    ]);
    isUnclear(late, /did not answer within 1000 ms/);
    isUnclear(connected, /did not answer within 1500 ms/);
    isUnclear(dripped, /did not answer within 1000 ms/, { status: 200 });
    isUnclear(stopped, /The runner stopped while/, { status: 200, hungUp: true });
  });

  it('is unclear where the answer has no end, and reads no more of it than the limit', async () => {
    let written = 0;
    const { url } = await rawServer({
      onData: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const pour = (): void => {
          while (!socket.destroyed && socket.write('x'.repeat(65_536))) written += 65_536;
        };
        socket.on('drain', pour);
        pour();
      },
    });
    isUnclear(await ask(url, { largestAnswer: 100_000 }), /answered more than 100000 bytes/, {
      status: 200,
    });
    assert.ok(written < 50_000_000, String(written));
    const exact = await server((_, response) => response.end('x'.repeat(1000)));
    assert.equal((await ask(exact.url, { largestAnswer: 1000 })).kind, 'answer');
    isUnclear(await ask(exact.url, { largestAnswer: 999 }), /more than 999 bytes/, {
      status: 200,
    });
  });

  it('reads an answer that was packed unasked, and is unclear where that has no end', async () => {
    const packed = await server((_, response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync('x'.repeat(5000))),
    );
    const outcome = await ask(packed.url);
    assert.ok(outcome.kind === 'answer' && outcome.body === 'x'.repeat(5000));
    isUnclear(await ask(packed.url, { largestAnswer: 4999 }), /cannot be read/, { status: 200 });
    const other = await server((_, response) =>
      response.setHeader('content-encoding', 'of-our-own').end('x'),
    );
    isUnclear(await ask(other.url), /in an encoding that cannot be read/, { status: 200 });
  });
});

describe('An answer', () => {
  it('comes to every method, with bodies of text, of bytes and of forms', async () => {
    const { url, seen } = await server((request, response) => response.end(request.method));
    const bytes = new Uint8Array([0, 255, 10]);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      const outcome = await ask(url, { method });
      assert.ok(outcome.kind === 'answer' && outcome.body === method, JSON.stringify(outcome));
      if (method === 'GET') continue;
      for (const body of ['{"ä":1}', bytes]) {
        assert.equal((await ask(url, { method, body })).kind, 'answer');
        const { headers, bytes: came } = seen.at(-1) ?? {};
        assert.deepEqual(came, Buffer.from(body));
        assert.equal(headers?.['content-length'], String(came?.length));
        assert.equal(headers?.['transfer-encoding'], undefined);
      }
    }
    const form = new Form();
    form.add('to', 'Ann "A" Lee');
    form.add('front', { name: 'front.pdf', type: 'application/pdf', bytes });
    assert.equal((await ask(url, { method: 'POST', body: form })).kind, 'answer');
    const { headers, bytes: came = Buffer.of() } = seen.at(-1) ?? {};
    const read = await new Response(Uint8Array.from(came), {
      headers: { 'content-type': headers?.['content-type'] ?? '' },
    }).formData();
    const front = read.get('front');
    assert.equal(read.get('to'), 'Ann "A" Lee');
    assert.ok(typeof front === 'object' && front !== null);
    assert.deepEqual(await front.bytes(), bytes);
    assert.deepEqual([front.name, front.type], ['front.pdf', 'application/pdf']);
  });

  it('is a redirect where it is one: nobody is asked whom nobody chose', async () => {
    const other = await server((_, response) => response.end());
    for (const status of [301, 302, 303, 307, 308]) {
      const { url } = await server((_, response) =>
        response.writeHead(status, { location: other.url }).end(),
      );
      const outcome = await ask(url, { method: 'POST', body: '{}' });
      assert.ok(outcome.kind === 'answer' && outcome.status === status);
      assert.equal(outcome.headers.get('location'), other.url);
    }
    assert.equal(other.seen.length, 0);
  });

  it('is an answer where it cannot be read: what JSON means is the caller’s', async () => {
    const { url } = await server((_, response) => response.end('{"id":'));
    const outcome = await ask(url);
    assert.ok(outcome.kind === 'answer' && outcome.body === '{"id":');
  });

  it('has all its headers, also those that come more than once', async () => {
    const { url } = await server((_, response) =>
      response.setHeader('set-cookie', ['a=1', 'b=2']).setHeader('x-limit', '7').end(),
    );
    const outcome = await ask(url);
    assert.ok(outcome.kind === 'answer');
    assert.deepEqual(outcome.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.equal(outcome.headers.get('x-limit'), '7');
  });

  it('leaves the connection open for the next request, also after a body', async () => {
    let connections = 0;
    const { url, seen } = await server(
      (_, response) => response.end('{}'),
      () => {
        connections += 1;
      },
    );
    for (let turn = 0; turn < 5; turn += 1) {
      assert.equal((await ask(url, { method: 'POST', body: '{}' })).kind, 'answer');
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual([connections, seen.length], [1, 5]);
  });

  it('leaves nothing behind at a signal that lives longer', async () => {
    const { url } = await server((_, response) => response.end('{}'));
    const { signal } = new AbortController();
    let listeners = 0;
    const counted = Object.create(signal, {
      aborted: { value: false },
      addEventListener: { value: () => (listeners += 1) },
      removeEventListener: { value: () => (listeners -= 1) },
    }) as AbortSignal;
    await ask(url, { signal: counted });
    assert.equal(listeners, 0);
  });
});
