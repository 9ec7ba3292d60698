/** An organization moves to another database, by its rows alone, while the others go on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cancel,
  Connections,
  hold,
  makeSealingKey,
  readSealingKeys,
  release,
  removeConnection,
  renameConnection,
  rotateSecret,
  seal,
  type ConnectionKey,
  type KeptSecret,
} from '@postrider/core';
import {
  broken,
  freshMachine,
  launched,
  people,
  states,
  syncPeople,
  type Place,
} from '../../support/machine.ts';
import { startServer } from '../../support/server.ts';
import { connected } from '../../sql/rig/connections.ts';
import { open, until, type Opened } from '../rig.ts';
import {
  asAdmin,
  caughtUp,
  contents,
  copied,
  LOGICAL,
  rowsOf,
  subscribe,
  unsubscribe,
} from './subscriber.ts';

async function sent({ sql }: Opened, { organizationId }: Place): Promise<number> {
  const rows = await sql`
    select from postrider.recipient_state
    where organization_id = ${organizationId} and state = 'sent'`;
  return rows.length;
}

const sealingKey = makeSealingKey();

function sealed(key: ConnectionKey, value: string): KeptSecret {
  const place = { ...key, purpose: 'api_key' };
  return { purpose: 'api_key', ...seal(value, place, readSealingKeys(sealingKey)) };
}

void test('an organization has the same rows, one by one, in the database that it moves to, and goes on there', async () => {
  const server = await startServer({ settings: LOGICAL });
  try {
    await using target = await freshMachine(server.adminUrl);
    await using source = await open({
      people: 40,
      server: server.adminUrl,
      settings: { beats: true },
    });
    const moving = source.place;
    const staying = await launched(source.sql, {}, 'Florist');
    const account = await connected(source.sql, moving.organizationId);
    const unused = await connected(source.sql, moving.organizationId, { name: 'unused' });
    await connected(source.sql, staying.organizationId);
    await source.pipeline.start();
    await until(async () => (await sent(source, moving)) > 0);
    // In mid-run: what is there is copied, and what happens meanwhile follows.
    await asAdmin(source.machine, async (sql) => {
      const tables = await rowsOf(sql, moving.organizationId);
      await subscribe(source.machine, target, { tables, copy: true });
    });
    await using _ = {
      [Symbol.asyncDispose]: async () => await unsubscribe(source.machine, target),
    };
    await rotateSecret(source.sql, account, { secret: sealed(account, 'the key'), overlapMs: 0 });
    await renameConnection(source.sql, account, 'lob-east');
    await removeConnection(source.sql, unused);
    await syncPeople(source.sql, moving, people(20, 'later'), false);
    await syncPeople(source.sql, staying, people(30, 'flower'));
    // Each printer tells something: the inbox is written to, and looked at.
    for (const { organizationId } of [moving, staying])
      await source.sql`
        select postrider.receive_webhook(${organizationId}, 'press', 'one', '{}'::bytea)`;
    await until(async () => (await source.sql`select from postrider.waiting_webhook`).length === 0);
    await until(async () => (await sent(source, moving)) === 60);
    await asAdmin(target, copied);
    // Nothing of it moves from here on, while the other goes on.
    await hold(source.sql, { ...moving, kind: 'organization', id: moving.organizationId });
    await until(async () => (await sent(source, staying)) === 30);
    await source.sql`select postrider.run_housekeeping()`;
    await asAdmin(source.machine, caughtUp);
    assert.deepEqual(
      await contents(target.sql, moving.organizationId),
      await contents(source.sql, moving.organizationId),
    );
    const organizations = await target.sql`select name from postrider.organization`;
    assert.deepEqual(
      organizations.map((row) => row['name']),
      ['Bakery'],
    );
    // What is sealed opens there, for who has the key.
    const there = new Connections(target.sql, () => sealingKey);
    const moved = await there.of(account.organizationId, account.connectionId);
    assert.deepEqual([moved.name, moved.secrets('api_key')], ['lob-east', ['the key']]);
    assert.equal((await target.sql`select from postrider.connection`).length, 1);
    assert.deepEqual(await broken(target.sql), []);

    // The new database syncs, moves and cancels its people as the old one did.
    await release(target.sql, { ...moving, kind: 'organization', id: moving.organizationId });
    await syncPeople(target.sql, moving, people(5, 'there'), false);
    const [one] = await target.sql<{ id: string }[]>`
      select id from postrider.recipient where external_id = 'there0'`;
    await cancel(target.sql, one?.id ?? '');
    assert.deepEqual(await states(target.sql), { pending: 4, sent: 60, skipped: 1 });
    assert.deepEqual(await broken(target.sql), []);
  } finally {
    await server.drop();
  }
});
