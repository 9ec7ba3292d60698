/** Webhooks of an account, by the endpoint of its connection. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { connect as client, makeConnection } from '@postrider/core';
import type { WebhookRequest } from '@postrider/core/ports';
import type { Opened } from '../rig.ts';
import { accepted, delivered, events, hooks, looked, reading } from './webhooks.ts';

interface Account {
  readonly connectionId: string;
  readonly endpointId: string;
}

/** The printer of the place is reached by it from now on. */
async function connect({ sql, place }: Opened): Promise<Account> {
  const { organizationId } = place;
  const made = await makeConnection(sql, {
    organizationId,
    connectionId: randomUUID(),
    name: 'main',
    provider: 'noop',
    mode: 'live',
    options: {},
    secrets: [],
    finding: null,
  });
  await sql`
    update postrider.printer set connection_id = ${made.connectionId}
    where organization_id = ${organizationId} and name = 'press'`;
  return made;
}

function telling(body: string): WebhookRequest {
  return { url: '/', headers: {}, body: Buffer.from(body) };
}

void test('a webhook comes in by the endpoint of the connection and its name, once however often, and by no other address', async () => {
  const read = { with: (): unknown => [] };
  await using place = await accepted(1, reading(read));
  const { pipeline } = place;
  const { organizationId } = place.place;
  const [piece = ''] = place.pieces;
  read.with = () => [delivered(piece)];
  const { endpointId } = await connect(place);
  const unknown = { outcome: 'unknown_printer', message: 'no such printer' };
  const addresses = [
    ['main', randomUUID()],
    ['other', endpointId],
    ['main\0', endpointId],
    ['', endpointId],
    [organizationId, 'press'],
    [organizationId, endpointId],
    ['main', 'press'],
  ] as const;
  for (const [whose, which] of addresses)
    assert.deepEqual(await pipeline.receiveWebhook(whose, which, telling('a')), unknown, whose);
  assert.deepEqual(await hooks(place), []);

  for (const outcome of ['stored', 'repeated', 'repeated'])
    assert.deepEqual(await pipeline.receiveWebhook('main', endpointId, telling('a')), { outcome });
  await looked(place);
  // Told again in another delivery, it is known.
  await pipeline.receiveWebhook('main', endpointId.toUpperCase(), telling('b'));
  await looked(place);
  assert.equal(await events(place), 1);
});

void test('what an account tells reaches the pieces of each of its printers, by our reference or by its own id, and of no other printer', async () => {
  const read = { with: (): unknown => [] };
  await using place = await accepted(4, reading(read));
  const { sql, pipeline } = place;
  const { organizationId } = place.place;
  const [own = '', byReference = '', byId = '', elsewhere = ''] = place.pieces;
  const { connectionId, endpointId } = await connect(place);
  await sql`
    insert into postrider.printer (organization_id, name, kind, options, connection_id)
    select ${organizationId}, p.name, 'noop', '{}', p.connection_id
    from (values ('second', ${connectionId}::uuid), ('stranger', null)) as p (name, connection_id)`;
  // Past the trigger: what was sent to a printer stays on record.
  const admin = client(place.machine.database.adminUrl, { max: 1 });
  await admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`
      update postrider.mailpiece
      set printer_name = case when id = ${elsewhere} then 'stranger' else 'second' end
      where id in (${byReference}, ${byId}, ${elsewhere})`;
  });
  await admin.end();
  const [known] = await sql<{ providerId: string }[]>`
    select provider_id as "providerId" from postrider.mailpiece where id = ${byId}`;
  read.with = () => [delivered(own), delivered(byReference)];
  await pipeline.receiveWebhook('main', endpointId, telling('a'));
  // Where something of it cannot be used it is applied by itself.
  read.with = () => [
    { unusable: 'a new word', raw: 'b' },
    delivered(byId, { mailpieceId: null, providerId: known?.providerId }),
    delivered(elsewhere),
  ];
  await pipeline.receiveWebhook('main', endpointId, telling('b'));
  await looked(place);
  assert.deepEqual(
    [
      ...(await sql`
        select event_id, printer_name, mailpiece_id from postrider.mailpiece_event
        where event_id like '%delivered'
        order by event_id`),
    ].map((row) => Object.values(row) as unknown[]),
    [
      [`${own} delivered`, 'press', own],
      [`${byReference} delivered`, 'second', byReference],
      [`${byId} delivered`, 'second', byId],
      [`${elsewhere} delivered`, 'press', null],
    ],
  );
});
