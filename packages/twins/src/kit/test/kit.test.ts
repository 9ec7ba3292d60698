/** What any twin is made of, without a print shop: see `example-twin.ts`. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { globSync, readFileSync } from 'node:fs';
import { TwinError } from '../errors.ts';
import { startAbacus, type Abacus } from './example-twin.ts';

const key = Buffer.alloc(32, 3);
const secret = `whsec_${key.toString('base64')}`;

interface Told {
  readonly id: string;
  readonly signature: string;
  readonly expected: string;
  readonly body: string;
}

async function ear(t: TestContext): Promise<{ url: string; told: Told[] }> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const {
        'webhook-id': id,
        'webhook-timestamp': at,
        'webhook-signature': by,
      } = request.headers;
      const expected = createHmac('sha256', key).update(`${String(id)}.${String(at)}.${body}`);
      told.push({
        id: String(id),
        signature: String(by),
        expected: `v1,${expected.digest('base64')}`,
        body,
      });
      response.writeHead(told.length === 1 ? 500 : 204).end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'twin-kit-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function add(twin: Abacus, owner: string, count: number, token = 'token'): Promise<Response> {
  return await fetch(`${twin.url}/beads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ owner, count }),
  });
}

test('a twin of the kit keeps what it acknowledged, once it is started again', async (t) => {
  const folder = await folderOf(t);
  const { url: webhook, told } = await ear(t);
  const options = { folder, token: 'token', secret, webhook };
  const first = await startAbacus(options);
  assert.equal((await add(first, 'ada', 3, 'another')).status, 401);
  assert.equal((await add(first, 'ada', 3)).status, 200);
  await assert.rejects(startAbacus(options), /Another abacus \(process \d+\) works in this folder/);
  // The first attempt was answered 500: the same request comes again, under the same id.
  while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  await first.stop();
  assert.deepEqual(
    told.map(({ id, body }) => [id, (JSON.parse(body) as unknown[]).length]),
    [
      ['ada3', 1],
      ['ada3', 1],
    ],
  );
  for (const { signature, expected } of told) assert.equal(signature, expected);

  // Half a line is what a kill leaves.
  await appendFile(join(folder, 'ledger.ndjson'), '{"kind":"be');
  const second = await startAbacus(options);
  t.after(() => second.stop());
  assert.deepEqual(
    second.beads.map(({ owner, count }) => [owner, count]),
    [['ada', 3]],
  );
  const lines = (await readFile(join(folder, 'ledger.ndjson'), 'utf8')).split('\n');
  assert.deepEqual(
    lines.slice(0, -1).map((line) => (JSON.parse(line) as { kind: string }).kind),
    ['bead', 'delivered'],
  );
});

test('a ledger that is damaged in the middle is refused, in the words of the twin', async (t) => {
  const folder = await folderOf(t);
  await appendFile(join(folder, 'ledger.ndjson'), '{"kind":"be\n{}\n');
  await assert.rejects(
    startAbacus({ folder, token: 'token', secret, webhook: 'http://127.0.0.1:9' }),
    (error: unknown) =>
      error instanceof TwinError &&
      error.exitCode === 65 &&
      /start the abacus in an empty folder/.test(error.message),
  );
});

test('bad luck comes before the effect or after it, to whom it is meant for', async (t) => {
  const { url: webhook } = await ear(t);
  const twin = await startAbacus({ folder: await folderOf(t), token: 'token', secret, webhook });
  t.after(() => twin.stop());
  const fault = { count: 1, ms: 0, code: '', message: '', retryAfterSeconds: 7, endpoint: 'any' };
  twin.faults.add([
    { ...fault, kind: 'http_429', subject: 'ada' },
    { ...fault, kind: 'drop_answer_after_effect', subject: 'ada' },
  ]);
  assert.equal((await add(twin, 'grace', 1)).status, 200);
  const refused = await add(twin, 'ada', 1);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '7']);
  await assert.rejects(add(twin, 'ada', 2));
  assert.deepEqual(
    twin.beads.map(({ owner, count }) => `${owner} ${count}`),
    ['grace 1', 'ada 2'],
  );
});

test('twins import nothing of core or adapters, and the kit nothing of a twin', () => {
  const source = join(import.meta.dirname, '../..');
  for (const file of globSync('**/*.ts', { cwd: source, exclude: ['*/test/**'] })) {
    const text = readFileSync(join(source, file), 'utf8');
    assert.doesNotMatch(text, /from '@postrider\//, file);
    if (file.startsWith('kit/')) assert.doesNotMatch(text, /from '\.\.\//, file);
  }
});
