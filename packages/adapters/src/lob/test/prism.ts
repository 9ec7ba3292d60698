/**
 * Prism between the adapter and the twin: an implementation of OpenAPI by others, which knows
 * neither, judges requests and answers by Lob's file. It is heavy, and fetched only here.
 *
 * Prism reads no nested forms. The file has one schema for an order as a form and as JSON, so that
 * Prism gets the form's fields as JSON, each file by its name, and the twin behind it the form.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const PRISM = '@stoplight/prism-cli@5.16.0';
const lobFile = new URL('../../../../twins/src/lob/openapi.json', import.meta.url);

export interface Judged {
  /** Where the adapter finds the API. */
  readonly url: string;
  /** What Prism has found, each in its own words. */
  readonly violations: string[];
  /** How many answers have passed. */
  passed(): number;
  /** Changes what the twin answers next. */
  spoilNext(change: (answer: string) => string): void;
  stop(): Promise<void>;
}

type Json = Record<string, unknown>;

/**
 * What Prism cannot compile it lets pass in silence. Two things in the file are no OpenAPI, and
 * are put as they are meant: a `content` that is a reference, and a null in a list beside
 * `nullable`.
 */
function compilable(node: unknown, file: Json): void {
  if (typeof node !== 'object' || node === null) return;
  const one = node as Json;
  const { content } = one as { content?: { $ref?: string } };
  if (typeof content?.$ref === 'string')
    one['content'] = content.$ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, name) => (at as Json)[name], file);
  if (one['nullable'] === true && Array.isArray(one['enum']))
    one['enum'] = one['enum'].filter((value) => value !== null);
  for (const value of Object.values(one)) compilable(value, file);
}

async function listening(
  serve: (request: IncomingMessage, body: Buffer) => Promise<Response>,
): Promise<{ readonly server: Server; readonly url: string }> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const told = await serve(request, await buffer(request));
    const headers = Object.fromEntries(told.headers);
    delete headers['content-length'];
    delete headers['transfer-encoding'];
    response.writeHead(told.status, headers).end(Buffer.from(await told.arrayBuffer()));
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function passOn(
  { method = 'GET', url = '', headers }: IncomingMessage,
  to: string,
  { body, type }: { readonly body: Buffer | string; readonly type: string },
): Promise<Response> {
  const { authorization = '', 'idempotency-key': key } = headers;
  return await fetch(`${to}${url}`, {
    method,
    headers: {
      authorization,
      ...(type === '' ? {} : { 'content-type': type }),
      ...(key === undefined ? {} : { 'idempotency-key': String(key) }),
    },
    ...(method === 'GET' || method === 'DELETE' ? {} : { body }),
  });
}

/** `to[name]=…` as `{ to: { name: … } }`; a file by its name. */
async function asJson(body: Buffer, type: string): Promise<string> {
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': type },
  }).formData();
  const order: Record<string, unknown> = {};
  for (const [name, value] of form) {
    const [, outer = name, inner] = /^(\w+)\[(\w+)\]$/.exec(name) ?? [];
    const text = typeof value === 'string' ? value : value.name;
    order[outer] =
      inner === undefined ? text : { ...(order[outer] as object | undefined), [inner]: text };
  }
  return JSON.stringify(order);
}

/** @param folder of the test's own: Prism is put there. */
export async function judged(twin: string, folder: string): Promise<Judged> {
  await promisify(execFile)(
    'npm',
    ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder, PRISM],
    { cwd: folder, timeout: 300_000 },
  );
  const file = JSON.parse(await readFile(lobFile, 'utf8')) as Json;
  compilable(file, file);
  const spec = join(folder, 'lob.json');
  await writeFile(spec, JSON.stringify(file));

  const violations: string[] = [];
  let passed = 0;
  let spoil: ((answer: string) => string) | null = null;
  const forms = new Map<string, { readonly body: Buffer; readonly type: string }>();
  const back = await listening(async (request, body) => {
    const form = forms.get(String(request.headers['idempotency-key']));
    const type = request.headers['content-type'] ?? '';
    const answer = await passOn(request, `${twin}/v1`, form ?? { body, type });
    const change = spoil;
    spoil = null;
    return change === null ? answer : new Response(change(await answer.text()), answer);
  });
  const free = await listening(() => Promise.resolve(new Response()));
  const port = new URL(free.url).port;
  await new Promise((resolve) => free.server.close(resolve));
  const program = join(folder, 'node_modules/@stoplight/prism-cli/dist/index.js');
  const options = ['--errors', '--host', '127.0.0.1', '--port', port];
  const prism = spawn(process.execPath, [program, 'proxy', ...options, spec, back.url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [prism.stdout, prism.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const until = Date.now() + 120_000;
  while (!said.includes('Prism is listening')) {
    assert.ok(prism.exitCode === null && Date.now() < until, said);
    await sleep(100);
  }
  const front = await listening(async (request, body) => {
    const type = request.headers['content-type'] ?? '';
    const isForm = type.startsWith('multipart/');
    if (isForm) forms.set(String(request.headers['idempotency-key']), { body, type });
    const answer = await passOn(
      request,
      `http://127.0.0.1:${port}`,
      isForm ? { body: await asJson(body, type), type: 'application/json' } : { body, type },
    );
    const text = await answer.text();
    if (text.includes('stoplight.io/prism/errors')) violations.push(text);
    else passed += 1;
    return new Response(text, answer);
  });
  return {
    url: front.url,
    violations,
    passed: () => passed,
    spoilNext: (change) => (spoil = change),
    async stop() {
      prism.kill('SIGKILL');
      for (const { server } of [front, back]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}
