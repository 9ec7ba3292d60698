/**
 * A storm of requests of every kind, and what the runner still holds after it. Measured in the
 * process itself, after garbage collection: the resident memory of a process tells what was needed
 * at once some time, and is hardly ever given back.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect as dial } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshMachine } from '../../../test/support/machine.ts';
import { cli, projectHome, shortBakery, startRunner } from './cli.ts';

const ROUNDS = 5;
const REQUESTS = 20_000;
const AT_ONCE = 32;
/** Between the first round and the last: 50 bytes for each request in between would be 4 MB. */
const MOST_GROWTH = 4 * 2 ** 20;
const key = Buffer.alloc(32, 7);
const LARGE = Buffer.alloc(1024 * 1024 + 1, 120);

interface Memory {
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
}

/** The process's own word, after it has collected its garbage. */
async function inspected(address: string): Promise<{ memory(): Promise<Memory>; close(): void }> {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  let asked = 0;
  const ask = async (method: string, params: object = {}): Promise<unknown> => {
    const id = (asked += 1);
    const answer = new Promise<unknown>((resolve) => {
      const hear = ({ data }: MessageEvent): void => {
        const message = JSON.parse(String(data)) as { id?: number; result?: unknown };
        if (message.id !== id) return;
        socket.removeEventListener('message', hear);
        resolve(message.result);
      };
      socket.addEventListener('message', hear);
    });
    socket.send(JSON.stringify({ id, method, params }));
    return await answer;
  };
  return {
    memory: async () => {
      // Twice: what finalizers let go of in the first goes in the second.
      await ask('HeapProfiler.collectGarbage');
      await ask('HeapProfiler.collectGarbage');
      const told = await ask('Runtime.evaluate', {
        expression: 'process.memoryUsage()',
        returnByValue: true,
      });
      return (told as { result: { value: Memory } }).result.value;
    },
    close: () => socket.close(),
  };
}

