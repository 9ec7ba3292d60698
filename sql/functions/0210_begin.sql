-- begin: the moment at which a cohort passes from pg-boss to SQL. At most once; a redelivered job finds nothing to do.
--
-- Lock first, check in a later statement. The advisory locks are shared among begins and exclusive for hold(): row locks alone let new
-- sharers overtake a waiting hold for ever (16 busy clients: it never got in; with the advisory lock 0.1 s). The rows are locked for share as
-- well, for whoever changes a status by hand.

-- p_printer_names: in their order.
create function postrider.lock_for_begin(p_organization_id uuid, p_campaign_id uuid, p_printer_names text[]) returns void
language plpgsql set search_path = postrider, pg_temp as $$
begin
  perform pg_advisory_xact_lock_shared(postrider.lock_key('organization', p_organization_id)),
    pg_advisory_xact_lock_shared(postrider.lock_key('campaign', p_organization_id, p_campaign_id::text));
  perform pg_advisory_xact_lock_shared(postrider.lock_key('printer', p_organization_id, n.name)) from unnest(p_printer_names) as n (name);
  perform from postrider.organization o
  join postrider.campaign c on c.organization_id = o.id and c.id = p_campaign_id
  join postrider.printer p on p.organization_id = o.id and p.name = any (p_printer_names)
  where o.id = p_organization_id for share of o, c, p;
end $$;

-- The printers that a mail cohort prints at: its campaign's, and those of the pieces that are taken up again. A piece stays with the printer it was opened
-- for, whatever printer its campaign has by now.
create function postrider.printers_of_cohort(p_organization_id uuid, p_cohort_id uuid, p_printer_name text) returns text[]
language plpgsql stable set search_path = postrider, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  if not exists (select from postrider.printer where organization_id = p_organization_id and name <> p_printer_name) then
    return array[p_printer_name];
  end if;
  return array(
    select p_printer_name
    union
    select m.printer_name from postrider.recipient_state s
    join postrider.mailpiece m on m.organization_id = s.organization_id and m.recipient_id = s.recipient_id and m.status = 'submitting'
    where s.organization_id = p_organization_id and s.cohort_id = p_cohort_id
    order by 1);
end $$;

-- Why nothing of this stage may begin now; null where it may. p_printer_name: whose lock we have. The campaign may have changed to another one while we
-- waited: a hold of that one would not have met us.
create function postrider.begin_refused(p_organization_id uuid, p_campaign_id uuid, p_stage text, p_printer_name text) returns text
language sql stable
return (
  select case
    when p_stage = 'mail' and c.printer_name <> p_printer_name then 'printer_changed'
    when o.held_at is not null or c.status = 'paused' or p_stage = 'mail' and p.held_at is not null then 'held'
    when not (c.status = 'active' or c.status = 'pending' and p_stage = 'proof') then 'campaign_not_running'
    when p_stage = 'mail' and c.mode = 'live' and p.armed_at is null then 'not_armed'
  end
  from postrider.campaign c
  join postrider.organization o on o.id = c.organization_id
  join postrider.printer p on p.organization_id = c.organization_id and p.name = c.printer_name
  where c.organization_id = p_organization_id and c.id = p_campaign_id
);

-- Takes the cohort, or says by null that there is nothing to do: begun already, closed, gone, or refused (its people are back then).
create function postrider.take_cohort(p_organization_id uuid, p_cohort_id uuid, p_stage text, p_runner_id uuid, p_lease interval, p_now timestamptz)
returns uuid
language plpgsql set search_path = postrider, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_campaign_id uuid;
  v_printer_name text;
  v_refused text;
  v_held boolean;
  v_staged text := case p_stage when 'proof' then 'proofing_staged' else 'sending_staged' end;
  v_source text := case p_stage when 'proof' then 'pending' else 'proofed' end;
begin
  -- A cohort of nobody, or without an end, would never be given back.
  if p_runner_id is null or p_lease is null or p_lease <= interval '0' or p_lease > interval '1 day' then
    perform postrider.require_given('the runner''s id', p_runner_id::text);
    perform postrider.require_lease(p_lease);
  end if;
  select c.campaign_id, k.printer_name into v_campaign_id, v_printer_name
  from postrider.cohort c join postrider.campaign k on k.organization_id = c.organization_id and k.id = c.campaign_id
  where c.organization_id = p_organization_id and c.id = p_cohort_id and c.stage = p_stage and c.begun_at is null and c.closed_at is null;
  if not found then
    return null;
  end if;
  perform postrider.lock_for_begin(p_organization_id, v_campaign_id, case p_stage when 'proof' then array[v_printer_name]
    else postrider.printers_of_cohort(p_organization_id, p_cohort_id, v_printer_name) end);
  v_refused := postrider.begin_refused(p_organization_id, v_campaign_id, p_stage, v_printer_name);
  if p_stage = 'mail' and v_refused is null then
    -- Only a capped campaign: for any other this would let one begin in at a time.
    perform from postrider.campaign_counter n
    where n.organization_id = p_organization_id and n.campaign_id = v_campaign_id and exists (
      select from postrider.campaign c where c.organization_id = p_organization_id and c.id = v_campaign_id
        and (c.daily_cap is not null or c.total_cap is not null or c.budget_minor is not null))
    for no key update;
  end if;

  update postrider.cohort set begun_at = p_now, lease_until = p_now + p_lease, runner_id = p_runner_id,
    closed_at = case when v_refused is not null then p_now end, closed_why = v_refused
  where organization_id = p_organization_id and id = p_cohort_id and begun_at is null and closed_at is null;
  if not found then
    return null;
  end if;

  -- Nobody can settle, reap or cancel while we hold the cohort's row; the order by id keeps several locks from crossing.
  select bool_or(s.held) into v_held from (
    select held_at is not null as held from postrider.recipient_state
    where organization_id = p_organization_id and cohort_id = p_cohort_id order by recipient_id for no key update) s;
  if v_refused is not null or v_held then
    update postrider.recipient_state
    set state = v_source, since = p_now, move_no = move_no + 1, cohort_id = null, reason = coalesce(v_refused, 'held'), detail = null
    where organization_id = p_organization_id and cohort_id = p_cohort_id and state = v_staged and (v_refused is not null or held_at is not null);
  end if;
  return case when v_refused is null then v_campaign_id end;
