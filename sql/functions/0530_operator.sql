-- Safe repairs, one call each.

-- From error: tries again. Refuses where a card may exist; meets the rules of the door again, under the lock that everybody takes for them.
create function postrider.retry(p_recipient_id uuid) returns text
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_before text := postrider.act_as('op');
  v_state postrider.recipient_state := postrider.require_recipient(p_recipient_id);
  v_campaign postrider.campaign := postrider.lock_for_retry(v_state.organization_id, v_state.campaign_id);
  v_piece postrider.mailpiece;
begin
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
  return (select r.state from postrider.retry_people(v_state.organization_id, v_state.campaign_id, array[p_recipient_id]) r);
end $$;

-- Everybody of a campaign who is in error for one reason, when its cause is mended. Up to p_limit at a time: a sync of the organization, and a hold of the
-- campaign, wait for it. Returns {"tried": by the state that follows, "refused": how many may have a card, "left": how many are still to be tried}.
create function postrider.retry_all(p_organization_id uuid, p_campaign_id uuid, p_reason text, p_limit int default 10000) returns jsonb
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_before text := postrider.act_as('op');
  v_people uuid[];
  v_tried jsonb;
  v_refused int;
  v_left int;
begin
  perform postrider.require_organization(p_organization_id);
  if not exists (select from postrider.campaign where organization_id = p_organization_id and id = p_campaign_id) then
    perform postrider.fail('PR010', 'there is no such campaign', 'select name, id from postrider.campaigns');
  end if;
  if not exists (select from postrider.reason where code = p_reason) then
    perform postrider.fail('PR020', format('%L is not a reason', p_reason), 'select reason, count(*) from postrider.stuck where state = ''error'' group by 1');
  end if;
  if p_reason = 'outcome_unknown' then
    perform postrider.fail('PR016', 'nobody can tell whether these cards were printed',
      'look at the printer''s console for each, then postrider.resolve(mailpiece, ''printed'' or ''not_printed'', evidence); nothing was changed');
  end if;
  if exists (select from postrider.recipient_state where organization_id = p_organization_id and campaign_id = p_campaign_id and state = 'error'
    and reason = p_reason) then
    perform postrider.lock_for_retry(p_organization_id, p_campaign_id);
    v_people := array(
      select s.recipient_id from postrider.recipient_state s
      where s.organization_id = p_organization_id and s.campaign_id = p_campaign_id and s.state = 'error' and s.reason = p_reason
        and not postrider.card_may_exist(s.organization_id, s.recipient_id)
      order by s.recipient_id limit p_limit for no key update);
    select coalesce(jsonb_object_agg(x.state, x.people), '{}') into v_tried
    from (select r.state, count(*) as people from postrider.retry_people(p_organization_id, p_campaign_id, v_people) r group by 1) x;
  end if;
  select count(*) filter (where card), count(*) filter (where not card) into v_refused, v_left
  from (select postrider.card_may_exist(s.organization_id, s.recipient_id) as card from postrider.recipient_state s
    where s.organization_id = p_organization_id and s.campaign_id = p_campaign_id and s.state = 'error' and s.reason = p_reason) x;
  return jsonb_build_object('tried', coalesce(v_tried, '{}'), 'refused', v_refused, 'left', v_left);
end $$;

create function postrider.card_may_exist(p_organization_id uuid, p_recipient_id uuid) returns boolean
language sql stable
return exists (
  select from postrider.mailpiece m where m.organization_id = p_organization_id and m.recipient_id = p_recipient_id
    and m.status not in ('rejected', 'cancelled', 'failed', 'submitting'));

-- The locks of whoever brings people back, in the order of the house. A completed campaign is active again; an archived one stays so.
create function postrider.reopen_campaign(p_organization_id uuid, p_campaign_id uuid) returns postrider.campaign
language plpgsql set search_path = postrider, pg_temp as $$
begin
  -- Raised before lock_for_sync shares the row: a share that is upgraded deadlocks with the next one.
  perform from postrider.organization_sync where organization_id = p_organization_id for no key update;
  update postrider.campaign set status = 'active', ended_at = null
  where organization_id = p_organization_id and id = p_campaign_id and status = 'completed';
  return postrider.lock_for_sync(p_organization_id, p_campaign_id);
end $$;

create function postrider.lock_for_retry(p_organization_id uuid, p_campaign_id uuid) returns postrider.campaign
language plpgsql set search_path = postrider, pg_temp as $$
declare
  v_campaign postrider.campaign := postrider.reopen_campaign(p_organization_id, p_campaign_id);
begin
  if v_campaign.status = 'archived' then
    perform postrider.fail('PR012', format('campaign %s is archived', v_campaign.name), 'nobody is mailed from an archived campaign; nothing was changed');
  end if;
  return v_campaign;
end $$;

