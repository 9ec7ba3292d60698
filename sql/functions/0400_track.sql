-- Status tracking. Raw webhooks are stored first and answered at once; what they say is applied in bulk. A mailpiece's status is a function of
-- the set of its events, not of their order: the highest rank wins.

-- Stores a verified webhook. False where it was delivered before.
create function postrider.receive_webhook(p_organization_id uuid, p_printer_name text, p_delivery_id text, p_body bytea) returns boolean
language plpgsql security definer set search_path = postrider, pg_temp as $$
begin
  if p_delivery_id is null or p_body is null or length(p_delivery_id) > 1000 then
    perform postrider.require_given('the id of a delivery, and its body', p_delivery_id, left(p_body::text, 1));
    perform postrider.require_within('the length of a delivery''s id', length(p_delivery_id), 0, 1000);
  end if;
  insert into postrider.provider_event (id, organization_id, printer_name, delivery_id, body, received_at)
  select postrider.new_id(), p.organization_id, p.name, p_delivery_id, p_body, postrider.now()
  from postrider.printer p where p.organization_id = p_organization_id and p.name = p_printer_name
  on conflict on constraint provider_event_delivery_key do nothing;
  if not found then
    if not exists (select from postrider.printer where organization_id = p_organization_id and name = p_printer_name) then
      perform postrider.fail('PR010', format('there is no printer %s', left(p_printer_name, 100)),
        'select organization, name from postrider.printers; the webhook was not kept, and its sender should send it again');
    end if;
    return false;
  end if;
  -- Apart from printer, which every begin shares; and written once a minute, not once a webhook.
  insert into postrider.printer_feed as f (organization_id, printer_name, told_at) values (p_organization_id, p_printer_name, postrider.now())
  on conflict (organization_id, printer_name) do update set told_at = excluded.told_at
    where f.told_at is null or f.told_at < excluded.told_at - interval '1 minute';
  perform pg_notify('postrider_moved', 'track');
  return true;
end $$;

-- Up to p_limit webhooks that nobody has applied, locked until the transaction ends.
create function postrider.track_claim(p_limit int)
returns table (id uuid, organization_id uuid, printer_name text, body bytea, received_at timestamptz)
language sql volatile security definer set search_path = postrider, pg_temp
as $$
  select postrider.require_within('the limit', p_limit, 0, 1000000);
  select id, organization_id, printer_name, body, received_at from postrider.provider_event
  where applied_at is null and error is null order by received_at limit p_limit for no key update skip locked
$$;

-- Applied, or kept as a whole with the reason. With the last webhook of a printer that had something unusable in it goes the alarm.
create function postrider.track_done(p_id uuid, p_error text default null) returns void
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_now timestamptz := postrider.now();
  v_hook postrider.provider_event;
begin
  update postrider.provider_event set applied_at = case when p_error is null then v_now end, error = left(p_error, 2000)
  where id = p_id and (p_error is not null or unusable is null);
  if found then
    return;
  end if;
  update postrider.provider_event e set applied_at = v_now, error = null, unusable = null,
    body = case when exists (
      select from postrider.mailpiece_event x
      join postrider.mailpiece m on m.organization_id = x.organization_id and m.id = x.mailpiece_id and m.erased_at is not null
      where x.organization_id = e.organization_id and x.inbox_id = e.id) then '' else e.body end
  where id = p_id returning * into v_hook;
  update postrider.alarm set cleared_at = v_now, cleared_by = session_user,
    detail = detail || jsonb_build_object('cleared', 'what could not be used was applied')
  where organization_id = v_hook.organization_id and kind = 'unusable_event' and detail ->> 'printer' = v_hook.printer_name and cleared_at is null
    and not exists (
      select from postrider.provider_event e
      where e.organization_id = v_hook.organization_id and e.printer_name = v_hook.printer_name and e.unusable is not null);
  -- Where something is left the alarm names that, and no longer what was applied.
  update postrider.alarm a set detail = a.detail || jsonb_build_object('webhook', l.id, 'eventId', l.first -> 'eventId', 'reason', l.first -> 'reason')
  from (
    select e.id, e.unusable -> 0 as first from postrider.provider_event e
    where e.organization_id = v_hook.organization_id and e.printer_name = v_hook.printer_name and e.unusable is not null and e.unusable <> '[]'
    order by e.received_at limit 1) l
  where a.organization_id = v_hook.organization_id and a.kind = 'unusable_event' and a.detail ->> 'webhook' = p_id::text and a.cleared_at is null;
end $$;

