/** Connections as adapters are handed them: each secret as it is when it is asked for. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import {
  askAccount,
  Connections,
  ensureOrganization,
  makeConnection,
  makeSealingKey,
  readSealingKeys,
  renameConnection,
  rotateSecret,
  seal,
  SEALING_KEYS,
  SecretError,
  type KeptSecret,
} from '@postrider/core';
import type { AccountFinding, ConnectionKind } from '@postrider/core/ports';
import { z } from 'zod';
import { freshMachine, type Machine } from '../../../test/support/machine.ts';
import { projectHome } from '../../../test/support/project-home.ts';

let machine: Machine;
const home = projectHome();
before(async () => void (machine = await freshMachine()));
after(async () => {
  await machine[Symbol.asyncDispose]();
  home.remove();
});

const sealingKey = makeSealingKey();
const keys = readSealingKeys(sealingKey);

async function made(
  secretsOf: (place: { organizationId: string; connectionId: string }) => readonly KeptSecret[],
) {
  const { sql } = machine;
  const organizationId = await ensureOrganization(sql, `Org ${randomUUID()}`);
  const key = { organizationId, connectionId: randomUUID() };
  await makeConnection(sql, {
    ...key,
    name: 'lob',
    provider: 'lob',
    mode: 'test',
    options: { url: 'http://127.0.0.1' },
    secrets: secretsOf(key),
    finding: null,
  });
  return key;
}

function sealed(
  place: { organizationId: string; connectionId: string },
  value: string,
): KeptSecret {
  return { purpose: 'api_key', ...seal(value, { ...place, purpose: 'api_key' }, keys) };
}

void test('two sealed secrets are good while one is being replaced, the newest first, in an adapter that was made before', async () => {
  const { sql } = machine;
  const connections = new Connections(sql, (name) =>
    name === SEALING_KEYS ? sealingKey : undefined,
  );
  const key = await made((place) => [sealed(place, 'first')]);
  const connection = await connections.of(key.organizationId, key.connectionId);
  assert.deepEqual(connection.secrets('api_key'), ['first']);
  assert.deepEqual(connection.secrets('webhook'), []);
  await rotateSecret(sql, key, { secret: sealed(key, 'second'), overlapMs: 60_000 });
  // As whenever an adapter is asked for.
  assert.equal(await connections.of(key.organizationId, key.connectionId), connection);
  assert.deepEqual(connection.secrets('api_key'), ['second', 'first']);
  await rotateSecret(sql, key, { secret: sealed(key, 'third'), overlapMs: 100 });
  await connections.of(key.organizationId, key.connectionId);
  while (connection.secrets('api_key').length > 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(
    connection.secrets('api_key'),
    ['third'],
    'retired, and nobody read the row anew',
  );
  await renameConnection(sql, key, 'lob-east');
  await connections.of(key.organizationId, key.connectionId);
  assert.deepEqual(
    [connection.name, connection.mode, connection.provider],
    ['lob-east', 'test', 'lob'],
  );
});

void test('a secret that is kept elsewhere is read at each call, and what is missing is named', async () => {
  const path = join(home.path, 'lob-key');
  const environment = new Map([['LOB_KEY', ' from the environment\n']]);
  const connections = new Connections(machine.sql, (name) => environment.get(name));
  const key = await made(() => [
    { purpose: 'api_key', reference: 'env:LOB_KEY' },
    { purpose: 'webhook', reference: `file:${path}` },
  ]);
  const connection = await connections.of(key.organizationId, key.connectionId);
  assert.deepEqual(connection.secrets('api_key'), ['from the environment']);
  environment.set('LOB_KEY', 'another');
  assert.deepEqual(connection.secrets('api_key'), ['another']);
  environment.delete('LOB_KEY');
  assert.throws(
    () => connection.secrets('api_key'),
    (error) => {
      assert.ok(error instanceof SecretError);
      assert.match(
        error.message,
        /connection lob: the secret is at env:LOB_KEY, which is not set here/,
      );
      return true;
    },
  );
  assert.throws(() => connection.secrets('webhook'), /lob-key, which cannot be read: ENOENT/);
  writeFileSync(path, 'from a file\n');
  assert.deepEqual(connection.secrets('webhook'), ['from a file']);
  rmSync(path);
});

void test("the project's own secrets are no account's: no reference reads them", async () => {
  const connections = new Connections(machine.sql, () => 'what unseals everything');
  const path = join(home.path, SEALING_KEYS);
  writeFileSync(path, 'what unseals everything\n');
  for (const reference of [
    `env:${SEALING_KEYS}`,
    'env:DATABASE_URL',
    'env:PGPASSWORD',
    `file:${path}`,
  ]) {
    const key = await made(() => [{ purpose: 'api_key', reference }]);
    const connection = await connections.of(key.organizationId, key.connectionId);
    assert.throws(() => connection.secrets('api_key'), /own secrets, which are no account's/);
  }
});

void test('a file of several lines is no secret', async () => {
  const path = join(home.path, 'passwd');
  writeFileSync(path, 'root:x:0:0\nada:x:1:1\n');
  const connections = new Connections(machine.sql, () => undefined);
  const key = await made(() => [{ purpose: 'api_key', reference: `file:${path}` }]);
  const connection = await connections.of(key.organizationId, key.connectionId);
  assert.throws(() => connection.secrets('api_key'), /passwd, which has several lines/);
});

void test('a former secret that cannot be read any more is left out and told once; the newest is never', async () => {
  const { sql } = machine;
  const environment = new Map([['OLD_KEY', 'first']]);
  const told: string[] = [];
  const connections = new Connections(sql, (name) => environment.get(name), {
    onUnreadable: ({ message }) => void told.push(message),
  });
  const key = await made(() => [{ purpose: 'api_key', reference: 'env:OLD_KEY' }]);
  const open = async () => await connections.of(key.organizationId, key.connectionId);
  const secret = { purpose: 'api_key', reference: 'env:NEW_KEY' };
  await rotateSecret(sql, key, { secret, overlapMs: 60_000 });
  // This process has only the former one: it is not what counts.
  const connection = await open();
  assert.throws(() => connection.secrets('api_key'), /env:NEW_KEY, which is not set here/);
  environment.set('NEW_KEY', 'second');
  assert.deepEqual((await open()).secrets('api_key'), ['second', 'first']);
  assert.deepEqual(told, []);
  environment.delete('OLD_KEY');
  for (let calls = 0; calls < 2; calls += 1)
    assert.deepEqual((await open()).secrets('api_key'), ['second']);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^connection lob: a former api_key .*env:OLD_KEY, which is not set/);
});

void test('a connection that is logged shows neither a secret nor what is sealed', async () => {
  const connections = new Connections(machine.sql, () => sealingKey);
  const key = await made((place) => [sealed(place, 'not to be shown')]);
  const connection = await connections.of(key.organizationId, key.connectionId);
  const [row] = await machine.sql<{ sealed: Buffer }[]>`
    select sealed from postrider.connection_secret where connection_id = ${key.connectionId}`;
  const shown = inspect(connection, { depth: 9, showHidden: true }) + JSON.stringify(connection);
  for (const text of ['not to be shown', row?.sealed.toString('base64') ?? '', sealingKey])
    assert.ok(!shown.includes(text));
});

void test('a row that is copied to another organization does not open there', async () => {
  const { sql } = machine;
  const connections = new Connections(sql, () => sealingKey);
  const [one, other] = [await made((place) => [sealed(place, 'mine')]), await made(() => [])];
  // With its id, and the id of its connection.
  await sql`
    update postrider.connection set id = ${one.connectionId}
    where organization_id = ${other.organizationId}`;
  await sql`
    insert into postrider.connection_secret
    select ${other.organizationId}::uuid, connection_id, id, purpose, reference, sealed, key_id,
      added_at, retires_at
    from postrider.connection_secret
    where organization_id = ${one.organizationId}`;
  const copied = await connections.of(other.organizationId, one.connectionId);
  assert.throws(() => copied.secrets('api_key'), /does not open/);
  assert.deepEqual(
    (await connections.of(one.organizationId, one.connectionId)).secrets('api_key'),
    ['mine'],
  );
  await assert.rejects(
    connections.of(other.organizationId, randomUUID()),
    /there is no connection/,
  );
});

function kindOf(check: ConnectionKind['check']): ConnectionKind {
  return {
    secrets: [{ purpose: 'api_key', title: 'API key', required: true, problem: () => null }],
    options: z.object({}),
    modeOf: () => null,
    check,
  };
}

const account = {
  organizationId: 'o',
  name: 'lob',
  provider: 'lob',
  mode: 'live',
  options: {},
  secrets: (purpose: string) => (purpose === 'api_key' ? ['the-key'] : []),
} as const;

for (const [what, check, found] of [
  [
    'a mode that is not the connection’s',
    async () => ({ outcome: 'usable', mode: 'test', account: null, notes: [] }),
    { outcome: 'refused', message: 'the account is test, and the connection is live' },
  ],
  [
    'an answer that quotes the key',
    async () => ({ outcome: 'usable', mode: 'live', account: 'of the-key', notes: ['the-key!'] }),
    { outcome: 'usable', mode: 'live', account: 'of …', notes: ['…!'] },
  ],
  [
    'an error that quotes the key',
    async () => await Promise.reject(new Error('401 for the-key')),
    { outcome: 'unreachable', message: '401 for …' },
  ],
  [
    'no answer',
    async () => await new Promise(() => undefined),
    { outcome: 'unreachable', message: 'no answer within 50 ms' },
  ],
  [
    'an answer that is none',
    async () => ({ outcome: 'fine' }),
    { outcome: 'unreachable', message: 'its adapter gave no finding that can be read' },
  ],
] as const)
  void test(`asked about an account, ${what} is told as it is`, async () => {
    const kind = kindOf(check as ConnectionKind['check']);
    const finding: AccountFinding = await askAccount({ kind, connection: account, timeoutMs: 50 });
    assert.deepEqual(finding, found);
  });
