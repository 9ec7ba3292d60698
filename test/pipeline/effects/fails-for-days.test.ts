/**
 * An endpoint that is down for days: nothing is lost, it is seen, and when it answers again each
 * event comes once.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createWebhookSink } from '@postrider/adapters/webhook';
import { workEffects } from '../../../packages/core/src/stages/effects/effects.ts';
import { DAY, sent, tellAll, turnClock } from '../../sql/rig.ts';
import { launched, people } from '../../support/machine.ts';
import { alarms } from '../house/failing-work.ts';
import { watched } from '../house/watched.ts';

void test('an endpoint that is down for days loses nothing, is seen, and hears each event once when it is up', async (t) => {
  let status = 503;
  const taken: string[] = [];
  const endpoint = createServer((request, response) => {
    if (status === 204) taken.push(String(request.headers['webhook-id']));
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  t.after(() => endpoint.close());
  const { port } = endpoint.address() as AddressInfo;
  const secrets: Readonly<Record<string, string>> = {
    WEBHOOK_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
    WEBHOOK_PRIVATE_NETWORKS: '127.0.0.1',
  };
  const sink = createWebhookSink(
    { url: `http://127.0.0.1:${port}/`, offAfterDays: 9 },
    { baseDirectory: '/', dataDirectory: '/', secret: (name) => secrets[name] },
  );
  await using at = await watched({
    integrations: { eventSink: async () => await Promise.resolve(sink) },
  });
  const { sql } = at;
  const shop = await launched(sql, { effects: ['event_sink'] });
  const batch = await sent(sql, shop, people(30));
  for (let day = 0; day < 4; day += 1) {
    await workEffects(at.context, shop.organizationId);
    await turnClock(sql, DAY);
  }
  await tellAll(sql, shop, batch, 'delivered');
  await workEffects(at.context, shop.organizationId);
  assert.deepEqual(taken, []);
  const [alarm] = await alarms(sql);
  assert.match(
    alarm?.meaning ?? '',
    /event sink of campaign spring has failed 5 times.*answers 503/,
  );
  status = 204;
  await turnClock(sql, 5 * 60_000);
  for (let round = 0; round < 2; round += 1) await workEffects(at.context, shop.organizationId);
  assert.equal(taken.length, 60, 'at once, and not when the next step of the ladder comes');
  assert.equal(new Set(taken).size, 60);
  assert.deepEqual(await alarms(sql), []);
  const [row] = await sql`select count(*)::int as open from postrider.effect where state <> 'done'`;
  assert.equal(row?.['open'], 0);
  await at.context.callLog.end();
  const [calls] = await sql`
    select count(*) filter (where status = 204)::int as taken,
      count(*) filter (where status = 503) > 0 as refused
    from postrider.provider_calls
    where who = 'event_sink' and connection is null`;
  assert.deepEqual({ ...calls }, { taken: 60, refused: true }, 'each call is kept');
});
