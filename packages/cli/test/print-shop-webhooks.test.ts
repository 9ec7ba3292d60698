/** Several runners and the project's own print shop: it reports to one that lives. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureOrganization } from '@postrider/core';
import { openProject } from '@postrider/runner/project';
import { startPrintShop } from '@postrider/twins/print-shop';
import { until } from '../../../test/pipeline/rig.ts';
import { freshMachine } from '../../../test/support/machine.ts';
import { notePrintShop, TOKEN } from '../src/print-shop/own-shop.ts';
import { reportToRunner } from '../src/print-shop/webhooks.ts';
import { projectHome } from './cli.ts';

const LOOK_MS = 20;
const token = 'a token of the tests';
const logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
const address = {
  line1: '12 Main Street',
  line2: null,
  city: 'Springfield',
  region: 'IL',
  postalCode: '62701',
  country: 'US',
};

/**
 * A project with a shop of its own and a printer there; `runner` is what a runner is to the shop:
 * it listens, and says where.
 */
async function aProject(t: TestContext) {
  const home = projectHome();
  t.after(() => home.remove());
  const machine = await freshMachine();
  t.after(async () => await machine[Symbol.asyncDispose]());
  const { sql } = machine;
  const organization = await ensureOrganization(sql, 'Bakery');
  const addPrinter = async (name: string): Promise<void> =>
    void (await sql`
      insert into postrider.printer (organization_id, name, kind)
      values (${organization}, ${name}, 'print-shop')`);
  await addPrinter('press');
  const project = await openProject({ POSTRIDER_HOME: home.path, [TOKEN]: token });
  const shop = await startPrintShop({
    folder: join(home.path, 'shop'),
    token,
    log: () => undefined,
    acceptNoopArtwork: true,
    webhookSecret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  });
  t.after(async () => await shop.stop());
  notePrintShop(project, {
    url: shop.url,
    pid: process.pid,
    ledger: shop.ledger,
    folder: null,
    daysPerSecond: null,
  });
  const ask = async (path: string, body?: object): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(
      shop.url + path,
      body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) },
    );
    assert.equal(answer.status, 200);
    return answer;
  };
  return {
    addPrinter,
    /** Where the shop sends what happens there. */
    reportsTo: async () =>
      ((await (await ask('/v1/webhook')).json()) as { organizations: Record<string, string> })
        .organizations[organization],
    /** Something happens that is reported. */
    order: async () => {
      const reference = {
        organizationId: organization,
        campaignId: randomUUID(),
        recipientId: randomUUID(),
        mailpieceId: randomUUID(),
      };
      const side = { url: 'noop:', page: 1 };
      const card = {
        mode: 'live',
        format: '4x6',
        mailClass: 'first_class',
        to: { name: 'Ada', address },
        from: null,
      };
      await ask('/v1/pieces', {
        pieces: [
          {
            ...card,
            reference,
            idempotencyKey: randomUUID(),
            artwork: { front: side, back: side },
          },
        ],
      });
    },
    async runner() {
      const heard: (string | undefined)[] = [];
      const server = createServer((request, response) => {
        heard.push(request.url);
        request.resume().once('end', () => response.writeHead(200).end());
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const end = await reportToRunner({ project, sql, url: root, logger }, LOOK_MS);
      const die = (): void => {
        end();
        server.closeAllConnections();
        server.close();
      };
      t.after(die);
      return { heard, webhooks: `${root}/webhooks/${organization}/press`, die };
    },
  };
}

void test('when the runner dies that the shop reports to, another one hears what happens', async (t) => {
  const { runner, order, reportsTo } = await aProject(t);
  const first = await runner();
  const second = await runner();
  assert.equal(await reportsTo(), second.webhooks, 'the runner that came last is told');
  await order();
  await until(() => second.heard.length > 0);
  // Both live: neither takes it from the other, look as they may.
  await sleep(10 * LOOK_MS);
  assert.equal(await reportsTo(), second.webhooks);

  second.die();
  await order();
  await until(() => first.heard.length > 0);
  assert.equal(await reportsTo(), first.webhooks);
});

void test('an organization that gets a second printer at the shop is polled from then on: its webhooks would name one of the two', async (t) => {
  const { runner, addPrinter, reportsTo } = await aProject(t);
  const { webhooks } = await runner();
  assert.equal(await reportsTo(), webhooks);
  await addPrinter('second');
  await until(async () => (await reportsTo()) === undefined);
});
