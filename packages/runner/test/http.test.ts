import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as dial, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { WebhookRequest } from '@postrider/core/ports';
import { freshMachine, type Machine } from '../../../test/support/machine.ts';
import { projectHome } from '../../../test/support/project-home.ts';
import { openProject, type Project } from '../src/config/project.ts';
import { startHttp, type HttpOptions, type RunningHttp } from '../src/http/server.ts';
import { makePipeline, quietLogger } from '../src/run/pipeline.ts';

describe('the HTTP of a runner', () => {
  let home: ReturnType<typeof projectHome>;
  let machine: Machine;
  let project: Project;
  const opened: RunningHttp[] = [];
  before(async () => {
    home = projectHome();
    machine = await freshMachine();
    project = await openProject({ POSTRIDER_HOME: home.path });
  });
  after(async () => {
    await Promise.all(opened.map(async (http) => await http.close()));
    await machine[Symbol.asyncDispose]();
    home.remove();
  });

  const started = async (
    limits: HttpOptions['limits'],
    pipeline = makePipeline(project, machine.sql, quietLogger({ detail: () => undefined })),
  ): Promise<RunningHttp> => {
    const logger = quietLogger({ detail: () => undefined });
    const http = await startHttp({
      host: '127.0.0.1',
      port: 0,
      sql: machine.sql,
      pipeline,
      logger,
      isReady: () => true,
      limits,
    });
    opened.push(http);
    return http;
  };

  const dialled = async ({
    port,
  }: RunningHttp): Promise<{ socket: Socket; heard(): string; closed: Promise<unknown> }> => {
    const socket = dial(port, '127.0.0.1');
    let heard = '';
    socket.on('error', () => undefined).on('data', (data: Buffer) => (heard += data.toString()));
    // Whatever happens, the test ends.
    const patience = setTimeout(() => socket.destroy(new Error('nobody hung up')), 240_000);
    // Not by once(): who still writes when the other side hangs up has an error before the end, and
    // that is as it should be.
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve())).finally(
      () => clearTimeout(patience),
    );
    await once(socket, 'connect');
    return { socket, heard: () => heard, closed };
  };

  it('waits for no body that comes byte by byte', async () => {
    const http = await started({ requestMs: 500, connections: 10 });
    let answer = '';
    // A byte that crosses the answer on its way breaks the connection, and the answer with it: then
    // it is asked again.
    for (let attempt = 0; attempt < 20 && answer === ''; attempt += 1) {
      const { socket, heard, closed } = await dialled(http);
      socket.write(
        'POST /webhooks/00000000-0000-7000-8000-000000000000/press HTTP/1.1\r\nhost: ' +
          'x\r\ncontent-length: 100000\r\n\r\n',
      );
      const drip = setInterval(() => socket.write('x'), 50);
      await closed
        .catch((error: NodeJS.ErrnoException) =>
          assert.match(error.code ?? error.message, /^(ECONNRESET|EPIPE)$/),
        )
        .finally(() => clearInterval(drip));
      answer = heard();
    }
    assert.match(answer, /^HTTP\/1\.1 408 /);
  });

  it('takes so many connections and no more', async () => {
    const http = await started({ requestMs: 60_000, connections: 2 });
    const held = [await dialled(http), await dialled(http)];
    const third = await dialled(http);
    third.socket.write('GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await third.closed;
    assert.equal(third.heard(), '');
    held[0]?.socket.write('GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await held[0]?.closed;
    assert.match(held[0]?.heard() ?? '', /^HTTP\/1\.1 200 /);
    held[1]?.socket.destroy();
  });

  it('hands a webhook over as it came: address with its query, headers, raw bytes', async () => {
    const pipeline = makePipeline(project, machine.sql, quietLogger({ detail: () => undefined }));
    const given: unknown[] = [];
    pipeline.receiveWebhook = async (...all) => {
      given.push(...all);
      return await Promise.resolve({ outcome: 'stored' });
    };
    const http = await started({ requestMs: 60_000, connections: 10 }, pipeline);
    const url = `${http.url}/webhooks/org/press?token=a%20b`;
    const body = Buffer.from([0, 255, 13, 10]);
    const { status } = await fetch(url, { method: 'POST', headers: { 'X-Signature': 's' }, body });
    assert.equal(status, 200);
    const [organizationId, printer, request] = given as [string, string, WebhookRequest];
    assert.deepEqual([organizationId, printer, request.url], ['org', 'press', url]);
    assert.equal(request.headers['x-signature'], 's');
    assert.deepEqual(Buffer.from(request.body), body);
  });

  it('holds so many bytes of webhooks at a time and no more, and goes on taking small ones', async () => {
    const pipeline = makePipeline(project, machine.sql, quietLogger({ detail: () => undefined }));
    const sizes: number[] = [];
    pipeline.receiveWebhook = async (_whose, _which, { body }) => {
      sizes.push(body.length);
      return await Promise.resolve({ outcome: 'stored' });
    };
    const limits = { requestMs: 60_000, connections: 100, heldBytes: 815_000 };
    const http = await started(limits, pipeline);
    const sending = async (bytes: number, of: number) => {
      const one = await dialled(http);
      one.socket.write(
        `POST /webhooks/org/press HTTP/1.1\r\nhost: x\r\ncontent-length: ${of}\r\n\r\n`,
      );
      one.socket.write('x'.repeat(bytes));
      return one;
    };
    const post = async (bytes: number) =>
      await fetch(`${http.url}/webhooks/org/press`, { method: 'POST', body: 'x'.repeat(bytes) });
    const held = [await sending(400_000, 500_000), await sending(400_000, 500_000)];
    // Nobody says when what was sent is read.
    let refused = await post(40_000);
    await eventually(async () => (refused = await post(40_000)).status === 503);
    assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d?$/);
    const before = sizes.length;
    assert.equal((await post(30_000)).status, 200);
    assert.deepEqual(sizes.slice(before), [30_000]);
    // What is broken off holds nothing any more, what was begun goes on, and holds until its end.
    const [begun, broken] = held;
    broken?.socket.destroy();
    await eventually(async () => (await post(300_000)).status === 200);
    begun?.socket.write('x'.repeat(100_000));
    await eventually(async () => begun?.heard().startsWith('HTTP/1.1 200 ') === true);
    begun?.socket.destroy();
    assert.equal((await post(750_000)).status, 200);
  });
});

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) assert.fail(`still not so: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
