import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freshMachine, type Machine } from '../../../test/support/machine.ts';
import {
  cli,
  projectHome,
  shortBakery,
  startCli,
  startRunner,
  ended,
  type CliPlace,
  type Runner,
} from './cli.ts';

const key = Buffer.alloc(32, 7);

describe('postrider run', () => {
  let home: ReturnType<typeof projectHome>;
  let machine: Machine;
  let place: CliPlace;
  let runner: Runner;
  let webhooks: string;
  before(async () => {
    home = projectHome();
    machine = await freshMachine();
    place = {
      url: machine.url,
      home: home.path,
      env: {
        PRINT_SHOP_TOKEN: 'token',
        PRINT_SHOP_WEBHOOK_SECRET: `whsec_${key.toString('base64')}`,
        PRINT_SHOP_URL: 'http://127.0.0.1:9',
      },
    };
    const applied = await cli(place, [
      'campaign',
      'apply',
      join(shortBakery(home.path, 80), 'campaign.yaml'),
      '--no-check',
      '--json',
    ]);
    assert.equal(applied.code, 0, applied.stderr);
    runner = await startRunner(place);
    webhooks = `${runner.url}/webhooks/${String(applied.json()[0]?.['organizationId'])}/print-shop`;
  });
  after(async () => {
    runner.child.kill('SIGKILL');
    await machine[Symbol.asyncDispose]();
    home.remove();
  });
  const signed = (body: string, id = `wh_${randomUUID()}`): Record<string, string> => {
    const seconds = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
    return {
      'webhook-id': id,
      'webhook-timestamp': seconds,
      'webhook-signature': `v1,${signature}`,
      'content-type': 'application/json',
    };
  };
  const post = async (
    url: string,
    body: string,
    headers: Record<string, string>,
  ): Promise<number> => (await fetch(url, { method: 'POST', body, headers })).status;
  const event = JSON.stringify({
    type: 'piece.events',
    data: {
      events: [
        {
          eventId: 'e1',
          pieceId: 'p1',
          status: 'in_transit',
          confidence: 'scan',
          occurredAt: '2026-01-02T03:04:05Z',
        },
      ],
    },
  });

  it('says that it is well and ready, and what watches it', async () => {
    assert.equal((await fetch(`${runner.url}/health`)).status, 200);
    assert.equal((await fetch(`${runner.url}/ready`)).status, 200);
    const metrics = await (await fetch(`${runner.url}/metrics`)).text();
    assert.match(
      metrics,
      /^postrider_recipients\{organization="Flour & Field Bakery",campaign="bakery-welcome",state="pending"\} 0$/m,
    );
    assert.match(metrics, /^# TYPE postrider_alarms gauge$/m);
    for (const line of metrics.trim().split('\n'))
      assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{.+\})? [\d.e+-]+)$/);
    assert.equal((await fetch(`${runner.url}/nothing`)).status, 404);
  });

  it('takes a signed webhook, and again', async () => {
    const headers = signed(event);
    assert.equal(await post(webhooks, event, headers), 200);
    assert.equal(await post(webhooks, event, headers), 200);
    assert.equal((await machine.sql`select from postrider.provider_event`).length, 1);
    const [stored] = await machine.sql`select body from postrider.provider_event`;
    assert.equal(
      Buffer.from(stored?.['body'] as Uint8Array).toString(),
      event,
      'the raw bytes are kept',
    );
  });

  it('refuses a forged webhook, an oversized one and an unknown printer, and stores nothing of them', async () => {
    const before = (await machine.sql`select from postrider.provider_event`).length;
    assert.equal(await post(webhooks, `${event} `, signed(event)), 401);
    assert.equal(await post(webhooks, event, {}), 401);
    const large = JSON.stringify({ type: 'x', pad: 'x'.repeat(1024 * 1024) });
    assert.equal(await post(webhooks, large, signed(large)), 413);
    const stream = new ReadableStream({
      start(controller) {
        for (let part = 0; part < 20; part += 1) controller.enqueue(new Uint8Array(100_000));
        controller.close();
      },
    });
    const unannounced = await fetch(webhooks, {
      method: 'POST',
      body: stream,
      headers: signed(''),
      duplex: 'half',
    } as RequestInit);
    assert.equal(unannounced.status, 413);
    assert.equal(await post(webhooks.replace('print-shop', 'another'), event, signed(event)), 404);
    assert.equal(
      await post(`${runner.url}/webhooks/not-an-organization/print-shop`, event, signed(event)),
      404,
    );
    assert.equal((await machine.sql`select from postrider.provider_event`).length, before);
  });

  it('exits 69 where its port is taken, says which, and how to choose another', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const run = await cli(place, ['run', '--port', String(port)]);
    squatter.close();
    assert.equal(run.code, 69, run.stderr);
    assert.match(run.stderr, new RegExp(`port ${port} of 127\\.0\\.0\\.1 is in use\n.*--port 0`));
  });

  it('ends by itself with --once, and lists what waits', async () => {
    const run = await cli(place, ['run', '--once', '--no-http', '--mail-slots', '1', '--json']);
    assert.equal(run.code, 0, run.stderr);
    const [ready, ...waiting] = run.json();
    assert.equal(ready?.['mailSlots'], 1);
    assert.ok(
      waiting.some((row) => row['state'] === 'proofed' && row['why'] === 'the launch'),
      run.stdout,
    );
    assert.ok(waiting.every((row) => row['failing'] === false));
  });

  it('ends with 1 with --once where something failed, and says what it was', async () => {
    await machine.sql`
      update postrider.recipient_state
      set reason = 'retry',
        detail = 'connect ECONNREFUSED 127.0.0.1:1',
        available_at = now() + interval '1 hour'
      where state = 'proofed'`;
    const run = await cli(place, ['run', '--once', '--no-sync', '--no-http']);
    assert.equal(run.code, 1, run.stderr);
    assert.match(run.stdout, /\[connect ECONNREFUSED 127\.0\.0\.1:1\]/);
    assert.match(run.stderr, /something failed, and its cause stands in brackets/);
  });

  it('stops at SIGTERM with 0 and at Ctrl-C with 130, and says what it waits for', async () => {
    const second = await startRunner(place, ['--no-http']);
    const interrupted = await second.stop('SIGINT');
    assert.equal(interrupted.code, 130, interrupted.stderr);
    assert.match(
      interrupted.stderr,
      /stopping: nothing new begins; (nothing is at work|waiting for)/,
    );
    assert.match(interrupted.stderr, /nothing is lost/);
    const ended = await runner.stop('SIGTERM');
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal((await machine.sql`select from postrider.runner`).length, 0, 'it signs off');
  });

  it('ends quietly where nobody reads on', async () => {
    const child = startCli(place, [
      'sql',
      '--csv',
      'select repeat($$x$$, 1000) from generate_series(1, 5000)',
    ]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const run = await ended(child);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(run.stderr, '');
  });

  it('says in one line that stdout cannot be written', async (t) => {
    if (!existsSync('/dev/full')) {
      t.diagnostic('this system has no /dev/full: a full disk was not tried');
      return;
    }
    const full = openSync('/dev/full', 'w');
    try {
      for (const args of [
        ['sql', '--csv', 'select 1'],
        ['campaign', 'list', '--json'],
        ['--help'],
      ]) {
        const child = startCli(place, args, 'ignore', full);
        const run = await ended(child);
        assert.equal(run.code, 73, run.stderr);
        assert.match(run.stderr, /stdout cannot be written/);
        assert.doesNotMatch(run.stderr, /\n +at /);
      }
    } finally {
      closeSync(full);
    }
  });
});