-- People in error, locked by the caller, none of whom has a card: they meet the rules of the door again, together. A piece that is still submitting was
-- proven not printed, and is taken up again. Whoever was to be cancelled is cancelled now, and is nobody's first.
create function postrider.retry_people(p_organization_id uuid, p_campaign_id uuid, p_people uuid[]) returns table (recipient_id uuid, state text)
language plpgsql set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
  v_now timestamptz := postrider.now();
  v_marked uuid[] := array(
    select s.recipient_id from postrider.recipient_state s
    where s.organization_id = p_organization_id and s.recipient_id = any (p_people) and s.cancel_requested_at is not null);
  v_asked jsonb;
  v_judged jsonb;
begin
  if cardinality(p_people) = 0 then
    return;
  end if;
  select jsonb_agg(jsonb_build_object('n', r.n, 'id', r.id, 'externalId', r.external_id, 'emailKey', r.email_key, 'householdKey', r.household_key,
    'nameKey', postrider.fold(concat_ws(' ', r.first_name, r.last_name)))) into v_asked
  from (select row_number() over (order by created_at, source_row, id) as n, x.* from postrider.recipient x
    where x.organization_id = p_organization_id and x.id = any (p_people) and not x.id = any (v_marked)) r;
  -- Whoever has no address is asked for again, where there is an e-mail to ask by: who was erased has none.
  select jsonb_agg(to_jsonb(j)) into v_judged from (
    select j.id, j.verdict, j.reason, j.detail, j.available_at, j.verdict = 'address_enrichable' and a."emailKey" is not null as askable
    from postrider.judge(p_organization_id, p_campaign_id, v_asked) j
    join jsonb_to_recordset(v_asked) as a (id uuid, "emailKey" text) on a.id = j.id
    union all
    select x, 'skipped', 'cancelled', null, v_now, false from unnest(v_marked) x) j;

  return query
  update postrider.recipient_state s
  set state = case when j.askable then j.verdict when j.verdict <> 'pending' then 'skipped' when m.id is not null then 'proofed' else 'pending' end,
    since = v_now, move_no = s.move_no + 1, attempt = 0, losses = 0, available_at = greatest(v_now, j.available_at), held_at = null,
    cancel_requested_at = null,
    reason = case when j.verdict = 'pending' or j.askable then 'retried' when j.verdict = 'address_enrichable' then 'no_address' else j.reason end,
    detail = j.detail
  from jsonb_to_recordset(v_judged) as j (id uuid, verdict text, reason text, detail text, available_at timestamptz, askable boolean)
  left join postrider.mailpiece m on m.organization_id = p_organization_id and m.recipient_id = j.id and m.status = 'submitting'
  where s.organization_id = p_organization_id and s.recipient_id = j.id and s.state = 'error'
  returning s.recipient_id, s.state;

  perform postrider.drop_open_mailpieces(p_organization_id, array_agg(j.id), j.reason)
  from jsonb_to_recordset(v_judged) as j (id uuid, verdict text, reason text) where j.verdict <> 'pending' group by j.reason;
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

-- Who is sent and to be called back: asked for once a minute until the printer has answered. The piece carries when it may be asked for next, so that
-- those of whom a printer cannot tell do not keep it from being asked about the others.
create function postrider.cancel_claim(p_organization_id uuid, p_limit int) returns json
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_now timestamptz := postrider.now();
  v_pieces json;
begin
  with asked as (
    update postrider.mailpiece m set available_at = v_now + interval '1 minute'
    where m.organization_id = p_organization_id and m.id = any (array(
      select p.id from postrider.recipient_state s
      join postrider.mailpiece p on p.organization_id = s.organization_id and p.recipient_id = s.recipient_id and p.provider_id is not null
        and p.status not in ('rejected', 'cancelled', 'failed') and (p.available_at is null or p.available_at <= v_now)
      where s.organization_id = p_organization_id and s.cancel_requested_at is not null and s.state in ('sending', 'sent') and s.state = 'sent'
      order by p.available_at nulls first, p.id limit p_limit for no key update of p skip locked))
    returning m.id, m.recipient_id, m.provider_id, m.campaign_id, m.printer_name
  )
  select json_agg(json_build_object('recipientId', recipient_id, 'mailpieceId', id, 'providerId', provider_id, 'campaignId', campaign_id,
    'printerName', printer_name) order by printer_name, id)
  into v_pieces from asked;
  return v_pieces;
end $$;

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
  where s.organization_id = p_organization_id and s.recipient_id = r."recipientId" and s.state = 'sent'
    -- Whoever is still sent although it was called back: the card has been scanned on its way.
    and r.outcome in ('too_late', 'cancelled');
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Forgets a person, in every campaign: the cold row, frozen requests, details of the history and raw events are blanked, and a keyed digest stays as a
-- suppression, so that the next sync does not bring them back. Before the printer they are skipped first. At the printer a cancel mark keeps them from being submitted again, and nothing more of
-- them is needed to find out what became of the card: its references stay.
create function postrider.erase(p_recipient_id uuid) returns text
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_before text := postrider.act_as('op');
  v_organization_id uuid := (postrider.require_recipient(p_recipient_id)).organization_id;
  v_now timestamptz := postrider.now();
  v_who postrider.recipient;
  v_people uuid[];
