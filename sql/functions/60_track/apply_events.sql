-- What printers tell of their mailpieces, applied in bulk.

-- Finds whom events of a printer concern: for each event its webhook, its status and its people, by
-- the printer's id and by our reference; null where there is none.
create function postrider.people_of_events(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb
) returns table (
  inbox_id uuid,
  status text,
  recipient_id uuid
) language sql stable
begin atomic
  -- As sub-selects: a join, made while statistics are old, reads the printer's ids of all
  -- mailpieces and not only of these. The case of a live piece is written out here: a call costs
  -- more than the look.
  select t."inboxId", t.status, p.id
  from jsonb_to_recordset(p_events) as t (
    "providerId" text, "mailpieceId" uuid, status text, "inboxId" uuid)
  cross join lateral (values
    (coalesce(
      (select m.recipient_id
        from postrider.mailpiece m
        where m.organization_id = p_organization_id
          and m.printer_name = p_printer_name
          and m.provider_id = t."providerId"
          and m.mode = 'live'),
      (select m.recipient_id
        from postrider.mailpiece m
        where m.organization_id = p_organization_id
          and m.id = postrider.piece_of_provider_id(
            p_organization_id, p_printer_name, t."providerId")))),
    ((select m.recipient_id
      from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.id = t."mailpieceId"))) as p (id);
end;

-- Locks everybody whom a whole batch of webhooks concerns, by id, before the first of them is
-- applied. One webhook after the other would lock its people in any order, and two runners that
-- apply webhooks, or one that does and one that settles, would wait for each other (two runners and
-- shuffled webhooks: 40P01 within 200 cards).
create function postrider.lock_for_track(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb
) returns void language plpgsql as $$
declare
  v_people uuid[];
  v_returned uuid[];
begin
  perform postrider.require_list('the events', jsonb_typeof(p_events));
  select array_agg(p.recipient_id), array_agg(p.recipient_id) filter (where p.status = 'returned')
  into v_people, v_returned
  from postrider.people_of_events(p_organization_id, p_printer_name, p_events) p
  where p.recipient_id is not null;
  perform from postrider.recipient_state
  where organization_id = p_organization_id and recipient_id = any (v_people)
  order by recipient_id
  for no key update;
  if v_returned is not null then
    perform postrider.lock_households(p_organization_id, v_returned);
  end if;
end $$;

-- A status that we know, as it is kept; null where we do not know it. A card that a printer refuses
-- after it had accepted it is one that it failed to make.
create function postrider.known_status(p_status text) returns text
language sql immutable
return case
  when p_status in ('accepted', 'in_production', 'in_transit', 'in_local_area',
    'processed_for_delivery', 'delivered', 'rerouted', 'returned', 'failed', 'cancelled')
    then p_status
  when p_status = 'rejected' then 'failed' end;

