/** Webhooks to a system of one's own: what is posted, how it is signed, and when it comes again. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { contractContext, describeEffectsContract, exampleEffect } from '@postrider/core/contract';
import {
  AdapterConfigError,
  type CallContext,
  type EffectResult,
  type EventSink,
} from '@postrider/core/ports';
import { Webhook } from 'standardwebhooks';
import { loader } from '../../../../../test/support/loader.ts';
import { server, type SeenRequest } from '../../../test/answering.ts';
import { wiringAt } from '../../../test/helpers.ts';
import { parseWebhookSecrets, verifyStandardWebhook } from '../../kit/webhooks.ts';
import { refusingUrl } from '../../kit/test/sockets.ts';
import { createWebhookSink } from '../index.ts';

function key(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
const [oldKey, newKey] = [key(), key()];
const HOUR = 3_600_000;
function OK(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204).end();
}

function sinkAt(
  url: string,
  options: object = {},
  secrets: Readonly<Record<string, string>> = {},
): EventSink {
  return createWebhookSink(
    { url, ...options },
    wiringAt('/', {
      WEBHOOK_SECRET: newKey,
      WEBHOOK_PRIVATE_NETWORKS: '127.0.0.1',
      ...secrets,
    }),
  );
}
function now(): CallContext {
  return { ...contractContext(), now: () => new Date() };
}
function waits(results: readonly EffectResult[]): (number | string)[] {
  return results.map((result) => (result.outcome === 'retry' ? result.afterMs : result.outcome));
}
function read(request: SeenRequest, secret: string): unknown {
  return new Webhook(secret).verify(request.bytes, request.headers as Record<string, string>);
}

describeEffectsContract('webhook', async () => {
  const ids = new Set<string>();
  const { url } = await server((request, response) => {
    // As the specification asks of receivers: a webhook that is sent again counts once.
    ids.add(String(request.headers['webhook-id']));
    OK(request, response);
  });
  const sink = sinkAt(url);
  return {
    write: async (items, context) => await sink.emit(items, context),
    counted: async () => await Promise.resolve([...ids]),
    restarted: async () =>
      await Promise.resolve(async (items, context) => await sinkAt(url).emit(items, context)),
    close: async () => undefined,
  };
});

describe('Webhooks', () => {
  it('post one event each, which the official library takes for genuine', async () => {
    const { url, seen } = await server(OK);
    const item = exampleEffect({ key: 'm:delivered', status: 'delivered' });
    const results = await sinkAt(`${url}/hooks?team=1`).emit([item], now());
    assert.deepEqual(results, [{ outcome: 'done' }]);
    const [request] = seen;
    assert.ok(request);
    assert.deepEqual(
      [request.method, request.url, request.headers['content-type'], request.headers['webhook-id']],
      ['POST', '/hooks?team=1', 'application/json', 'm:delivered'],
    );
    assert.deepEqual(read(request, newKey), {
      type: 'mailpiece.delivered',
      timestamp: '2026-11-24T12:00:00.000Z',
      data: {
        mailpieceId: 'm',
        status: 'delivered',
        isBackfill: false,
        mode: 'live',
        organization: { id: 'o', name: 'Bakery' },
        campaign: { id: 'c', name: 'spring' },
        recipient: { id: 'r', externalId: 'p1' },
        format: '4x6',
        mailClass: 'first_class',
        tracking: item.tracking,
      },
    });
    assert.throws(() => read(request, oldKey), /No matching signature/);
    const keys = parseWebhookSecrets(newKey);
    assert.ok(keys);
    const headers = request.headers as Record<string, string>;
    assert.equal(verifyStandardWebhook(keys, headers, request.bytes, new Date()).valid, true);
  });

  it('are signed with the old and the new secret while one is being replaced, and without a restart', async () => {
    const { url, seen } = await server(OK);
    const secrets = { WEBHOOK_SECRET: oldKey };
    const sink = createWebhookSink(
      { url },
      {
        ...wiringAt('/'),
        secret: (name) => ({ WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8', ...secrets })[name],
      },
    );
    await sink.emit([exampleEffect()], now());
    secrets.WEBHOOK_SECRET = `${newKey} ${oldKey}`;
    await sink.emit([exampleEffect()], now());
    const [first, second] = seen;
    assert.ok(first && second);
    read(first, oldKey);
    read(second, oldKey);
    read(second, newKey);
    assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);
    assert.equal(first.body, second.body, 'a repeat is the same, byte by byte');
  });

  it('come again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, and then once a day', async () => {
    const { url } = await server((_request, response) => void response.writeHead(500).end());
    const sink = sinkAt(url);
    const ladder: (number | string)[] = [];
    for (let attempt = 1; attempt <= 11; attempt += 1)
      ladder.push(...waits(await sink.emit([exampleEffect({ attempt })], now())));
    const inMs = [5000, 300_000, 1_800_000, 2, 5, 10, 14, 20, 24, 24, 24];
    assert.deepEqual(
      ladder,
      inMs.map((step) => (step < 100 ? step * HOUR : step)),
    );
  });

  it('wait as long as the endpoint asks, all of them, and cost those that were not sent no attempt', async () => {
    const { url, seen } = await server(
      (_request, response) => void response.writeHead(503, { 'retry-after': '7200' }).end(),
    );
    const items = Array.from({ length: 20 }, (_, n) => exampleEffect({ key: `m${n}:sent` }));
    const results = await sinkAt(url, { concurrency: 2 }).emit(items, now());
    assert.deepEqual([...new Set(waits(results))], [2 * HOUR]);
    assert.ok(seen.length <= 4, `${seen.length} requests`);
    assert.equal(
      results.filter((result) => result.outcome === 'retry' && result.untried !== true).length,
      seen.length,
    );
  });

  it('end at 410, for all that wait', async () => {
    const { url, seen } = await server((_request, response) => void response.writeHead(410).end());
    const items = Array.from({ length: 9 }, (_, n) => exampleEffect({ key: `m${n}:sent` }));
    const results = await sinkAt(url, { concurrency: 1 }).emit(items, now());
    assert.deepEqual([...new Set(waits(results))], ['refused']);
    assert.equal(seen.length, 1);
  });

  it('do not follow a redirect', async () => {
    const other = await server(OK);
    const { url } = await server(
      (_request, response) => void response.writeHead(307, { location: other.url }).end(),
    );
    const [result] = await sinkAt(url).emit([exampleEffect()], now());
    assert.match(result?.outcome === 'retry' ? result.message : '', /307, a redirect/);
    assert.equal(other.seen.length, 0);
  });

  it('are not all sent to an endpoint that says nothing', async () => {
    const { url, seen } = await server(() => undefined);
    const items = Array.from({ length: 30 }, (_, n) => exampleEffect({ key: `m${n}:sent` }));
    const sink = sinkAt(url, { timeoutMs: 200, concurrency: 2 });
    const results = await sink.emit(items, now());
    assert.ok(seen.length <= 5, `${seen.length} requests`);
    assert.ok(results.every(({ outcome }) => outcome === 'retry'));
    const closed = await sinkAt(await refusingUrl()).emit([exampleEffect()], now());
    assert.match(JSON.stringify(closed), /cannot be reached.*nothing was sent/);
  });

  it('go past a proxy of the environment, and say so where they do not get through', async () => {
    const [endpoint, proxy] = [await server(OK), await server(OK)];
    // A process of its own, and no test: its proxy is read when it starts.
    const { NODE_TEST_CONTEXT: _test, ...inherited } = process.env;
    const told = async (url: string): Promise<string> => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [...loader, fileURLToPath(new URL('told-by-one.ts', import.meta.url)), url, newKey],
        {
          env: {
            ...inherited,
            NODE_USE_ENV_PROXY: '1',
            HTTP_PROXY: proxy.url,
            http_proxy: proxy.url,
            NO_PROXY: '',
            no_proxy: '',
          },
        },
      );
      return stdout;
    };
    assert.match(await told(endpoint.url), /^\[\{"outcome":"done"\}\]\n/);
    assert.match(
      await told(await refusingUrl()),
      /cannot be reached \(ECONNREFUSED\); nothing was sent. Webhooks go past the proxy/,
    );
    assert.deepEqual([endpoint.seen.length, proxy.seen.length], [1, 0]);
  });

  it('are sent side by side, and no more of them than told', async () => {
    let [open, most] = [0, 0];
    const { url } = await server((request, response) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        OK(request, response);
      }, 20);
    });
    const items = Array.from({ length: 40 }, (_, n) => exampleEffect({ key: `m${n}:sent` }));
    const results = await sinkAt(url, { concurrency: 5 }).emit(items, now());
    assert.deepEqual(new Set(waits(results)), new Set(['done']));
    assert.equal(most, 5);
  });

  it('leave no name of the person, and no key, in what is recorded of the call', async () => {
    const { url } = await server(OK);
    const kept: unknown[] = [];
    await sinkAt(`${url}?k=an0paqueword`).emit([exampleEffect()], {
      ...now(),
      calls: { record: (call) => void kept.push(call) },
    });
    assert.equal(kept.length, 1);
    assert.ok(!JSON.stringify(kept).includes(newKey.slice(6, 30)));
    assert.ok(!JSON.stringify(kept).includes('an0paqueword'), 'some endpoints take it for a key');
  });

  it('have a secret that can be used, and a URL without credentials', () => {
    const made = (options: object, secrets: Readonly<Record<string, string>>): void =>
      void createWebhookSink(options, wiringAt('/', secrets));
    const url = 'https://example.com/hooks';
    assert.throws(() => made({ url }, {}), AdapterConfigError);
    assert.throws(() => made({ url }, { WEBHOOK_SECRET: 'whsec_c2hvcnQ=' }), /24 to 64 bytes/);
    assert.throws(
      () => made({ url: 'https://ada:pw@example.com/' }, { WEBHOOK_SECRET: newKey }),
      /no user name or password/,
    );
    assert.throws(
      () => made({ url }, { WEBHOOK_SECRET: newKey, WEBHOOK_PRIVATE_NETWORKS: '10.0.0.0/99' }),
      /no list of networks/,
    );
  });
});