begin
  select * into v_who from postrider.recipient where organization_id = v_organization_id and id = p_recipient_id;
  -- The same e-mail or external id in another campaign is the same person.
  v_people := array(select distinct unnest(p_recipient_id || postrider.people_known_as(v_organization_id, null, v_who.email_key, v_who.external_id, null)));
  -- People before suppressions, as in suppress().
  perform from postrider.recipient_state where organization_id = v_organization_id and recipient_id = any (v_people)
  order by recipient_id for no key update;
  insert into postrider.suppression (organization_id, id, kind, digest, value, reason, source, added_by, created_at)
  select v_organization_id, postrider.new_id(), k.kind, postrider.digest_of(v_organization_id, k.kind, k.value), null, 'erasure', 'erase', session_user, v_now
  from (
    select 'external_id' as kind, external_id as value from postrider.recipient
    where organization_id = v_organization_id and id = any (v_people) and erased_at is null
    union
    select 'email', email_key from postrider.recipient
    where organization_id = v_organization_id and id = any (v_people) and erased_at is null and email_key is not null) k
  on conflict on constraint suppression_key do update set value = null, reason = 'erasure', expires_at = null;
  perform postrider.stop_people(v_organization_id, v_people, 'skipped', 'erased', null);
  update postrider.recipient_state set detail = null,
    cancel_requested_at = case when state = 'error' and reason = 'outcome_unknown' then coalesce(cancel_requested_at, v_now) else cancel_requested_at end
  where organization_id = v_organization_id and recipient_id = any (v_people);
  perform postrider.blank_traces(v_organization_id, v_people, v_now);
  return 'erased';
end $$;

-- Everything that a name or an address may stand in, of people who are erased. What happened, when, and the printers' ids stay.
create function postrider.blank_traces(p_organization_id uuid, p_people uuid[], p_now timestamptz) returns void
language plpgsql set search_path = postrider, pg_temp as $$
begin
  delete from postrider.address_cache
  where organization_id = p_organization_id and email_key in (
    select email_key from postrider.recipient where organization_id = p_organization_id and id = any (p_people));
  delete from postrider.sync_reject
  where organization_id = p_organization_id and external_id in (
    select external_id from postrider.recipient where organization_id = p_organization_id and id = any (p_people));
  -- That mail came back from there is still known, by its digest.
  update postrider.suppression set value = null
  where organization_id = p_organization_id and kind = 'household' and digest in (
    select postrider.digest_of(p_organization_id, 'household', household_key) from postrider.recipient
    where organization_id = p_organization_id and id = any (p_people) and household_key is not null);
  update postrider.recipient set external_id = 'erased:' || id, email = null, first_name = null, last_name = null, line1 = null, line2 = null,
    city = null, region = null, postal_code = null, country = null, merge = '{}', email_key = null, household_key = null, source_row = null,
    erased_at = coalesce(erased_at, p_now)
  where organization_id = p_organization_id and id = any (p_people);
  update postrider.recipient_event set detail = null
  where organization_id = p_organization_id and recipient_id = any (p_people) and detail is not null;
  update postrider.mailpiece set request = jsonb_build_object('format', request -> 'format', 'mailClass', request -> 'mailClass'),
    outcome_detail = null, erased_at = coalesce(erased_at, p_now)
  where organization_id = p_organization_id and recipient_id = any (p_people);
  update postrider.provider_event set body = ''
  where applied_at is not null and id in (
    select e.inbox_id from postrider.mailpiece_event e
    join postrider.mailpiece m on m.organization_id = e.organization_id and m.id = e.mailpiece_id
    where m.organization_id = p_organization_id and m.recipient_id = any (p_people));
end $$;

-- Somebody has looked at it, and says what came of it. Returns when.
create function postrider.clear_alarm(p_alarm_id uuid, p_why text) returns timestamptz
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_now timestamptz := postrider.now();
begin
  if nullif(btrim(p_why), '') is null then
    perform postrider.fail('PR020', 'say what came of it', 'the sentence stays in the trace of the person; nothing was changed');
  end if;
  update postrider.alarm set cleared_at = v_now, cleared_by = session_user, detail = detail || jsonb_build_object('cleared', left(btrim(p_why), 500))
  where organization_id = any (postrider.my_organizations()) and id = p_alarm_id and cleared_at is null;
  if not found then
    perform postrider.fail('PR010', format('there is no open alarm %s', p_alarm_id), 'select id, kind, what_helps from postrider.alarms; nothing was changed');
  end if;
  return v_now;
end $$;

-- Webhooks that could not be read are read again, when the adapter is mended. Returns how many.
create function postrider.retry_webhooks(p_organization_id uuid, p_printer_name text default null) returns int
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_again int;
begin
  perform postrider.require_organization(p_organization_id);
  update postrider.provider_event set error = null
  where organization_id = p_organization_id and applied_at is null and error is not null
    and (p_printer_name is null or printer_name = p_printer_name);
  get diagnostics v_again = row_count;
  if v_again > 0 then
    perform pg_notify('postrider_moved', 'track');
  end if;
  return v_again;
end $$;
