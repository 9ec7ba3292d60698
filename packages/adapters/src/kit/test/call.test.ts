import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import { contractContext } from '@postrider/core/contract';
import { freePermit } from '@postrider/core/ports';
import type { CallContext, LimitNotice, ProviderCall } from '@postrider/core/ports';
import { server } from '../../../test/answering.ts';
import { Form, type EncodedBody } from '../form.ts';
import { callProvider } from '../call.ts';
import type { ProviderRequest } from '../call.ts';
import { rawServer, refusingUrl } from './sockets.ts';

const limit = { route: 'POST /cards', windows: [{ requests: 10, ms: 1000 }] };

function requestTo(url: string, changes: Partial<ProviderRequest> = {}): ProviderRequest {
  return {
    method: 'POST',
    url,
    headers: { authorization: 'Bearer a-key-of-ours' },
    body: '{"card":1}',
    timeoutMs: 5_000,
    limit,
    about: ['piece-1'],
    secrets: ['a-key-of-ours'],
    ...changes,
  };
}

function watched(changes: Partial<CallContext> = {}): {
  readonly context: CallContext;
  readonly calls: ProviderCall[];
  readonly told: LimitNotice[];
} {
  const calls: ProviderCall[] = [];
  const told: LimitNotice[] = [];
  const context = contractContext({
    calls: { record: (call) => void calls.push(call) },
    limiter: {
      async take() {
        return freePermit;
      },
      told: (_, notice) => void told.push(notice),
    },
    now: () => new Date('2026-11-30T12:00:00Z'),
    ...changes,
  });
  return { context, calls, told };
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('A call of a provider', () => {
  it('waits for the limit, says that it is at it, and asks the guard last', async () => {
    const { url } = await server((_, response) => response.end('{}'));
    const order: string[] = [];
    const { context } = watched({
      limiter: {
        async take(asked, cost) {
          order.push(`${asked.route} ${cost}`);
          return freePermit;
        },
        told: () => undefined,
      },
      alive: () => order.push('alive'),
    });
    const guard = { assertMaySend: () => order.push('guard') };
    await callProvider(requestTo(url, { cost: 3 }), context, guard);
    assert.deepEqual(order, ['POST /cards 3', 'alive', 'guard']);
  });

  it('tells the limiter when its request is over, and whether it was sent', async () => {
    const { url } = await server((_, response) => response.end('{}'));
    const over: boolean[] = [];
    const { context } = watched({
      limiter: {
        async take() {
          return { waitedMs: 0, end: (sent) => void over.push(sent) };
        },
        told: () => undefined,
      },
    });
    await callProvider(requestTo(url), context);
    await callProvider(requestTo(await refusingUrl()), context);
    assert.deepEqual(over, [true, false]);
  });

  it('begins its request as soon as it has its slot: the body is made before', async () => {
    const { url } = await server((_, response) => response.end('{}'));
    const order: string[] = [];
    const begun = (): void => void order.push('begun');
    subscribe('http.client.request.created', begun);
    try {
      const { context } = watched({
        limiter: {
          async take() {
            order.push('slot');
            setImmediate(() => order.push('a turn later'));
            return freePermit;
          },
          told: () => undefined,
        },
      });
      const body = new (class extends Form {
        override encode(): EncodedBody {
          order.push('encoded');
          return super.encode();
        }
      })();
      const bytes = new Uint8Array(100_000);
      body.add('front', { name: 'front.pdf', type: 'application/pdf', bytes });
      await callProvider(requestTo(url, { body }), context);
    } finally {
      unsubscribe('http.client.request.created', begun);
    }
    assert.deepEqual(order, ['encoded', 'slot', 'begun', 'a turn later']);
  });

  it('sends nothing, and keeps nothing, where the limit or the guard says no', async () => {
    const { url, seen } = await rawServer({});
    const refusing = {
      async take() {
        throw new Error('the runner stops');
      },
      told: () => undefined,
    };
    const { context, calls } = watched({ limiter: refusing });
    const first = await callProvider(requestTo(url), context);
    const other = watched();
    const second = await callProvider(requestTo(url), other.context, {
      assertMaySend() {
        throw new Error('the lease has passed');
      },
    });
    for (const [outcome, words] of [
      [first, 'Not sent: the runner stops'],
      [second, 'Not sent: the lease has passed'],
    ] as const) {
      assert.ok(outcome.kind === 'not_sent');
      assert.equal(outcome.message, words);
    }
    assert.deepEqual([calls, other.calls, seen.join('')], [[], [], '']);
  });

  it('is kept with what was asked and answered, and without what is secret', async () => {
    const { url } = await server((_, response) =>
      response
        .setHeader('x-request-id', 'req_7')
        .setHeader('set-cookie', 'session=12345')
        .setHeader('date', 'now')
        .writeHead(422)
        .end('{"error":"a-key-of-ours is not taken"}'),
    );
    const { context, calls } = watched();
    await callProvider(requestTo(`${url}/cards?api_key=abc&size=4x6`), context);
    const [{ durationMs, ...call }] = calls as [ProviderCall];
    assert.ok(durationMs >= 0 && durationMs < 5_000);
    assert.deepEqual(call, {
      route: 'POST /cards',
      about: ['piece-1'],
      startedAt: new Date('2026-11-30T12:00:00Z'),
      status: 422,
      outcome: 'answer',
      hungUp: false,
      providerRequestId: 'req_7',
      request:
        `POST ${url}/cards?api_key=[redacted]&size=4x6\n` +
        'authorization: [redacted]\n\n{"card":1}',
      answer:
        '422\nconnection: keep-alive\ndate: now\nkeep-alive: timeout=5\nset-cookie: [redacted]\n' +
        'transfer-encoding: chunked\nx-request-id: req_7\n\n{"error":"[redacted] is not taken"}',
      error: null,
    });
  });

  it('gives back what came without the key, however it is written in it', async () => {
    const key = 'a-key/of+ours';
    const written = [
      key,
      encodeURIComponent(key),
      key.replace('/', '\\/'),
      Buffer.from(key).toString('base64url'),
    ];
    const body = `{"token":"t","code":"${written.join('","')}"}`;
    for (const half of [false, true]) {
      const { url } = await server((_, response) => {
        response.writeHead(422, { 'x-key': key, ...(half ? { 'content-length': '1000' } : {}) });
        response.write(body);
        if (half) setTimeout(() => response.destroy(), 20);
        else response.end();
      });
      const request = requestTo(url, { secrets: [key, 'token'] });
      const outcome = await callProvider(request, watched().context);
      const came = outcome.kind === 'unclear' ? outcome.begun : outcome;
      assert.ok(came !== null && 'body' in came, outcome.kind);
      const redacted = written.map(() => '"[redacted]"').join(',');
      // A short secret is a word that any answer may have.
      assert.equal(came.body, `{"token":"t","code":${redacted}}`);
      assert.equal(came.headers.get('x-key'), '[redacted]');
    }
    const nowhere = requestTo('http://a-tenant-of-ours.invalid/', {
      secrets: ['a-tenant-of-ours'],
    });
    const outcome = await callProvider(nowhere, watched().context);
    assert.match(JSON.stringify(outcome), /"\[redacted\]\.invalid cannot be reached/);
  });

  it('is kept where no answer came, with what is proven of it', async () => {
    const refused = watched();
    await callProvider(requestTo(await refusingUrl()), refused.context);
    assert.deepEqual(
      [refused.calls[0]?.outcome, refused.calls[0]?.status, refused.calls[0]?.answer],
      ['not_sent', null, null],
    );
    assert.match(refused.calls[0]?.error ?? '', /ECONNREFUSED/);
    // A host may have a name that is a secret.
    const named = watched();
    const secrets = ['a-tenant-of-ours'];
    await callProvider(requestTo('http://a-tenant-of-ours.invalid/', { secrets }), named.context);
    assert.match(named.calls[0]?.error ?? '', /^\[redacted\]\.invalid cannot be reached/);
    const half = watched();
    const { url } = await server((_, response) => {
      response.writeHead(201, { 'content-length': '1000', 'x-request-id': 'req_8' });
      response.write('{"id"');
      setTimeout(() => response.destroy(), 20);
    });
    await callProvider(requestTo(url), half.context);
    const [call] = half.calls;
    assert.deepEqual(
      [call?.outcome, call?.status, call?.providerRequestId, call?.hungUp],
      ['unclear', 201, 'req_8', false],
    );
    assert.match(call?.answer ?? '', /\{"id"$/);
    const stop = new AbortController();
    const stopped = watched({ signal: stop.signal });
    const silent = await server(() => stop.abort());
    await callProvider(requestTo(silent.url), stopped.context);
    assert.deepEqual([stopped.calls[0]?.outcome, stopped.calls[0]?.hungUp], ['unclear', true]);
  });

  it('keeps a large body by its hash, and of a form never the bytes of a file', async () => {
    const answer = 'y'.repeat(9000);
    const { url } = await server((_, response) => response.end(answer));
    const { context, calls } = watched();
    const body = JSON.stringify({ text: 'ä'.repeat(5000) });
    const file = new TextEncoder().encode('%PDF artwork');
    await callProvider(requestTo(url, { body }), context);
    await callProvider(requestTo(url, { body: file }), context);
    const form = new Form();
    form.add('to[name]', 'Ann Lee');
    form.add('api_key', 'anything');
    form.add('front', { name: 'front.pdf', type: 'application/pdf', bytes: file });
    await callProvider(requestTo(url, { body: form }), context);
    const [large, bytes, parts] = calls.map(({ request }) => request?.split('\n\n')[1]);
    assert.equal(large, `[${Buffer.byteLength(body)} bytes, SHA-256 ${sha256(body)}]`);
    assert.equal(bytes, `[12 bytes, SHA-256 ${sha256(file)}]`);
    assert.deepEqual(parts?.split('\n'), [
      'to[name]: "Ann Lee"',
      'api_key: [redacted]',
      `front: file front.pdf, application/pdf, [12 bytes, SHA-256 ${sha256(file)}]`,
    ]);
    assert.ok(calls[0]?.answer?.endsWith(`\n\n[9000 bytes, SHA-256 ${sha256(answer)}]`));
  });

  it('keeps no text that Postgres would refuse', async () => {
    const { url } = await server((_, response) => response.end(Buffer.from('a\0b\xFF')));
    const { context, calls } = watched();
    await callProvider(requestTo(url, { body: '\uD800\0' }), context);
    assert.match(calls[0]?.request ?? '', /\n\n\uFFFD\uFFFD$/);
    assert.match(calls[0]?.answer ?? '', /\n\n\[\d bytes, SHA-256 [0-9a-f]{64}\]$/);
  });

  it('tells the limiter what the answer says, and at 429 how long everybody waits', async () => {
    const resetAt = new Date('2026-11-30T12:00:09Z');
    const notice = { kind: 'headers', limit: 300, remaining: 7, resetAt } as const;
    const readLimit = (headers: Headers): LimitNotice | null =>
      headers.has('x-limit') ? notice : null;
    for (const [status, headers, expected] of [
      [200, { 'x-limit': '7' }, [notice]],
      [200, {}, []],
      [429, {}, [{ kind: 'exceeded', retryAfterMs: null }]],
      [429, { 'x-limit': '7' }, [{ kind: 'exceeded', retryAfterMs: 9000 }]],
      [429, { 'x-limit': '7', 'retry-after': '3' }, [{ kind: 'exceeded', retryAfterMs: 3000 }]],
    ] as const) {
      const { url } = await server((_, response) => response.writeHead(status, headers).end());
      const { context, told } = watched();
      await callProvider(requestTo(url, { readLimit }), context);
      assert.deepEqual(told, expected, `${status} ${JSON.stringify(headers)}`);
    }
  });
});
