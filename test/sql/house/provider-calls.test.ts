/**
 * Calls of providers as they are kept: for whom, by month, for how long, and what an erasure does.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type postgres from 'postgres';
import {
  readConnectionState,
  recordCalls,
  writeConnectionState,
  type RecordedCall,
} from '../../../packages/core/src/machine/provider-calls.ts';
import { runHousekeeping } from '../../../packages/core/src/machine/house.ts';
import { broken, freshMachine, launched } from '../../support/machine.ts';
import { idOf, place, sent, sharedMachine } from '../rig.ts';
import { recordedCall } from '../rig/provider-calls.ts';

const rig = sharedMachine();
const DAY_MS = 24 * 3_600_000;

async function connectionOf(sql: postgres.Sql, organizationId: string): Promise<string> {
  const id = randomUUID();
  await sql`
    insert into postrider.connection (
      organization_id, id, name, provider, mode, endpoint_id, created_at)
    values (${organizationId}, ${id}, 'lob-main', 'lob', 'test', ${randomUUID()}, now())`;
  return id;
}

void test('a call is kept as it was told, once, however often its batch is written', async () => {
  const { sql } = rig;
  const { organizationId } = await place(sql);
  const connectionId = await connectionOf(sql, organizationId);
  const calls = [
    recordedCall(organizationId, { connectionId, about: ['piece-1', 'piece-2'] }),
    recordedCall(organizationId, {
      outcome: 'not_sent',
      status: null,
      answer: null,
      providerRequestId: null,
      error: 'press.test cannot be reached (ECONNREFUSED); nothing was sent.',
    }),
  ];
  assert.equal(await recordCalls(sql, calls.slice(0, 1)), 1);
  assert.equal(await recordCalls(sql, calls), 1);
  assert.equal(await recordCalls(sql, calls), 0);
  const [first, second, ...others] = await sql<Record<string, unknown>[]>`
    select *, extract(epoch from duration)::float8 as seconds
    from postrider.provider_calls
    where organization_id = ${organizationId}
    order by outcome`;
  assert.deepEqual(others, []);
  assert.deepEqual(
    [first?.['connection'], first?.['provider'], first?.['who'], first?.['about']],
    ['lob-main', 'lob', 'press', ['piece-1', 'piece-2']],
  );
  assert.deepEqual([first?.['status'], first?.['seconds']], [200, 0.1525]);
  assert.equal(first?.['request'], calls[0]?.request);
  assert.deepEqual([second?.['connection'], second?.['status']], [null, null]);
  assert.match(String(second?.['error']), /ECONNREFUSED/);
});

void test('what was asked about a card is found by its id, without a look at every call', async () => {
  const { sql } = rig;
  const { organizationId } = await place(sql);
  const [ours, other] = [randomUUID(), randomUUID()];
  await recordCalls(sql, [
    recordedCall(organizationId, { about: [ours] }),
    recordedCall(organizationId, { about: [other, ours] }),
    recordedCall(organizationId, { about: [other] }),
  ]);
  const found = await sql`
    select from postrider.provider_calls
    where about @> ${[ours]} and organization_id = ${organizationId}`;
  assert.equal(found.length, 2);
  await sql.begin(async (tx) => {
    await tx`set local enable_seqscan = off`;
    const plan = await tx`
      explain select from postrider.provider_calls where about @> ${[ours]}`;
    assert.match(JSON.stringify(plan), /Bitmap Index Scan on provider_call_\d{4}_\d\d_about/);
  });
});

async function monthsOfCalls(sql: postgres.Sql): Promise<readonly string[]> {
  const rows = await sql<{ name: string }[]>`
    select c.relname as name
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'postrider.provider_call'::regclass
    order by 1`;
  return rows.map(({ name }) => name);
}

void test('calls lie in their month, also one that was missed, and go with it when their time is over', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const { organizationId } = await launched(sql);
  const now = Date.now();
  await recordCalls(
    sql,
    [0, -70, -500].map((days) =>
      recordedCall(organizationId, { startedAt: new Date(now + days * DAY_MS) }),
    ),
  );
  assert.equal((await sql`select from postrider.provider_call_default`).length, 2);
  const [stray] = await sql<{ message: string }[]>`
    select message from postrider.doctor('default partition')`;
  assert.equal(stray?.message, 'some calls fell into no month');
  const kept = async (days: number): Promise<number> => {
    assert.deepEqual([...(await runHousekeeping(sql, days * DAY_MS))], []);
    assert.equal((await sql`select from postrider.provider_call_default`).length, 0);
    return (await sql`select from postrider.provider_call`).length;
  };
  assert.equal(await kept(1000), 3);
  assert.equal(await kept(400), 2);
  // A month goes when the last of its days may.
  assert.equal(await kept(101), 2);
  assert.equal(await kept(38), 1);
  const months = await monthsOfCalls(sql);
  assert.deepEqual(await kept(1), 1);
  assert.deepEqual(await monthsOfCalls(sql), months, 'the months to come, and this one, stay');
  await assert.rejects(runHousekeeping(sql, 0), { code: 'PR020' });
  assert.deepEqual(await broken(sql), []);
});

void test('who reads the calls keeps old ones from being dropped, and that is told', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const { organizationId } = await launched(sql);
  const startedAt = new Date(Date.now() - 500 * DAY_MS);
  await recordCalls(sql, [recordedCall(organizationId, { startedAt })]);
  await runHousekeeping(sql, 1000 * DAY_MS);
  const reader = await machine.connect(1).reserve();
  await reader`begin`;
  await reader`select count(*) from postrider.provider_call`;
  const [failure] = await runHousekeeping(machine.connect(1), 400 * DAY_MS);
  assert.deepEqual([failure?.part, failure?.code], ['old_calls', '55P03']);
  await reader`commit`;
  reader.release();
  assert.deepEqual([...(await runHousekeeping(sql, 400 * DAY_MS))], []);
  assert.equal((await sql`select from postrider.provider_call`).length, 0);
});

async function erasureTakesOut(mode: 'test' | 'live'): Promise<void> {
  const { sql } = rig;
  const at = await place(sql, {}, mode);
  const { organizationId } = at;
  const { pieces } = await sent(sql, at, 2);
  const [gone, stays] = pieces;
  assert.ok(gone !== undefined && stays !== undefined);
  const about: Record<string, RecordedCall> = {
    submitted: recordedCall(organizationId, { about: [gone.mailpieceId, randomUUID()] }),
    cancelled: recordedCall(organizationId, { about: [idOf(gone)] }),
    lookedUp: recordedCall(organizationId, { about: [gone.recipientId] }),
    other: recordedCall(organizationId, { about: [stays.mailpieceId] }),
  };
  const late = recordedCall(organizationId, { about: [gone.mailpieceId] });
  const lateCancel = recordedCall(organizationId, { about: [idOf(gone)] });
  await recordCalls(sql, Object.values(about));
  await sql`select postrider.erase(${gone.recipientId})`;
  // They waited in a runner meanwhile.
  await recordCalls(sql, [late, lateCancel]);
  for (const [name, { id }] of Object.entries({ ...about, late, lateCancel })) {
    const [row] = await sql<{ said: string | null; route: string; erased: boolean }[]>`
      select concat(request, answer, error) as said, route, erased_at is not null as erased
      from postrider.provider_calls
      where organization_id = ${organizationId} and id = ${id}`;
    const isOther = name === 'other';
    assert.deepEqual(
      [row?.said === '', row?.route, row?.erased],
      [!isOther, 'POST /cards', !isOther],
      name,
    );
  }
}

void test('an erasure takes out what was said of a card of theirs, and of nobody else', async () => {
  await erasureTakesOut('live');
  await erasureTakesOut('test');
});

void test('a connection is remembered by key, by nobody else, and until it is removed', async () => {
  const { sql } = rig;
  const { organizationId } = await place(sql);
  const connectionId = await connectionOf(sql, organizationId);
  const key = { organizationId, connectionId, key: 'cursor' };
  assert.equal(await readConnectionState(sql, key), null);
  for (const value of [{ after: 'a', at: [1, null] }, 'text', 7, null, false]) {
    await writeConnectionState(sql, key, value);
    assert.deepEqual(await readConnectionState(sql, key), value);
  }
  assert.equal(await readConnectionState(sql, { ...key, key: 'other' }), null);
  assert.equal(await readConnectionState(sql, { ...key, connectionId: randomUUID() }), null);
  await sql`delete from postrider.connection where id = ${connectionId}`;
  await writeConnectionState(sql, key, 'too late');
  assert.equal(await readConnectionState(sql, key), null);
});
