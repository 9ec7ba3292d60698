-- Safe repairs, one call each.

-- From error: tries again. Refuses where a card may exist; meets the rules of the door again, under the lock that everybody takes for them.
create function postrider.retry(p_recipient_id uuid) returns text
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_before text := postrider.act_as('op');
  v_state postrider.recipient_state := postrider.require_recipient(p_recipient_id);
  v_now timestamptz := postrider.now();
  v_campaign postrider.campaign;
  v_piece postrider.mailpiece;
  v_verdict record;
begin
  -- Raised before lock_for_sync shares the row: a share that is upgraded deadlocks with the next one.
  perform from postrider.organization_sync where organization_id = v_state.organization_id for no key update;
  update postrider.campaign set status = 'active', ended_at = null
  where organization_id = v_state.organization_id and id = v_state.campaign_id and status = 'completed';
  v_campaign := postrider.lock_for_sync(v_state.organization_id, v_state.campaign_id);
  if v_campaign.status = 'archived' then
    perform postrider.fail('PR012', format('campaign %s is archived', v_campaign.name), 'nobody is mailed from an archived campaign; nothing was changed');
  end if;
  select * into v_state from postrider.recipient_state
  where organization_id = v_state.organization_id and recipient_id = p_recipient_id for no key update;
  if v_state.state <> 'error' then
    perform postrider.fail('PR017', format('recipient %s is %s, not in error', p_recipient_id, v_state.state), 'only errors are retried; nothing was changed');
  end if;
  select * into v_piece from postrider.mailpiece m
  where m.organization_id = v_state.organization_id and m.recipient_id = p_recipient_id and m.mode = v_campaign.mode
    and m.status not in ('rejected', 'cancelled', 'failed');
  if v_state.reason = 'outcome_unknown' then
    perform postrider.fail('PR016', format('nobody can tell whether the card of recipient %s was printed', p_recipient_id),
      format('look at the printer''s console, then: select postrider.resolve(%L, ''printed'' or ''not_printed'', ''evidence'')', v_piece.id),
      jsonb_build_object('mailpieceId', v_piece.id));
  end if;
  if v_piece.id is not null and v_piece.status <> 'submitting' then
    perform postrider.fail('PR017', format('recipient %s has a mailpiece that is %s', p_recipient_id, v_piece.status),
      'a second card is never made while one may exist; nothing was changed', jsonb_build_object('mailpieceId', v_piece.id));
  end if;
  select j.* into v_verdict from postrider.recipient r
  cross join lateral postrider.judge(v_state.organization_id, v_state.campaign_id, jsonb_build_array(jsonb_build_object('n', 1, 'id', r.id,
    'externalId', r.external_id, 'emailKey', r.email_key, 'householdKey', r.household_key,
    'nameKey', postrider.fold(concat_ws(' ', r.first_name, r.last_name))))) j
  where r.organization_id = v_state.organization_id and r.id = p_recipient_id;

  update postrider.recipient_state s
  set state = case when v_verdict.verdict <> 'pending' then 'skipped' when v_piece.id is not null then 'proofed' else 'pending' end,
    since = v_now, move_no = s.move_no + 1, attempt = 0, losses = 0, available_at = greatest(v_now, v_verdict.available_at), held_at = null,
    cancel_requested_at = null,
    reason = case when v_verdict.verdict = 'pending' then 'retried' when v_verdict.verdict = 'address_enrichable' then 'no_address' else v_verdict.reason end,
    detail = v_verdict.detail
  where s.organization_id = v_state.organization_id and s.recipient_id = p_recipient_id
  returning s.state into v_state.state;
  if v_state.state = 'skipped' then
    perform postrider.drop_open_mailpieces(v_state.organization_id, array[p_recipient_id], v_verdict.reason);
  end if;
  return v_state.state;
end $$;

-- Before the printer: skipped at once. At the printer's API: a mark that is obeyed when the outcome is known. After sent: the printer is asked.
create function postrider.cancel(p_recipient_id uuid, p_why text default null) returns text
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_before text := postrider.act_as('op');
  v_state postrider.recipient_state := postrider.require_recipient(p_recipient_id);
  v_now timestamptz := postrider.now();
begin
  perform postrider.stop_people(v_state.organization_id, array[p_recipient_id], 'skipped', 'cancelled', p_why);
  select * into v_state from postrider.recipient_state
  where organization_id = v_state.organization_id and recipient_id = p_recipient_id for no key update;
  if v_state.state = 'error' then
    if v_state.reason = 'outcome_unknown' then
      perform postrider.fail('PR016', 'nobody can tell whether the card was printed', 'resolve it first; nothing was changed');
    end if;
    update postrider.mailpiece set status = 'cancelled', outcome_detail = 'cancelled'
    where organization_id = v_state.organization_id and recipient_id = p_recipient_id and status = 'submitting';
    update postrider.recipient_state set state = 'skipped', since = v_now, move_no = move_no + 1, reason = 'given_up', detail = left(p_why, 500)
    where organization_id = v_state.organization_id and recipient_id = p_recipient_id;
    return 'skipped';
  elsif v_state.state in ('received', 'returned', 'holdout', 'blacklisted') then
    perform postrider.fail('PR017', format('recipient %s is %s: there is nothing to cancel', p_recipient_id, v_state.state), 'nothing was changed');
  end if;
  return case when v_state.cancel_requested_at is not null and v_state.state <> 'skipped' then v_state.state || ' (cancel requested)' else v_state.state end;
