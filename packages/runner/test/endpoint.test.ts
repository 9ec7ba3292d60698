/** Where the webhooks of an account come in: over HTTP, signed as its provider signs. */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { applyCampaign, ensureOrganization, makeConnection } from '@postrider/core';
import { definition, freshMachine, type Machine } from '../../../test/support/machine.ts';
import { projectHome } from '../../../test/support/project-home.ts';
import { secret as known } from '../../../test/support/secrets.ts';
import { openProject } from '../src/config/project.ts';
import { startHttp, type RunningHttp } from '../src/http/server.ts';
import { makePipeline, quietLogger } from '../src/run/pipeline.ts';

const secret = known('of this test alone');

describe('the endpoint of a connection', () => {
  let home: ReturnType<typeof projectHome>;
  let machine: Machine;
  let http: RunningHttp;
  let endpoint: string;
  let organizationId: string;
  const logged: string[] = [];

  before(async () => {
    home = projectHome();
    machine = await freshMachine();
    const { sql } = machine;
    const project = await openProject({
      POSTRIDER_HOME: home.path,
      LOB_KEY: known('live_of_this_test'),
      LOB_WEBHOOK: secret,
    });
    organizationId = await ensureOrganization(sql, 'Flour & Field Bakery');
    const { endpointId } = await makeConnection(sql, {
      organizationId,
      connectionId: randomUUID(),
      name: 'lob-main',
      provider: 'lob',
      mode: 'live',
      options: {},
      secrets: [
        { purpose: 'api_key', reference: 'env:LOB_KEY' },
        { purpose: 'webhook', reference: 'env:LOB_WEBHOOK' },
      ],
      finding: null,
    });
    await applyCampaign(
      sql,
      organizationId,
      definition({
        printer_name: null,
        integrations: {
          printer: { connection: 'lob-main' },
          renderer: { kind: 'noop' },
          image_host: { kind: 'noop' },
        },
      }),
    );
    const logger = quietLogger({ detail: (line) => void logged.push(line) });
    http = await startHttp({
      host: '127.0.0.1',
      port: 0,
      sql,
      pipeline: makePipeline(project, sql, logger),
      logger,
      isReady: () => true,
    });
    endpoint = `${http.url}/webhooks/lob-main/${endpointId}`;
  });
  after(async () => {
    await http.close();
    await machine[Symbol.asyncDispose]();
    home.remove();
  });

  const post = async (url: string, body: string | Buffer, signedWith = secret) => {
    const timestamp = String(Date.now());
    const signature = createHmac('sha256', signedWith)
      .update(`${timestamp}.`)
      .update(body)
      .digest('hex');
    const headers = { 'lob-signature': signature, 'lob-signature-timestamp': timestamp };
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    return { status: response.status, told: await response.text() };
  };
  const kept = async (): Promise<number> =>
    (await machine.sql`select from postrider.provider_event`).length;
  const counted = async (status: number): Promise<number> => {
    const text = await (await fetch(`${http.url}/metrics`)).text();
    const line = new RegExp(
      `^postrider_webhook_requests_total\\{status="${status}"\\} (\\d+)$`,
      'm',
    );
    return Number(line.exec(text)?.[1]);
  };

  it('keeps what is signed, byte by byte, and answers a repeat and a replay alike', async () => {
    const body = Buffer.from([123, 255, 0, 13, 10, 125]);
    assert.deepEqual(await post(endpoint, body), { status: 200, told: '{"status":"stored"}' });
    const repeated = { status: 200, told: '{"status":"repeated"}' };
    assert.deepEqual(await post(endpoint, body), repeated);
    assert.deepEqual(await post(endpoint, body), repeated);
    const [row] = await machine.sql<{ body: Buffer }[]>`select body from postrider.provider_event`;
    assert.deepEqual(row?.body, body);
    assert.equal(await kept(), 1);
  });

  it('refuses what somebody else signed with 401, counts it, and keeps nothing of it', async () => {
    const before = [await kept(), await counted(401)];
    const { status, told } = await post(endpoint, '{}', 'of somebody else');
    assert.equal(status, 401);
    assert.match(told, /fits none of our secrets/);
    assert.deepEqual([await kept(), await counted(401)], [before[0], Number(before[1]) + 1]);
    assert.match(logged.join('\n'), /a webhook was refused .*"printer":"lob-main"/);
    // What nobody may guess, and what signs, stand in no log.
    assert.doesNotMatch(logged.join('\n'), new RegExp(`${secret}|${endpoint.slice(-36)}`));
  });

  it('answers an endpoint that is not there, a wrong name and the address of a local printer alike', async () => {
    const before = await kept();
    const answers = [];
    for (const path of [
      `lob-main/${randomUUID()}`,
      `another/${endpoint.slice(-36)}`,
      `${organizationId}/lob-main`,
      `lob-main/${'0'.repeat(400)}`,
    ])
      answers.push(await post(`${http.url}/webhooks/${path}`, '{}'));
    assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
    assert.equal(answers[0]?.status, 404);
    assert.equal(await kept(), before);
  });

  it('reads nothing that is too large', async () => {
    const before = await kept();
    assert.equal((await post(endpoint, Buffer.alloc(1024 * 1024 + 1))).status, 413);
    assert.equal(await kept(), before);
  });
});
