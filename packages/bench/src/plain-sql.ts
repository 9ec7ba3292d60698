/**
 * The yardstick of `bench pipeline`: the same moves of the same people at the same cohort size, one
 * after the other in one session, as somebody would write them who needs no queue, no leases, no
 * holds and never crashes. The trigger, the history and the tables are the same.
 */
import type { DatabaseAddress } from '@postrider/core';
import type postgres from 'postgres';
import { fill, inScratch } from './scratch.ts';

const SETUP = `
  create schema bench;
  create function bench.step(
    p_organization_id uuid,
    p_ids uuid[],
    p_actor text,
    p_from text,
    p_to text,
    p_cohort uuid
  ) returns void language plpgsql set plan_cache_mode = force_custom_plan as $$
  declare
    v_before text := postrider.act_as(p_actor => p_actor);
    v_now timestamptz := postrider.now();
  begin
    if p_to = 'proofed' then
      insert into postrider.proof (
        organization_id, recipient_id, content_hash,
        front_url, front_page, back_url, back_page, made_at)
      select p_organization_id, id, 'hash', 'noop:', 1, 'noop:', 2, v_now
      from unnest(p_ids) id;
    elsif p_to = 'sending' then
      insert into postrider.mailpiece (
        organization_id, id, recipient_id, campaign_id,
        printer_name, mode, idempotency_key, request, opened_at)
      select p_organization_id, postrider.new_id(), r.id, r.campaign_id,
        'press', 'live', gen_random_uuid(),
        jsonb_build_object(
          'to', jsonb_build_object(
            'name', r.first_name || ' ' || r.last_name, 'line1', r.line1,
            'city', r.city, 'region', r.region, 'postalCode', r.postal_code),
          'front', p.front_url, 'back', p.back_url),
        v_now
      from postrider.recipient r
      join postrider.proof p on p.organization_id = r.organization_id and p.recipient_id = r.id
      where r.organization_id = p_organization_id
        and r.id = any (p_ids);
    elsif p_to = 'sent' then
      update postrider.mailpiece
      set status = 'accepted', provider_id = 'bench_' || id, accepted_at = v_now
      where organization_id = p_organization_id
        and recipient_id = any (p_ids)
        and status = 'submitting';
    elsif p_to = 'received' then
      insert into postrider.mailpiece_event (
        organization_id, printer_name, event_id, mailpiece_id, provider_id,
        status, provider_status, confidence, occurred_at, received_at)
      select organization_id, printer_name, 'e' || id, id, provider_id,
        'delivered', 'delivered', 'scan', v_now, v_now
      from postrider.mailpiece
      where organization_id = p_organization_id
        and recipient_id = any (p_ids);
      update postrider.mailpiece
      set status = 'delivered'
      where organization_id = p_organization_id
        and recipient_id = any (p_ids);
    end if;
    update postrider.recipient_state
    set state = p_to, since = v_now, move_no = move_no + 1,
      cohort_id = p_cohort, reason = 'staged', detail = null
    where organization_id = p_organization_id
      and recipient_id = any (p_ids)
      and state = p_from;
  end $$;`;

const steps = [
  ['proof', 'pending', 'proofing_staged', true],
  ['proof', 'proofing_staged', 'proofing', true],
  ['proof', 'proofing', 'proofed', false],
  ['mail', 'proofed', 'sending_staged', true],
  ['mail', 'sending_staged', 'sending', true],
  ['mail', 'sending', 'sent', false],
  ['track', 'sent', 'received', false],
] as const;

const cohort = '00000000-0000-7000-8000-000000000001';

async function walk(
  sql: postgres.Sql,
  organizationId: string,
  ids: readonly string[],
  size: number,
): Promise<void> {
  for (let at = 0; at < ids.length; at += size) {
    const some = ids.slice(at, at + size);
    for (const [actor, from, to, inCohort] of steps) {
      const fence = inCohort ? cohort : null;
      await sql`
        select bench.step(
          ${organizationId}, ${some}::uuid[], ${actor}, ${from}, ${to}, ${fence}::uuid)`;
    }
  }
}

/** Seconds for everybody, from pending to received. */
export async function plainSql(
  address: DatabaseAddress,
  people: number,
  size: number,
): Promise<number> {
  return await inScratch(address, async (scratch) => {
    const { organizationId } = await fill(scratch.sql, people);
    await scratch.sql.unsafe(SETUP);
    const sql = scratch.connect(1);
    const everybody = await sql<{ id: string }[]>`
      select recipient_id as id from postrider.recipient_state order by 1`;
    const ids = everybody.map((row) => row.id);
    const started = performance.now();
    await walk(sql, organizationId, ids, size);
    return (performance.now() - started) / 1000;
  });
}
