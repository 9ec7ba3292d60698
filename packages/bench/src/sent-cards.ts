/** Cards that are sent and that nothing was told of, for `bench webhooks`. */
import type postgres from 'postgres';
import type { Place } from './scratch.ts';

const STATEMENTS = [
  `insert into postrider.recipient (
     organization_id, id, campaign_id, external_id, email, first_name, last_name,
     line1, city, region, postal_code, country, address_from, merge,
     email_key, household_key, reference, source_row, created_at)
   select
     $1::uuid, postrider.new_id(), $2::uuid, 'c' || i, 'c' || i || '@example.com',
     'Ada', 'Byron ' || i, i || ' Main Street', 'Oakland', 'CA', '94607', 'US', 'source', '{}',
     'c' || i || '@example.com', '2|US|94607|' || i || '|MAIN|ST||||', postrider.new_reference(), i,
     clock_timestamp() - interval '2 days'
   from generate_series(1, $3::int) as i`,
  `insert into postrider.recipient_state (
     organization_id, recipient_id, campaign_id, state, since, move_no, available_at, reason)
   select
     organization_id, id, campaign_id, 'sent', clock_timestamp() - interval '1 day', 7,
     clock_timestamp() + interval '20 days', 'accepted'
   from postrider.recipient
   where organization_id = $1 and campaign_id = $2 and source_row <= $3::int`,
  `insert into postrider.mailpiece (
     organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key,
     request, status, provider_id, opened_at, accepted_at)
   select
     r.organization_id, md5('card ' || r.source_row)::uuid, r.id, r.campaign_id, c.printer_name,
     'live', gen_random_uuid(), '{}', 'accepted', 'psc_' || lpad(to_hex(r.source_row), 16, '0'),
     clock_timestamp() - interval '1 day', clock_timestamp() - interval '1 day'
   from postrider.recipient r
   join postrider.campaign c on c.organization_id = r.organization_id and c.id = r.campaign_id
   where r.organization_id = $1 and r.campaign_id = $2 and r.source_row <= $3::int`,
];

/** The caller must own the tables: they are put there past the triggers. */
export async function addSentCards(sql: postgres.Sql, at: Place, cards: number): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local synchronous_commit = off`;
    await tx`alter table postrider.recipient_state disable trigger user`;
    for (const statement of STATEMENTS)
      await tx.unsafe(statement, [at.organizationId, at.campaignId, cards]);
    await tx`alter table postrider.recipient_state enable trigger user`;
  });
  await sql`
    analyze postrider.recipient, postrider.recipient_state, postrider.mailpiece`.simple();
}
