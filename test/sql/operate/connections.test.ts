/** Connections: made, renamed, removed; and how campaigns and printers name them. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import {
  applyCampaign,
  ensureOrganization,
  endCampaign,
  hold,
  noteFinding,
  removeConnection,
  renameConnection,
  rotateSecret,
  type ConnectionKey,
} from '@postrider/core';
import { connectionBrief } from '../../../packages/core/src/machine/connections.ts';
import { definition } from '../../support/machine.ts';
import { refused, sharedMachine, turnClock } from '../rig.ts';
import { by, connected } from '../rig/connections.ts';

const rig = sharedMachine();
let organizations = 0;

async function organization(): Promise<string> {
  return await ensureOrganization(rig.sql, `Connected ${(organizations += 1)}`);
}

async function shown({ organizationId, connectionId }: ConnectionKey) {
  const [row] = await rig.sql`
    select name, provider, mode, printers, campaigns, secrets, finding, held_at, endpoint_id
    from postrider.connections
    where organization_id = ${organizationId}
      and id = ${connectionId}`;
  return row;
}

void test('a connection is told with where its secrets are, and each has an endpoint of its own', async () => {
  const organizationId = await organization();
  const one = await connected(rig.sql, organizationId);
  const two = await connected(rig.sql, organizationId, {
    name: 'lob-test',
    mode: 'test',
    secrets: [
      { purpose: 'api_key', sealed: Buffer.from('closed').toString('base64'), keyId: 'k1' },
      { purpose: 'webhook', reference: 'file:/run/secrets/lob' },
    ],
    finding: { outcome: 'usable', mode: 'test', account: 'Flour & Field', notes: [] },
  });
  const [first, second] = [await shown(one), await shown(two)];
  assert.deepEqual(
    [first?.['name'], first?.['mode'], first?.['finding']],
    ['lob-main', 'live', null],
  );
  assert.deepEqual(
    ((second?.['secrets'] ?? []) as { purpose: string; kept: string; keyId: string | null }[]).map(
      ({ purpose, kept, keyId }) => [purpose, kept, keyId],
    ),
    [
      ['api_key', 'sealed', 'k1'],
      ['webhook', 'file:/run/secrets/lob', null],
    ],
  );
  assert.match(String(first?.['endpoint_id']), /^[\da-f]{8}-[\da-f]{4}-4/, 'a random id');
  assert.notEqual(first?.['endpoint_id'], second?.['endpoint_id']);
  await noteFinding(rig.sql, one, { outcome: 'refused', message: 'no such key' });
  assert.deepEqual((await shown(one))?.['finding'], { outcome: 'refused', message: 'no such key' });
});

void test('what is no connection is refused in a sentence, and a secret that was given as a reference is not repeated', async () => {
  const { sql } = rig;
  const organizationId = await organization();
  await connected(sql, organizationId);
  const make = async (over: object) => await connected(sql, organizationId, { name: 'b', ...over });
  await refused('PR020', make({ name: 'Lob Main' }), /cannot be named 'Lob Main'/);
  await refused('PR020', make({ name: '-x' }), /cannot be named/);
  const taken = await refused('PR017', make({ name: 'lob-main' }), /connection lob-main already/);
  assert.match(taken.hint ?? '', /rotate.*nothing was changed/);
  await refused('PR020', make({ mode: 'both' }), /test or live, not 'both'/);
  const key = 'live_0123456789abcdef';
  for (const secret of [
    { purpose: 'api_key', reference: key },
    { purpose: 'api_key', sealed: key, keyId: null },
    { purpose: 'api_key', sealed: '!', keyId: 'k1' },
    { purpose: 'api_key', reference: `env:${key}; x` },
    { reference: 'env:KEY' },
  ]) {
    const error = await refused('PR020', make({ secrets: [secret] }));
    assert.doesNotMatch(
      `${error.message} ${error.hint} ${JSON.stringify(error.detail)}`,
      /0123456/,
    );
  }
  const nobody = { organizationId, connectionId: randomUUID() };
  await refused('PR010', renameConnection(sql, nobody, 'c'), /there is no connection/);
  await refused('PR010', removeConnection(sql, nobody));
  assert.equal(
    (await sql`select from postrider.connection where organization_id = ${organizationId}`).length,
    1,
  );
});

void test('of two secrets both are good until the older retires, the newest first; a third takes its place', async () => {
  const { sql } = rig;
  const key = await connected(sql, await organization());
  const names = async () =>
    (await connectionBrief(sql, key))?.secrets.map(({ reference }) => reference);
  const rotate = async (name: string, overlapMs: number) =>
    await rotateSecret(sql, key, {
      secret: { purpose: 'api_key', reference: `env:${name}` },
      overlapMs,
    });
  const until = await rotate('SECOND', 3_600_000);
  assert.ok(until !== null);
  assert.deepEqual(await names(), ['env:SECOND', 'env:LOB_KEY']);
  await rotate('THIRD', 3_600_000);
  assert.deepEqual(await names(), ['env:THIRD', 'env:SECOND']);
  await turnClock(sql, 61 * 60_000);
  assert.deepEqual(await names(), ['env:THIRD']);
  assert.equal(await rotate('FOURTH', 0), null);
  assert.deepEqual(await names(), ['env:FOURTH']);
  await rotateSecret(sql, key, {
    secret: { purpose: 'webhook', reference: 'env:HOOK' },
    overlapMs: 0,
  });
  assert.deepEqual(await names(), ['env:HOOK', 'env:FOURTH'], 'another purpose is another secret');
  assert.equal(
    (await sql`select from postrider.connection_secret where connection_id = ${key.connectionId}`)
      .length,
    2,
    'what has retired is not kept',
  );
  await refused('PR020', rotate('X', -1), /how long the one before is good/);
});

void test('a connection is removed with its secrets, and not while a printer or a campaign that goes on names it', async () => {
  const { sql } = rig;
  const organizationId = await organization();
  const [printing, telling] = [
    await connected(sql, organizationId),
    await connected(sql, organizationId, { name: 'klaviyo', provider: 'klaviyo' }),
  ];
  const { campaignId } = await applyCampaign(
    sql,
    organizationId,
    definition(by('lob-main', { integrations: { event_sink: { connection: 'klaviyo' } } })),
  );
  assert.deepEqual((await shown(telling))?.['campaigns'], ['spring']);
  const error = await refused(
    'PR017',
    removeConnection(sql, printing),
    /lob-main is used by campaign spring, printer lob-main/,
  );
  assert.match(error.hint ?? '', /nothing was changed/);
  await refused('PR017', removeConnection(sql, telling), /klaviyo is used by campaign spring/);
  await endCampaign(sql, { organizationId, campaignId }, { status: 'archived' });
  const kept = await refused(
    'PR017',
    removeConnection(sql, printing),
    /is used by printer lob-main$/,
  );
  assert.match(kept.hint ?? '', /hold it.*nothing was changed/);
  await removeConnection(sql, telling);
  assert.equal(await connectionBrief(sql, telling), null);
  assert.equal(
    (
      await sql`
        select from postrider.connection_secret where connection_id = ${telling.connectionId}`
    ).length,
    0,
  );
  const [note] = await sql`
    select kind, why from postrider.interventions
    where organization_id = ${organizationId} and action = 'remove'`;
  assert.deepEqual({ ...note }, { kind: 'connection', why: 'klaviyo (klaviyo, live)' });
});

void test('a hold of a connection is noted, shown and counted like one of its printer', async () => {
  const { sql } = rig;
  const organizationId = await organization();
  const { connectionId } = await connected(sql, organizationId);
  await applyCampaign(sql, organizationId, definition(by('lob-main')));
  assert.deepEqual(
    await hold(sql, { organizationId, kind: 'connection', id: connectionId }, 'the key is refused'),
    { held: 'connection', id: connectionId, atPrinter: 0, unknown: 0 },
  );
  const [row] = await sql`
    select kind, name, why, connection_id
    from postrider.holds
    where organization_id = ${organizationId}`;
  assert.deepEqual(
    { ...row },
    {
      kind: 'connection',
      name: 'lob-main',
      why: 'the key is refused',
      connection_id: connectionId,
    },
  );
  await refused('PR010', hold(sql, { organizationId, kind: 'connection', id: randomUUID() }));
});