-- Some events of a webhook cannot be used: p_unusable [{eventId, reason, raw}], of p_count in all. The webhook is kept, retry_webhooks() reads it again, and
-- what was applied of it is known by its ids then. Called before the others are applied, too: a webhook of which something is kept keeps its body.
create function postrider.track_unusable(p_id uuid, p_unusable jsonb, p_count int) returns void
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_hook postrider.provider_event;
  v_first jsonb := p_unusable -> 0;
begin
  perform postrider.require_list('the events', jsonb_typeof(p_unusable));
  perform postrider.require_within('their number', p_count, 0, 1000000);
  update postrider.provider_event set unusable = p_unusable,
    error = case when p_count > 0 then left(format('%s of its events cannot be used: %s', p_count, v_first ->> 'reason'), 2000) end
  where id = p_id returning * into v_hook;
  if not found then
    perform postrider.fail('PR010', format('there is no webhook %s', p_id), 'it may be over, or another organization''s; nothing was changed');
  end if;
  -- One alarm for a printer, however many of its webhooks are odd.
  if p_count > 0 and not exists (
    select from postrider.alarm a
    where a.organization_id = v_hook.organization_id and a.kind = 'unusable_event' and a.detail ->> 'printer' = v_hook.printer_name and a.cleared_at is null)
  then
    insert into postrider.alarm (organization_id, id, kind, detail, raised_at)
    values (v_hook.organization_id, postrider.new_id(), 'unusable_event', jsonb_build_object('printer', v_hook.printer_name, 'webhook', p_id,
      'eventId', v_first -> 'eventId', 'reason', v_first -> 'reason'), postrider.now());
  end if;
end $$;

-- Locks everybody whom a whole batch of webhooks concerns, by id, before the first of them is applied: one webhook after the other would lock its
-- people in any order, and two trackers, or a tracker and a settle, would wait for each other (two runners and shuffled webhooks: 40P01 within 200 cards).
create function postrider.track_lock(p_organization_id uuid, p_printer_name text, p_events jsonb) returns void
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_people uuid[];
  v_returned uuid[];
begin
  perform postrider.require_list('the events', jsonb_typeof(p_events));
  -- As sub-selects: joined while statistics are old, the printer's ids of all mailpieces are read instead of these.
  select array_agg(p.id), array_agg(p.id) filter (where t.status = 'returned') into v_people, v_returned
  from jsonb_to_recordset(p_events) as t ("providerId" text, "mailpieceId" uuid, status text) cross join lateral (values
    ((select m.recipient_id from postrider.mailpiece m
      where m.organization_id = p_organization_id and m.printer_name = p_printer_name and m.provider_id = t."providerId")),
    ((select m.recipient_id from postrider.mailpiece m where m.organization_id = p_organization_id and m.id = t."mailpieceId"))) as p (id)
  where p.id is not null;
  perform from postrider.recipient_state
  where organization_id = p_organization_id and recipient_id = any (v_people) order by recipient_id for no key update;
  if v_returned is not null then
    perform postrider.lock_households(p_organization_id, v_returned);
  end if;
end $$;

-- Returned mail suppresses households, and the entry of one household is written by one transaction after the other: the households are taken in one order.
create function postrider.lock_households(p_organization_id uuid, p_people uuid[]) returns void
language plpgsql set search_path = postrider, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
begin
  perform pg_advisory_xact_lock(k.key) from (
    select distinct postrider.lock_key('household', p_organization_id, r.household_key) as key from postrider.recipient r
    where r.organization_id = p_organization_id and r.id = any (p_people) and r.household_key is not null
    order by 1) k;
end $$;

-- p_events: [{eventId, providerId, mailpieceId, status, providerStatus, occurredAt, confidence}]. Returns how many were new.
create function postrider.apply_events(p_organization_id uuid, p_printer_name text, p_events jsonb, p_received_at timestamptz default null,
  p_inbox_id uuid default null) returns int
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_before text := postrider.act_as('track');
  v_now timestamptz := postrider.now();
  v_new int;
  v_pieces uuid[];
  v_evidence jsonb;
  v_produces boolean;
