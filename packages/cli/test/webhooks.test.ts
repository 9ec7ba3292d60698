/** Events on their way to a system of one's own: listed, told anew, tried, switched on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { claimEffects, settleEffects } from '../../core/src/machine/effects.ts';
import { blocksOf } from '../../../test/support/blocks.ts';
import { sent } from '../../../test/sql/rig.ts';
import { launched, people, type Place } from '../../../test/support/machine.ts';
import { cli } from './cli.ts';
import { ownPlace } from './places.ts';

describe('webhooks from the command line', () => {
  const at = ownPlace();
  const ids: string[] = [];
  let status = 204;
  const endpoint = createServer((request, response) => {
    ids.push(String(request.headers['webhook-id']));
    response.writeHead(status).end();
  });
  let spring: Place;

  before(async () => {
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    const [made = ''] = blocksOf('docs/how-to/webhooks-to-your-own-system.md', 'bash');
    execFileSync('bash', ['-ec', made], { cwd: at.place.home });
    const networks = join(at.place.home, 'var', 'secrets', 'WEBHOOK_PRIVATE_NETWORKS');
    writeFileSync(networks, '127.0.0.1', { mode: 0o600 });
    const { sql } = at.machine;
    const { port } = endpoint.address() as AddressInfo;
    spring = await launched(sql, {
      effects: ['event_sink'],
      integrations: {
        printer: { kind: 'noop' },
        event_sink: { kind: 'webhook', url: `http://127.0.0.1:${port}/` },
      },
    });
    await sent(sql, spring, people(2));
    const none = await launched(sql, { name: 'autumn' });
    assert.ok(none);
  });
  after(() => endpoint.close());

  const settled = async (outcome: 'failed' | 'refused'): Promise<void> => {
    const { sql } = at.machine;
    const wanted = { ...spring, kind: 'event_sink', limit: 10, leaseMs: 60_000 } as const;
    const results = (await claimEffects(sql, wanted)).map((event) => ({
      ...event,
      outcome,
      message: 'the endpoint answers 410',
    }));
    await settleEffects(sql, spring.organizationId, results);
  };

  it('sends one signed example, which is of no card', async () => {
    const told = await cli(at.place, ['webhooks', 'test', 'spring']);
    assert.equal(told.code, 0, told.stderr);
    assert.equal(ids.length, 1);
    status = 500;
    const failed = await cli(at.place, ['webhooks', 'test', 'spring']);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /was not taken: The endpoint answers 500/);
    const none = await cli(at.place, ['webhooks', 'test', 'autumn']);
    assert.match(none.stderr, /autumn has no event sink/);
  });

  it('lists events, tells those anew that failed, and switches a sink on again', async () => {
    await settled('failed');
    const failed = await cli(at.place, ['webhooks', '--state', 'failed', '--json']);
    assert.deepEqual(
      failed.json().map((row) => [row['campaign'], row['status'], row['error']]),
      [
        ['spring', 'sent', 'the endpoint answers 410'],
        ['spring', 'sent', 'the endpoint answers 410'],
      ],
    );
    assert.equal((await cli(at.place, ['webhooks', 'replay', 'spring'])).code, 2);
    assert.equal((await cli(at.place, ['webhooks', '--piece', 'x'])).code, 2);
    const again = await cli(at.place, ['webhooks', 'replay', 'spring', '--failed', '--yes']);
    assert.match(again.stdout, /2 events are told anew/);
    await settled('refused');
    assert.match((await cli(at.place, ['alarms'])).stdout, /postrider webhooks on spring/);
    assert.equal((await cli(at.place, ['webhooks', '--state', 'off', '--json'])).json().length, 2);
    const on = await cli(at.place, ['webhooks', 'on', 'spring']);
    assert.match(on.stdout, /its event sink is on again; 2 events are due/);
    const twice = await cli(at.place, ['webhooks', 'on', 'spring']);
    assert.equal(twice.code, 1);
    assert.match(twice.stderr, /no event sink of this campaign is switched off/);
  });
});
