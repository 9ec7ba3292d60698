/**
 * Webhooks of many cards, from the first on: what is told of some hundred cards is found by these
 * cards, whatever the planner knew when nothing had been told yet.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshMachine, launched, people, syncPeople } from '../../support/machine.ts';
import { event } from '../rig.ts';
import { fill, greedy, watched } from './many-people.ts';

/** Webhooks of one statement. */
const TOGETHER = 100;
/** Rows of a big table that are looked at for them. */
const MOST = 600;

void test('webhooks that are applied look at the events of their own cards alone, also in a session that began before there were any', async () => {
  await using machine = await freshMachine();
  const { sql, database } = machine;
  await sql`alter table postrider.mailpiece_event set (autovacuum_enabled = off)`;
  const at = await launched(sql);
  await syncPeople(sql, at, people(1));
  await using session = await watched(database.adminUrl);
  await fill(session.sql, at, 6000);
  await session.sql`truncate postrider.mailpiece_event`;
  await session.sql`analyze postrider.mailpiece, postrider.recipient_state`;
  const cards = await sql<{ providerId: string }[]>`
    select provider_id as "providerId" from postrider.mailpiece order by provider_id limit 2000`;
  const { organizationId } = at;
  const found: string[] = [];
  for (let first = 0; first < cards.length; first += TOGETHER) {
    const told = cards.slice(first, first + TOGETHER).map(({ providerId }) => ({
      ...event({ providerId, status: 'in_local_area' }),
      inboxId: crypto.randomUUID(),
    }));
    const events = JSON.stringify(told);
    const concerned = JSON.stringify(told.map(({ providerId }) => ({ providerId })));
    const plans = await session.plansOf(async () => {
      await session.sql`
        select postrider.lock_for_webhooks(${organizationId}, 'press', ${concerned}::text::jsonb)`;
      await session.sql`
        select postrider.apply_webhooks(${organizationId}, 'press', ${events}::text::jsonb)`;
    });
    found.push(...plans.flatMap((plan) => greedy(plan, MOST)));
  }
  assert.deepEqual([...new Set(found)], []);
});

void test('the oldest webhooks are taken by the index of those that wait, among many that were applied', async () => {
  await using machine = await freshMachine();
  const { sql, database } = machine;
  for (const table of ['provider_event', 'waiting_webhook'])
    await sql`alter table postrider.${sql(table)} set (autovacuum_enabled = off)`;
  const { organizationId } = await launched(sql);
  await using session = await watched(database.adminUrl);
  // Planned while the inbox is empty.
  for (let round = 0; round < 7; round += 1)
    await session.sql`
      select id, postrider.apply_read_webhooks(p_limit => 200)
      from postrider.claim_webhooks(p_limit => 200)`;
  await sql`
    with stored as (
      insert into postrider.provider_event (
        organization_id, id, printer_name, delivery_id, body, received_at)
      select ${organizationId}, postrider.new_id(), 'press', 'delivery ' || i, '{}',
        now() - i * interval '1 second'
      from generate_series(1, 30000) i
      returning *
    )
    insert into postrider.waiting_webhook (
      organization_id, id, printer_name, received_at, available_at, events)
    select organization_id, id, printer_name, received_at, received_at,
      case when substr(delivery_id, 10)::int % 2 = 0 then '[]'::jsonb end
    from stored`;
  // As it is until a vacuum.
  await sql`
    delete from postrider.waiting_webhook where received_at < now() - interval '1000 seconds'`;
  const plans = await session.plansOf(async () => {
    await session.sql`select id from postrider.claim_webhooks(p_limit => 200)`;
    await session.sql`select postrider.apply_read_webhooks(p_limit => 200)`;
  });
  assert.deepEqual(
    plans.flatMap((plan) => greedy(plan, 400, /^(provider_event|waiting_webhook)$/)),
    [],
  );
});
