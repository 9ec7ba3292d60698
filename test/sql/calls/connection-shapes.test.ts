/** The shapes of what SQL answers about connections, held as in json-shapes.test.ts. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { PrinterBrief } from '../../../packages/core/src/machine/briefs.ts';
import * as connections from '../../../packages/core/src/machine/connections.ts';
import { endpointPrinter } from '../../../packages/core/src/machine/track.ts';
import { place, sharedMachine } from '../rig.ts';
import { connectedPlace } from '../rig/connections.ts';
import { fits } from '../rig/shapes.ts';

const rig = sharedMachine();

void test('a connection, its secrets, and those that are to be sealed again', async () => {
  const { sql } = rig;
  const { organizationId } = await place(sql);
  const key = { organizationId, connectionId: randomUUID() };
  const sealed = { sealed: Buffer.from('closed').toString('base64'), keyId: 'old' };
  const made = await connections.makeConnection(sql, {
    ...key,
    name: 'lob-main',
    provider: 'lob',
    mode: 'test',
    options: {},
    secrets: [
      { purpose: 'api_key', ...sealed },
      { purpose: 'webhook', reference: 'env:HOOK' },
    ],
    finding: null,
  });
  fits<typeof made>(made, { connectionId: 'string', endpointId: 'string' });
  const told = await connections.connectionBrief(sql, key);
  assert.ok(told);
  fits<connections.ConnectionBrief>(told, {
    organizationId: 'string',
    connectionId: 'string',
    name: 'string',
    provider: 'string',
    mode: 'string',
    options: 'object',
    secrets: 'list',
  });
  for (const secret of told.secrets)
    fits<connections.BriefSecret>(secret, {
      purpose: 'string',
      reference: 'string?',
      sealed: 'string?',
      keyId: 'string?',
      retiresAt: 'string?',
    });
  const all = await connections.secretsToReseal(sql, 'new');
  fits<connections.SecretToReseal>(
    all.find((one) => one.connectionId === key.connectionId),
    {
      organizationId: 'string',
      connectionId: 'string',
      id: 'string',
      connection: 'string',
      purpose: 'string',
      sealed: 'string',
      keyId: 'string',
    },
  );
  assert.deepEqual(await connections.secretsToReseal(sql, 'old'), []);
});

void test('the printer of an endpoint', async () => {
  const { sql } = rig;
  const { connectionId } = await connectedPlace(sql);
  const [row] = await sql<{ endpointId: string }[]>`
    select endpoint_id as "endpointId" from postrider.connections where id = ${connectionId}`;
  assert.ok(row);
  fits<PrinterBrief>(await endpointPrinter(sql, { connectionName: 'lob-main', ...row }), {
    organizationId: 'string',
    name: 'string',
    kind: 'string',
    options: 'object',
    connectionId: 'string?',
    baseDirectory: 'string?',
    quietMs: 'number?',
  });
});
