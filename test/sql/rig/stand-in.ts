/** Somebody in any state, put there past the trigger: states that the machine would never make. */
import type postgres from 'postgres';
import type { Place } from '../../support/machine.ts';

/** States in which people travel in a cohort or a batch. */
export const TRAVELLING = new Set([
  'address_enriching',
  'proofing_staged',
  'proofing',
  'sending_staged',
  'sending',
]);

/**
 * Somebody in any state, with a mailpiece that was accepted and failed, so that neither `sent` nor
 * `pending` is refused for its sake. Put there past the trigger, by a superuser.
 */
export async function standIn(admin: postgres.Sql, at: Place, state: string): Promise<string> {
  const [row] = await admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    return await tx<{ id: string }[]>`
      with r as (
        insert into postrider.recipient (
          organization_id, id, campaign_id, external_id, reference, created_at
        )
        values (
          ${at.organizationId}, postrider.new_id(), ${at.campaignId}, gen_random_uuid()::text, 'R',
          now()
        )
        returning *
      ),
        m as (
          insert into postrider.mailpiece (
            organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key,
            request, status, opened_at, accepted_at
          )
          select organization_id, postrider.new_id(), id, campaign_id, 'press', 'live',
            gen_random_uuid(), '{}'::jsonb, 'failed', now(), now()
          from r
          union all
          select organization_id, postrider.new_id(), id, campaign_id, 'press', 'test',
            gen_random_uuid(), '{}'::jsonb, 'voided', now(), now()
          from r
        ),
        s as (
          insert into postrider.recipient_state (
            organization_id, recipient_id, campaign_id, state, since, move_no, available_at,
            cohort_id
          )
          select organization_id, id, campaign_id, ${state}, now(), 1, now(),
            ${TRAVELLING.has(state) ? at.campaignId : null}::uuid
          from r
        ),
        e as (
          insert into postrider.recipient_event (
            organization_id, recipient_id, move_no, at, campaign_id, to_state, actor, by_role
          )
          select organization_id, id, 1, now(), campaign_id, ${state}, 'test', 'test'
          from r
        ),
        t as (
          insert into postrider.tally (organization_id, campaign_id, to_state, people)
          select organization_id, campaign_id, ${state}, 1
          from r
        )
      select id
      from r`;
  });
  return row?.id ?? '';
}