-- Applies what a printer told, and returns how many events were new.
-- p_events: [{eventId, providerId, mailpieceId, status, providerStatus, occurredAt, confidence}].
create function postrider.apply_events(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('track');
  v_new int;
begin
  perform postrider.require_whole_events(p_events);
  -- People before their events. Webhooks may bring the same event as a poll.
  perform postrider.lock_for_track(p_organization_id, p_printer_name, p_events);
  v_new := postrider.apply_whole_events(p_organization_id, p_printer_name, p_events);
  perform postrider.act_as(v_before);
  return v_new;
end $$;

-- Refuses a list of events of which one lacks what every event has.
create function postrider.require_whole_events(p_events jsonb) returns void
language plpgsql stable as $$
begin
  if jsonb_typeof(p_events) is distinct from 'array'
    or exists (
      select from jsonb_array_elements(p_events) as e (told)
      where told ->> 'eventId' is null
        or told ->> 'providerStatus' is null
        or told ->> 'occurredAt' is null
        or coalesce(told ->> 'confidence', '')
          not in ('scan', 'assumed', 'logical', 'estimated'))
  then
    perform postrider.require_list('the events', jsonb_typeof(p_events));
    perform postrider.fail('PR020', 'an event lacks its id, status, time or confidence',
      'each has eventId, providerStatus, occurredAt and a confidence of scan, assumed, '
      'logical or estimated; none was applied');
  end if;
end $$;

-- Stores the events, moves their pieces and people, and returns how many were new. The caller has
-- claimed track, has looked whether the events are whole, and has locked whom they concern.
create function postrider.apply_whole_events(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_new int;
  v_pieces uuid[];
  v_evidence jsonb;
  v_produces boolean;
begin
  -- A crash of the server loses nothing: the webhook is stored, and a poll is repeated.
  perform postrider.commit_asynchronously();
  select s.new_events, s.pieces, s.evidence, s.produces
  into v_new, v_pieces, v_evidence, v_produces
  from postrider.store_events(p_organization_id, p_printer_name, p_events, v_now) s;
  if exists (
    select from jsonb_to_recordset(p_events) as t (status text)
    where postrider.known_status(t.status) is null)
  then
    perform postrider.alarm_unknown_statuses(p_organization_id, p_printer_name, p_events, v_now);
  end if;
  -- It is looked at first, since it is written once in the life of a printer.
  if v_produces and not exists (
    select from postrider.printer_feed f
    where f.organization_id = p_organization_id
      and f.printer_name = p_printer_name
      and f.tells_production)
  then
    insert into postrider.printer_feed (organization_id, printer_name, tells_production)
    values (p_organization_id, p_printer_name, true)
    on conflict (organization_id, printer_name) do update set tells_production = true;
  end if;
  if v_evidence is not null then
    perform postrider.record_evidence(p_organization_id, v_evidence, 'late_evidence');
  end if;
  if v_pieces is not null then
    perform postrider.follow_mailpieces(p_organization_id, v_pieces);
    -- The printer may still send the name of somebody who was erased meanwhile.
    if exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.id = any (v_pieces)
        and m.erased_at is not null)
    then
      perform postrider.blank_webhooks_of_erased(p_organization_id, p_printer_name, p_events);
    end if;
  end if;
  return v_new;
end $$;

-- Blanks the webhooks that told these events of people who are erased.
create function postrider.blank_webhooks_of_erased(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb
) returns void language plpgsql as $$
begin
  update postrider.provider_event w
  set body = ''
  from jsonb_to_recordset(p_events) as t ("eventId" text, "inboxId" uuid)
  join postrider.mailpiece_event e
    on e.organization_id = p_organization_id
    and e.printer_name = p_printer_name
    and e.event_id = t."eventId"
  join postrider.mailpiece m
    on m.organization_id = e.organization_id
    and m.id = e.mailpiece_id
    and m.erased_at is not null
  where w.organization_id = p_organization_id
    and w.id = t."inboxId"
    and w.unusable is null;
end $$;

-- Stores events, each once. Returns how many were new, the mailpieces that they are of, what they
-- are evidence of, as record_evidence takes it, and whether one tells that a card is in production.
create function postrider.store_events(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb,
  p_now timestamptz,
  out new_events int,
  out pieces uuid[],
  out evidence jsonb,
  out produces boolean
) language plpgsql as $$
begin
  with told as materialized (
    select distinct on (e."eventId") e."eventId", e."providerId", e."mailpieceId",
      e."providerStatus", e."occurredAt", e.confidence, e."receivedAt", e."inboxId",
      postrider.known_status(e.status) as status
    from jsonb_to_recordset(p_events) as e ("eventId" text, "providerId" text, "mailpieceId" uuid,
      status text, "providerStatus" text, "occurredAt" timestamptz, confidence text,
      "receivedAt" timestamptz, "inboxId" uuid)
    order by e."eventId", e."receivedAt"
  ), stored as (
    insert into postrider.mailpiece_event (
      organization_id, printer_name, event_id, mailpiece_id, provider_id, status, provider_status,
      confidence, occurred_at, received_at, inbox_id)
    select p_organization_id, p_printer_name, t."eventId",
      -- By the printer's id, or by our reference where the printer sends it back: also for a piece
      -- whose answer was lost. As sub-selects, so that a table whose statistics are old is never
      -- scanned for it. For a test card our reference comes first: all of them may have one id.
      coalesce(
        (select x.id
          from postrider.mailpiece x
          where x.organization_id = p_organization_id
            and x.id = t."mailpieceId"
            and x.printer_name = p_printer_name
            and x.mode = 'test'),
        (select l.id
          from postrider.mailpiece l
          where l.organization_id = p_organization_id
            and l.printer_name = p_printer_name
            and l.provider_id = t."providerId"
            and l.mode = 'live'),
        postrider.piece_of_provider_id(p_organization_id, p_printer_name, t."providerId"),
        (select o.id
          from postrider.mailpiece o
          where o.organization_id = p_organization_id
            and o.id = t."mailpieceId"
            and o.printer_name = p_printer_name)),
      t."providerId", t.status, t."providerStatus", t.confidence, t."occurredAt",
      coalesce(t."receivedAt", p_now), t."inboxId"
    from told t
    on conflict do nothing
    returning mailpiece_id, provider_id, event_id, status
  )
  select
    count(*),
    array_agg(distinct s.mailpiece_id) filter (where s.mailpiece_id is not null),
    jsonb_agg(distinct jsonb_build_object('mailpieceId', m.id, 'providerId', s.provider_id))
      filter (where m.id is not null
        and s.provider_id is not null
        and m.provider_id is distinct from s.provider_id),
    bool_or(s.status = 'in_production')
  into new_events, pieces, evidence, produces
  from stored s
  left join lateral (
    select x.id, x.provider_id
    from postrider.mailpiece x
    where x.organization_id = p_organization_id and x.id = s.mailpiece_id
    limit 1) m on true;
end $$;

-- Raises an alarm for statuses that nobody here knows: one for each of them, until somebody has
-- looked.
create function postrider.alarm_unknown_statuses(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  insert into postrider.alarm (organization_id, id, kind, mailpiece_id, detail, raised_at)
  select distinct on (e.provider_status) p_organization_id, postrider.new_id(), 'unknown_status',
    e.mailpiece_id,
    jsonb_build_object('printer', p_printer_name, 'status', e.provider_status), p_now
  from postrider.mailpiece_event e
  join jsonb_to_recordset(p_events) as t ("eventId" text) on t."eventId" = e.event_id
  where e.organization_id = p_organization_id
    and e.printer_name = p_printer_name
    and e.status is null
    and not exists (
      select from postrider.alarm a
      where a.organization_id = p_organization_id
        and a.kind = 'unknown_status'
        and a.detail ->> 'status' = e.provider_status
        and a.cleared_at is null);
end $$;
