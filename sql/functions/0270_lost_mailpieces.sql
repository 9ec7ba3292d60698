-- Somebody is at the printer, or was, and their mailpiece is gone: only an owner who takes the triggers away can do that, or a damaged disk.

create function postrider.lost_mailpieces(p_organization_id uuid) returns setof postrider.recipient_state
language sql stable
begin atomic
  select s.* from postrider.recipient_state s
  where s.organization_id = p_organization_id
    and (s.cohort_id is not null and s.state = 'sending' or s.state = 'error' and s.reason = 'outcome_unknown')
    and not exists (select from postrider.mailpiece m where m.organization_id = s.organization_id and m.recipient_id = s.recipient_id
      and m.status not in ('rejected', 'cancelled', 'failed'));
end;

-- Each gets a piece again of which the outcome is unknown, for somebody to resolve. Reconcile never asks for it: its id is new, the printer knows nothing of
-- it, and an honest "absent" would print a second card. Returns how many people.
create function postrider.replace_lost_mailpieces(p_organization_id uuid) returns int
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_before text := postrider.act_as('mail');
  v_now timestamptz := postrider.now();
  v_people uuid[];
begin
  perform postrider.require_organization(p_organization_id);
  perform from postrider.recipient_state
  where organization_id = p_organization_id and recipient_id = any (array(select recipient_id from postrider.lost_mailpieces(p_organization_id)))
  order by recipient_id for no key update;
  v_people := array(select recipient_id from postrider.lost_mailpieces(p_organization_id));
  insert into postrider.mailpiece (organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key, request, status, opened_at, outcome_detail)
  select p_organization_id, postrider.new_id(), r.id, c.id, c.printer_name, c.mode, gen_random_uuid(), '{}', 'unknown', v_now,
    'the mailpiece was lost: whether there is a card, the printer''s console tells'
  from postrider.recipient r join postrider.campaign c on c.organization_id = r.organization_id and c.id = r.campaign_id
  where r.organization_id = p_organization_id and r.id = any (v_people);
  update postrider.recipient_state
  set state = 'error', since = v_now, move_no = move_no + 1, cohort_id = null, reason = 'outcome_unknown', detail = 'the mailpiece was lost'
  where organization_id = p_organization_id and recipient_id = any (v_people) and state = 'sending';
  perform postrider.act_as(v_before);
  return cardinality(v_people);
end $$;