end $$;

-- Returns {campaign: {…}, cards: [{recipientId, attempt, firstName, …}]}, or null where there is nothing to do.
-- It waits at most 2 s for a lock, and pg-boss tries again: a begin that waited for somebody's open psql transaction would keep every hold waiting.
create function postrider.begin_proof(p_organization_id uuid, p_cohort_id uuid, p_runner_id uuid, p_lease interval) returns json
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set lock_timeout = '2s' as $$
declare
  v_before text := postrider.act_as('proof');
  v_now timestamptz := postrider.now();
  v_campaign_id uuid := postrider.take_cohort(p_organization_id, p_cohort_id, 'proof', p_runner_id, p_lease, v_now);
  v_cards json;
begin
  perform postrider.redoable();
  if v_campaign_id is null then
    perform postrider.act_as(v_before);
    return null;
  end if;
  with begun as (
    update postrider.recipient_state s
    set state = 'proofing', since = v_now, move_no = s.move_no + 1, reason = 'begun', detail = null
    where s.organization_id = p_organization_id and s.cohort_id = p_cohort_id and s.state = 'proofing_staged'
    returning s.recipient_id, s.attempt
  )
  select json_agg(json_build_object('recipientId', r.id, 'attempt', b.attempt, 'firstName', r.first_name, 'lastName', r.last_name,
    'line1', r.line1, 'line2', r.line2, 'city', r.city, 'region', r.region, 'postalCode', r.postal_code, 'country', r.country,
    'merge', r.merge, 'reference', r.reference) order by r.id)
  into v_cards
  from begun b join postrider.recipient r on r.organization_id = p_organization_id and r.id = b.recipient_id;
  if v_cards is null then
    update postrider.cohort set closed_at = v_now, closed_why = 'empty' where organization_id = p_organization_id and id = p_cohort_id;
    perform postrider.act_as(v_before);
    return null;
  end if;
  perform postrider.act_as(v_before);
  return json_build_object('cards', v_cards, 'campaign', postrider.campaign_brief(p_organization_id, v_campaign_id));
end $$;

-- What a runner must know of a campaign to render and print for it.
create function postrider.campaign_brief(p_organization_id uuid, p_campaign_id uuid) returns json
language sql stable
return (
  select json_build_object('organizationId', organization_id, 'campaignId', id, 'name', name, 'template', template, 'format', format,
    'mailClass', mail_class, 'mode', mode, 'printerName', printer_name, 'returnAddress', return_address,
    'integrations', integrations, 'baseDirectory', base_directory)
  from postrider.campaign where organization_id = p_organization_id and id = p_campaign_id
);

-- Returns {campaign: {…}, pieces: [{recipientId, mailpieceId, moveNo, idempotencyKey, mode,
-- printerName, request}], watermark}; without campaign and pieces where this database is not the one
-- that the runner knew; null where there is nothing to do.
-- p_remembered: what the runner keeps outside of the database, see check_watermark. It is compared
-- first: a hold of the printers comes before every lock of a begin, and is obeyed by this one.
create function postrider.begin_mail(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_runner_id uuid,
  p_lease interval,
  p_remembered jsonb default null
) returns json
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set lock_timeout = '2s' as $$
declare
  v_before text := postrider.act_as('mail');
  v_watermark jsonb := postrider.check_watermark(p_remembered);
  v_now timestamptz := postrider.now();
  v_campaign_id uuid := postrider.take_cohort(p_organization_id, p_cohort_id, 'mail', p_runner_id, p_lease, v_now);
  v_secret text;
  v_pieces json;