end $$;

-- Who is sent and to be called back: asked for once a minute until the printer has answered.
create function postrider.cancel_claim(p_organization_id uuid, p_limit int) returns json
language sql stable security definer
begin atomic
  select json_agg(json_build_object('recipientId', s.recipient_id, 'mailpieceId', m.id, 'providerId', m.provider_id, 'campaignId', s.campaign_id,
    'printerName', m.printer_name) order by m.printer_name, m.id)
  from (
    select * from postrider.recipient_state
    where organization_id = p_organization_id and cancel_requested_at is not null and state in ('sending', 'sent') and state = 'sent' limit p_limit) s
  join postrider.mailpiece m on m.organization_id = s.organization_id and m.recipient_id = s.recipient_id and m.provider_id is not null
    and m.status not in ('rejected', 'cancelled', 'failed');
end;

-- p_results: [{recipientId, mailpieceId, outcome: cancelled|too_late|unknown, message}]
create function postrider.cancel_settle(p_organization_id uuid, p_results json) returns int
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_before text := postrider.act_as('mail');
  v_now timestamptz := postrider.now();
  v_moved int;
begin
  perform from postrider.recipient_state
  where organization_id = p_organization_id and recipient_id in (select r."recipientId" from json_to_recordset(p_results) as r ("recipientId" uuid))
  order by recipient_id for no key update;
  update postrider.mailpiece m set status = 'cancelled', outcome_detail = 'cancelled at the printer'
  from json_to_recordset(p_results) as r ("mailpieceId" uuid, outcome text)
  where m.organization_id = p_organization_id and m.id = r."mailpieceId" and r.outcome = 'cancelled'
    and (select rank from postrider.mailpiece_status where name = m.status) < 30;
  update postrider.recipient_state s
  set state = 'skipped', since = v_now, move_no = s.move_no + 1, reason = 'cancelled', detail = 'at the printer', cancel_requested_at = null
  from json_to_recordset(p_results) as r ("recipientId" uuid, "mailpieceId" uuid, outcome text)
  join postrider.mailpiece m on m.organization_id = p_organization_id and m.id = r."mailpieceId" and m.status = 'cancelled'
  where s.organization_id = p_organization_id and s.recipient_id = r."recipientId" and s.state = 'sent' and r.outcome = 'cancelled';
  get diagnostics v_moved = row_count;
  update postrider.recipient_state s set cancel_requested_at = null, detail = left('cannot be called back: ' || r.message, 500)
  from json_to_recordset(p_results) as r ("recipientId" uuid, outcome text, message text)
  where s.organization_id = p_organization_id and s.recipient_id = r."recipientId" and s.state = 'sent' and r.outcome = 'too_late';
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Forgets a person: the cold row, frozen requests and raw events are blanked, and a keyed digest stays as a suppression, so that the next sync does
-- not bring them back. Before the printer they are skipped first; at the printer it completes when the outcome is known.
create function postrider.erase(p_recipient_id uuid) returns text
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_before text := postrider.act_as('op');
  v_state postrider.recipient_state := postrider.require_recipient(p_recipient_id);
  v_now timestamptz := postrider.now();
  v_who postrider.recipient;
begin
  select * into v_who from postrider.recipient where organization_id = v_state.organization_id and id = p_recipient_id;
  insert into postrider.suppression (organization_id, id, kind, digest, value, reason, source, added_by, created_at)
  select v_state.organization_id, postrider.new_id(), k.kind, postrider.digest_of(v_state.organization_id, k.kind, k.value), null, 'erasure',
    'erase', session_user, v_now
  from (values ('external_id', v_who.external_id), ('email', v_who.email_key)) as k (kind, value)
  where k.value is not null and v_who.erased_at is null
  on conflict on constraint suppression_key do update set value = null, reason = 'erasure', expires_at = null;
  perform postrider.stop_people(v_state.organization_id, array[p_recipient_id], 'skipped', 'erased', null);
  select * into v_state from postrider.recipient_state
  where organization_id = v_state.organization_id and recipient_id = p_recipient_id for no key update;
  if v_state.state = 'sending' or v_state.state = 'error' and v_state.reason = 'outcome_unknown' then
    return 'waits until the outcome at the printer is known; call it again then';
  end if;
  update postrider.recipient set external_id = 'erased:' || id, email = null, first_name = null, last_name = null, line1 = null, line2 = null,
    city = null, region = null, postal_code = null, country = null, merge = '{}', email_key = null, household_key = null, source_row = null,
    erased_at = coalesce(erased_at, v_now)
  where organization_id = v_state.organization_id and id = p_recipient_id;
  update postrider.mailpiece set request = jsonb_build_object('format', request -> 'format', 'mailClass', request -> 'mailClass'), erased_at = v_now
  where organization_id = v_state.organization_id and recipient_id = p_recipient_id;
  update postrider.provider_event set body = ''
  where applied_at is not null and id in (
    select e.inbox_id from postrider.mailpiece_event e
    join postrider.mailpiece m on m.organization_id = e.organization_id and m.id = e.mailpiece_id
    where m.organization_id = v_state.organization_id and m.recipient_id = p_recipient_id);
  delete from postrider.address_cache where organization_id = v_state.organization_id and email_key = v_who.email_key;
  delete from postrider.sync_reject where organization_id = v_state.organization_id and external_id = v_who.external_id;
  return 'erased';
end $$;