void test('a runner holds no more after 100,000 requests of every kind than after the first 20,000', async (context) => {
  await using machine = await freshMachine();
  const home = projectHome();
  const secrets = {
    PRINT_SHOP_TOKEN: 'token',
    PRINT_SHOP_WEBHOOK_SECRET: `whsec_${key.toString('base64')}`,
    PRINT_SHOP_URL: 'http://127.0.0.1:9',
  };
  const place = { url: machine.url, home: home.path, env: secrets };
  const applied = await cli(place, [
    'campaign',
    'apply',
    join(shortBakery(home.path, 80), 'campaign.yaml'),
    '--no-check',
    '--json',
  ]);
  assert.equal(applied.code, 0, applied.stderr);
  const runner = await startRunner({
    ...place,
    env: { ...secrets, NODE_OPTIONS: '--inspect=127.0.0.1:0' },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  try {
    const inspector = await inspected(await runner.inspector());
    const { hostname: host, port } = new URL(runner.url);
    const webhooks = `/webhooks/${String(applied.json()[0]?.['organizationId'])}/print-shop`;

    const told = async (options: RequestOptions, body?: Buffer | string): Promise<number> => {
      const sent = request({ host, port, agent, ...options });
      const answer = once(sent, 'response') as Promise<[IncomingMessage]>;
      sent.end(body);
      try {
        const [response] = await answer;
        response.resume();
        await once(response, 'end');
        return response.statusCode ?? 0;
      } catch (error) {
        // The runner has closed a connection that rested, just when it was taken again: nothing was
        // sent.
        if (sent.reusedSocket) return await told(options, body);
        throw error;
      }
    };
    const webhook = async (
      id: string,
      body: string,
      { over = {}, path = webhooks }: { over?: Record<string, string>; path?: string } = {},
    ): Promise<number> => {
      const seconds = String(Math.floor(Date.now() / 1000));
      const signature = createHmac('sha256', key)
        .update(`${id}.${seconds}.${body}`)
        .digest('base64');
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': seconds,
        'webhook-signature': `v1,${signature}`,
        ...over,
      };
      return await told({ method: 'POST', path, headers }, body);
    };
    const event = (n: number): string =>
      JSON.stringify({
        type: 'piece.events',
        data: {
          events: [
            {
              eventId: `e${n}`,
              pieceId: `p${n}`,
              status: 'in_transit',
              confidence: 'scan',
              occurredAt: '2026-01-02T03:04:05Z',
            },
          ],
        },
      });
    /** Says this, and hangs up: at once, or when it was answered. */
    const raw = async (text: string, isAborted: boolean): Promise<0> => {
      const socket = dial(Number(port), host);
      socket.on('error', () => undefined);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      await new Promise((resolve) => socket.write(text, resolve));
      if (isAborted) socket.destroy();
      else socket.resume();
      await closed;
      return 0;
    };
    const get = async (path: string): Promise<number> => await told({ method: 'GET', path });
    // Of 100 requests so many of each kind, and what is answered; 0: the connection ends.
    const kinds: readonly (readonly [
      share: number,
      status: number,
      send: (n: number) => Promise<number>,
    ])[] = [
      [12, 200, async (n) => await webhook(`wh_${n}`, event(n))],
      [10, 200, async (n) => await webhook('wh_again', event(n))],
      [2, 200, async (n) => await webhook(`bad_${n}`, `{"type": ${n}`)],
      [
        20,
        401,
        async (n) =>
          await webhook(`wh_${n}`, event(n), {
            over: { 'webhook-signature': `v1,${Buffer.alloc(32, n).toString('base64')}` },
          }),
      ],
      [
        10,
        404,
        async (n) =>
          await webhook(`wh_${n}`, event(n), {
            path: `/webhooks/00000000-0000-7000-8000-${String(n).padStart(12, '0')}/press`,
          }),
      ],
      [16, 404, async (n) => await get(`/nothing/${n}`)],
      [1, 413, async () => await told({ method: 'POST', path: webhooks }, LARGE)],
      [
        10,
        0,
        async () =>
          await raw(
            `POST ${webhooks} HTTP/1.1\r\nhost: x\r\ncontent-length: ` +
              `90000\r\n\r\n${'x'.repeat(9000)}`,
            true,
          ),
      ],
      [5, 0, async (n) => await raw(`NONSENSE ${n}\r\n\r\n`, false)],
      [2, 200, async () => await get('/metrics')],
      [4, 200, async () => await get('/ready')],
      [8, 200, async () => await get('/health')],
    ];
    const plan = kinds.flatMap(([share, status, send]) =>
      Array.from({ length: share }, () => ({ status, send })),
    );
    assert.equal(plan.length, 100);

    const seen: Memory[] = [];
    let n = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      const worker = async (): Promise<void> => {
        while (n < round * REQUESTS) {
          const one = plan[(n += 1) % plan.length];
          if (one !== undefined) assert.equal(await one.send(n), one.status);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      // What was taken in is worked off.
      for (let left = 1; left > 0; await sleep(200)) {
        const [waits] = await machine.sql<{ many: number }[]>`
          select count(*)::int as many
          from postrider.waiting_webhook`;
        left = waits?.many ?? 0;
      }
      const memory = await inspector.memory();
      seen.push(memory);
      const mb = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
      context.diagnostic(
        `${n} requests: heap ${mb(memory.heapUsed)} MB, ` +
          `external ${mb(memory.external)} MB, resident ${mb(memory.rss)} MB`,
      );
    }
    inspector.close();
    const held = ({ heapUsed, external }: Memory): number => heapUsed + external;
    const [first, last] = [seen[0], seen.at(-1)];
    assert.ok(first && last);
    assert.ok(
      held(last) - held(first) < MOST_GROWTH,
      seen.map((memory) => JSON.stringify(memory)).join('\n'),
    );
  } finally {
    agent.destroy();
    await runner.stop();
    home.remove();
  }
});