begin
  if v_campaign_id is null then
    perform postrider.act_as(v_before);
    return case when v_watermark ->> 'noticed' is not null
      then json_build_object('watermark', v_watermark) end;
  end if;
  -- It was held when we asked, and somebody has released it since. Who asks next holds it again.
  if (v_watermark ->> 'superseded')::boolean then
    perform postrider.fail('PR017', v_watermark ->> 'noticed', 'nobody was begun; end this server, '
      'or ask the printers: postrider reconcile --since, then release');
  end if;
  -- The printer is about to hear of these pieces: this commit must survive a crash of the server, also where others need not.
  -- And a failover, where a standby is synchronous.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform postrider.turn_away_before_mail(p_organization_id, v_campaign_id, p_cohort_id, v_now);
  v_secret := (select secret::text from postrider.organization_key where organization_id = p_organization_id);

  -- An open piece is taken up again, key, printer and request unchanged. Where there is none, one is opened.
  insert into postrider.mailpiece (organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key, request, opened_at)
  select p_organization_id, postrider.new_id(), r.id, c.id, c.printer_name, c.mode, gen_random_uuid(),
    jsonb_build_object('format', c.format, 'mailClass', c.mail_class,
      'to', jsonb_build_object(
        'name', coalesce(nullif(btrim(concat_ws(' ', r.first_name, r.last_name)), ''), 'Current Resident'),
        'address', jsonb_build_object('line1', r.line1, 'line2', r.line2, 'city', r.city, 'region', r.region,
          'postalCode', r.postal_code, 'country', r.country)),
      'from', c.return_address, 'person', encode(sha256(convert_to(v_secret || ':external_id:' || r.external_id, 'UTF8')), 'hex'),
      'artwork', jsonb_build_object('front', jsonb_build_object('url', p.front_url, 'page', p.front_page),
        'back', jsonb_build_object('url', p.back_url, 'page', p.back_page))),
    v_now
  from postrider.recipient_state s
  join postrider.recipient r on r.organization_id = s.organization_id and r.id = s.recipient_id
  join postrider.proof p on p.organization_id = s.organization_id and p.recipient_id = s.recipient_id
  join postrider.campaign c on c.organization_id = s.organization_id and c.id = s.campaign_id
  where s.organization_id = p_organization_id and s.cohort_id = p_cohort_id and s.state = 'sending_staged'
  on conflict (organization_id, recipient_id, mode) where status not in ('rejected', 'cancelled', 'failed') do nothing;

  with begun as (
    update postrider.recipient_state s
    set state = 'sending', since = v_now, move_no = s.move_no + 1, reason = 'begun', detail = null
    from postrider.campaign c, postrider.mailpiece m
    where s.organization_id = p_organization_id and s.cohort_id = p_cohort_id and s.state = 'sending_staged'
      and c.organization_id = s.organization_id and c.id = s.campaign_id
      and m.organization_id = s.organization_id and m.recipient_id = s.recipient_id and m.mode = c.mode and m.status = 'submitting'
    returning m.*, s.move_no
  )
  select json_agg(json_build_object('recipientId', recipient_id, 'mailpieceId', id, 'moveNo', move_no,
    'idempotencyKey', idempotency_key, 'mode', mode, 'printerName', printer_name, 'request', request)
    order by recipient_id)
  into v_pieces from begun;

  -- Nobody may be at the printer without a piece: nothing would ever bring them back from there.
  if exists (select from postrider.recipient_state where organization_id = p_organization_id and cohort_id = p_cohort_id and state = 'sending_staged') then
    update postrider.recipient_state
    set state = 'error', since = v_now, move_no = move_no + 1, cohort_id = null, reason = 'render_failed', detail = 'its proof is gone'
    where organization_id = p_organization_id and cohort_id = p_cohort_id and state = 'sending_staged';
  end if;
  if v_pieces is null then
    update postrider.cohort set closed_at = v_now, closed_why = 'empty' where organization_id = p_organization_id and id = p_cohort_id;
    perform postrider.act_as(v_before);
    return null;
  end if;
  perform postrider.act_as(v_before);
  return json_build_object('pieces', v_pieces, 'watermark', v_watermark,
    'campaign', postrider.campaign_brief(p_organization_id, v_campaign_id));
end $$;

-- How a printer is reached: kind and options as in the campaign file that named it last.
create function postrider.printer_brief(p_organization_id uuid, p_printer_name text) returns json
language sql stable security definer
return (
  select json_build_object('organizationId', p.organization_id, 'name', p.name, 'kind', p.kind, 'options', p.options,
    'baseDirectory', (select c.base_directory from postrider.campaign c
      where c.organization_id = p.organization_id and c.printer_name = p.name order by c.created_at desc limit 1),
    'quietMs', extract(epoch from p.quiet) * 1000)
  from postrider.printer p where p.organization_id = p_organization_id and p.name = p_printer_name
);

-- A runner says, before it sends this printer anything, how long an unknown outcome must rest: longer than the printer's time-out and read lag together.
-- Never shortened by a runner: another one, or a request under way, may still work by the longer time.
create function postrider.printer_rests(p_organization_id uuid, p_printer_name text, p_quiet interval) returns void
language sql volatile security definer
begin atomic
  select postrider.require_within('how long an unknown outcome rests', p_quiet, interval '0', interval '30 days');
  update postrider.printer set quiet = p_quiet
  where organization_id = p_organization_id and name = p_printer_name and (quiet is null or quiet < p_quiet);
end;