begin
  if jsonb_typeof(p_events) is distinct from 'array' or exists (
    select from jsonb_array_elements(p_events) as e (told)
    where told ->> 'eventId' is null or told ->> 'providerStatus' is null or told ->> 'occurredAt' is null
      or coalesce(told ->> 'confidence', '') not in ('scan', 'assumed', 'logical', 'estimated')) then
    perform postrider.require_list('the events', jsonb_typeof(p_events));
    perform postrider.fail('PR020', 'an event lacks its id, status, time or confidence',
      'each has eventId, providerStatus, occurredAt and a confidence of scan, assumed, logical or estimated; none was applied');
  end if;
  -- The webhook is stored; what was polled is polled again.
  perform postrider.redoable();
  -- People before what is told of them: whoever applies webhooks has locked theirs, and may bring the same event as a poll.
  if p_inbox_id is null then
    perform postrider.track_lock(p_organization_id, p_printer_name, p_events);
  end if;
  with told as materialized (
    select distinct on (e."eventId") e."eventId", e."providerId", e."mailpieceId", e."providerStatus", e."occurredAt", e.confidence,
      postrider.status_told(e.status) as status
    from jsonb_to_recordset(p_events) as e ("eventId" text, "providerId" text, "mailpieceId" uuid, status text, "providerStatus" text,
      "occurredAt" timestamptz, confidence text) order by e."eventId"
  ), stored as (
    insert into postrider.mailpiece_event (organization_id, printer_name, event_id, mailpiece_id, provider_id, status, provider_status, confidence,
      occurred_at, received_at, inbox_id)
    select p_organization_id, p_printer_name, t."eventId",
      -- By the printer's id, or by our reference where the printer sends it back: also for a piece whose answer was lost. As sub-selects, so that a
      -- table whose statistics are old is never scanned for it.
      coalesce(
        (select m.id from postrider.mailpiece m
          where m.organization_id = p_organization_id and m.printer_name = p_printer_name and m.provider_id = t."providerId"),
        (select o.id from postrider.mailpiece o
          where o.organization_id = p_organization_id and o.id = t."mailpieceId" and o.printer_name = p_printer_name)),
      t."providerId", t.status, t."providerStatus", t.confidence,
      t."occurredAt", coalesce(p_received_at, v_now), p_inbox_id
    from told t
    on conflict do nothing
    returning mailpiece_id, provider_id, event_id, status
  )
  select count(*), array_agg(distinct s.mailpiece_id) filter (where s.mailpiece_id is not null),
    jsonb_agg(distinct jsonb_build_object('mailpieceId', m.id, 'providerId', s.provider_id))
      filter (where m.id is not null and s.provider_id is not null and m.provider_id is distinct from s.provider_id),
    bool_or(s.status = 'in_production')
  into v_new, v_pieces, v_evidence, v_produces
  from stored s left join lateral (
    select x.id, x.provider_id from postrider.mailpiece x where x.organization_id = p_organization_id and x.id = s.mailpiece_id limit 1) m on true;

  if exists (select from jsonb_to_recordset(p_events) as t (status text) where postrider.status_told(t.status) is null) then
    insert into postrider.alarm (organization_id, id, kind, mailpiece_id, detail, raised_at)
    select distinct on (e.provider_status) p_organization_id, postrider.new_id(), 'unknown_status', e.mailpiece_id,
      jsonb_build_object('printer', p_printer_name, 'status', e.provider_status), v_now
    from postrider.mailpiece_event e
    join jsonb_to_recordset(p_events) as t ("eventId" text) on t."eventId" = e.event_id
    where e.organization_id = p_organization_id and e.printer_name = p_printer_name and e.status is null
      and not exists (select from postrider.alarm a where a.organization_id = p_organization_id and a.kind = 'unknown_status'
        and a.detail ->> 'status' = e.provider_status and a.cleared_at is null);
  end if;

  -- Looked at first: written once in the life of a printer.
  if v_produces and not exists (
    select from postrider.printer_feed f
    where f.organization_id = p_organization_id and f.printer_name = p_printer_name and f.tells_production) then
    insert into postrider.printer_feed (organization_id, printer_name, tells_production) values (p_organization_id, p_printer_name, true)
    on conflict (organization_id, printer_name) do update set tells_production = true;
  end if;
  if v_evidence is not null then
    perform postrider.record_evidence(p_organization_id, v_evidence, 'late_evidence');
  end if;
  if v_pieces is not null then
    perform postrider.follow_mailpieces(p_organization_id, v_pieces);
    -- A printer that still sends the name of somebody who was erased meanwhile.
    if p_inbox_id is not null and exists (
      select from postrider.mailpiece m where m.organization_id = p_organization_id and m.id = any (v_pieces) and m.erased_at is not null) then
      update postrider.provider_event set body = '' where id = p_inbox_id and unusable is null;
    end if;
  end if;
  perform postrider.act_as(v_before);
  return v_new;
end $$;

-- A status that we know, as it is kept; null where we do not. What a printer refuses after it had accepted, it failed to make.
create function postrider.status_told(p_status text) returns text
language sql immutable
return case when p_status in ('accepted', 'in_production', 'in_transit', 'in_local_area', 'processed_for_delivery', 'delivered', 'rerouted', 'returned',
  'failed', 'cancelled') then p_status when p_status = 'rejected' then 'failed' end;
