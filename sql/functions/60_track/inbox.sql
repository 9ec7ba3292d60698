-- Status tracking. Raw webhooks are stored first and answered at once; what they say is applied in
-- bulk. A mailpiece's status is a function of the set of its events, not of their order: the
-- highest rank wins.

-- Stores verified webhooks of a printer, and returns the ids of those deliveries that were not
-- stored before. It notifies nobody: who commits with a notification keeps all others that do the
-- same waiting for the disk. The caller notifies when this is committed.
-- p_delivery_ids: each once. p_bodies: their bodies, one behind the other, since an array is read
-- letter by letter; as text or, with p_are_hex, in hex. p_lengths: how many bytes each of them has.
-- p_events: for each of them what was read in it, as apply_webhooks() takes it, or null; null
-- altogether where nothing was read.
create function postrider.receive_webhooks(
  p_organization_id uuid,
  p_printer_name text,
  p_delivery_ids text[],
  p_bodies text,
  p_lengths int[],
  p_are_hex boolean default false,
  p_events jsonb default null
) returns text[] language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_bodies bytea;
  v_new text[];
begin
  if p_are_hex then
    v_bodies := postrider.bytes_of_hex(p_bodies);
  else
    v_bodies := convert_to(p_bodies, 'UTF8');
  end if;
  perform postrider.require_whole_deliveries(p_delivery_ids, v_bodies, p_lengths);
  with delivery as materialized (
    select postrider.new_id() as id, t.delivery_id, t.length, nullif(t.events, 'null') as events,
      sum(t.length) over (order by t.nth) as ends
    from rows from (
      unnest(p_delivery_ids), unnest(p_lengths), jsonb_array_elements(p_events))
      with ordinality as t (delivery_id, length, events, nth)
  ), stored as (
    insert into postrider.provider_event (
      id, organization_id, printer_name, delivery_id, body, received_at)
    select d.id, p.organization_id, p.name, d.delivery_id,
      substring(v_bodies from (d.ends - d.length + 1)::int for d.length), v_now
    from delivery d
    cross join postrider.printer p
    where p.organization_id = p_organization_id and p.name = p_printer_name
    -- Two runners that are sent the same wait for each other in one direction.
    order by d.delivery_id
    on conflict on constraint provider_event_delivery_key do nothing
    returning id, delivery_id
  ), waits as (
    insert into postrider.waiting_webhook (
      organization_id, id, printer_name, received_at, available_at, events)
    select p_organization_id, d.id, p_printer_name, v_now, v_now, d.events
    from delivery d
    where d.id in (select id from stored)
  )
  select array_agg(delivery_id) into v_new from stored;
  if v_new is null then
    if not exists (
      select from postrider.printer
      where organization_id = p_organization_id and name = p_printer_name)
    then
      perform postrider.fail('PR010',
        format('there is no printer %s', coalesce(left(p_printer_name, 100), 'null')),
        'select organization, name from postrider.printers; '
        'nothing was kept, and their sender should send them again');
    end if;
    return '{}';
  end if;
  -- The row stands apart from the printer's, which every begin shares. It is written once a minute,
  -- not once a webhook, and looked at first: an upsert locks it until the disk has all of this.
  if not exists (
    select from postrider.printer_feed
    where organization_id = p_organization_id
      and printer_name = p_printer_name
      and told_at > v_now - interval '1 minute')
  then
    insert into postrider.printer_feed as f (organization_id, printer_name, told_at)
    values (p_organization_id, p_printer_name, v_now)
    on conflict (organization_id, printer_name) do update set told_at = excluded.told_at;
  end if;
  return v_new;
end $$;

-- Stores one verified webhook, by hand. False where it was delivered before.
create function postrider.receive_webhook(
  p_organization_id uuid,
  p_printer_name text,
  p_delivery_id text,
  p_body bytea
) returns boolean language plpgsql security definer as $$
declare
  v_new text[] := postrider.receive_webhooks(
    p_organization_id, p_printer_name, array[p_delivery_id], encode(p_body, 'hex'),
    array[length(p_body)], true);
begin
  perform pg_notify('postrider_moved', 'track');
  return cardinality(v_new) = 1;
end $$;

-- Reads bytes that came in hex, or refuses them.
create function postrider.bytes_of_hex(p_hex text) returns bytea language plpgsql immutable as $$
begin
  return decode(p_hex, 'hex');
exception when invalid_parameter_value then
  perform postrider.fail('PR020', 'the bodies are not in hex',
    'give two digits for each byte, or the text itself; none was stored');
end $$;

-- Refuses deliveries of which one lacks its id or its body, or has an id that is too long.
create function postrider.require_whole_deliveries(
  p_delivery_ids text[],
  p_bodies bytea,
  p_lengths int[]
) returns void language plpgsql stable as $$
declare
  v_is_whole boolean;
  v_longest int;
begin
  select
    sum(t.length) is not distinct from length(p_bodies)
      and not bool_or(t.id is null or t.length is null or t.length < 0),
    max(length(t.id))
  into v_is_whole, v_longest
  from unnest(p_delivery_ids, p_lengths) as t (id, length);
  if v_is_whole is not true then
    perform postrider.fail('PR020', 'a delivery lacks its id or its body',
      'each has an id, and as many bytes as its length tells; none was stored');
  end if;
  perform postrider.require_within('the length of a delivery''s id', v_longest, 0, 1000);
end $$;

-- Says that a webhook was applied or, with an error, that it could not be read: then it is kept as
-- a whole with the reason. The alarm goes with the last webhook of a printer that had something
-- unusable in it.
create function postrider.close_webhook(
  p_organization_id uuid,
  p_id uuid,
  p_error text default null
) returns void language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_webhook postrider.provider_event;
begin
  delete from postrider.waiting_webhook
  where organization_id = p_organization_id and id = p_id;
  if p_error is not null then
    update postrider.provider_event
    set error = left(p_error, 2000)
    where organization_id = p_organization_id and id = p_id;
    return;
  end if;

  update postrider.provider_event e
  set error = null, unusable = null,
    body = case
      when exists (
        select from postrider.mailpiece_event x
        join postrider.mailpiece m
          on m.organization_id = x.organization_id
          and m.id = x.mailpiece_id
          and m.erased_at is not null
        where x.organization_id = e.organization_id and x.inbox_id = e.id)
        then ''
      else e.body end
  where organization_id = p_organization_id and id = p_id and unusable is not null
  returning * into v_webhook;
  if not found then
    return;
  end if;

  update postrider.alarm
  set cleared_at = v_now, cleared_by = session_user,
    detail = detail || jsonb_build_object('cleared', 'what could not be used was applied')
  where organization_id = p_organization_id
    and kind = 'unusable_event'
    and detail ->> 'printer' = v_webhook.printer_name
    and cleared_at is null
    and not exists (
      select from postrider.provider_event e
      where e.organization_id = p_organization_id
        and e.printer_name = v_webhook.printer_name
        and e.unusable is not null);
  -- Where something is left the alarm names that, and no longer what was applied.
  update postrider.alarm a
  set detail = a.detail || jsonb_build_object(
    'webhook', l.id, 'eventId', l.first -> 'eventId', 'reason', l.first -> 'reason')
  from (
    select e.id, e.unusable -> 0 as first
    from postrider.provider_event e
    where e.organization_id = p_organization_id
      and e.printer_name = v_webhook.printer_name
      and e.unusable is not null
      and e.unusable <> '[]'
    order by e.received_at
    limit 1) l
  where a.organization_id = p_organization_id
    and a.kind = 'unusable_event'
    and a.detail ->> 'webhook' = p_id::text
    and a.cleared_at is null;
end $$;

-- Says that webhooks were applied, many at once. Returns those of which something is kept that
-- could not be used: close_webhook() ends them, one after the other.
create function postrider.close_webhooks(p_organization_id uuid, p_ids uuid[])
returns uuid[] language plpgsql security definer as $$
begin
  delete from postrider.waiting_webhook
  where organization_id = p_organization_id and id = any (p_ids);
  return array(
    select id
    from postrider.provider_event
    where organization_id = p_organization_id
      and id = any (p_ids)
      and unusable is not null);
end $$;

-- Keeps a webhook of which some events cannot be used: p_unusable [{eventId, reason, raw}], of
-- p_count in all. retry_webhooks() reads it again, and what was applied of it is known by its ids
-- then. Called before the others are applied, too: a webhook of which something is kept keeps its
-- body.
create function postrider.keep_unusable_events(
  p_organization_id uuid,
  p_id uuid,
  p_unusable jsonb,
  p_count int
) returns void language plpgsql security definer as $$
declare
  v_webhook postrider.provider_event;
  v_first jsonb := p_unusable -> 0;
begin
  perform postrider.require_list('the events', jsonb_typeof(p_unusable));
  perform postrider.require_within('their number', p_count, 0, 1000000);
  update postrider.provider_event
  set unusable = p_unusable,
    error = case
      when p_count > 0 then left(
        format('%s of its events cannot be used: %s', p_count, v_first ->> 'reason'), 2000) end
  where organization_id = p_organization_id and id = p_id
  returning * into v_webhook;
  if p_count > 0 then
    delete from postrider.waiting_webhook
    where organization_id = p_organization_id and id = p_id;
  end if;
  if v_webhook.id is null then
    perform postrider.fail('PR010', format('there is no webhook %s', coalesce(p_id::text, 'null')),
      'it may be over, or another organization''s; nothing was changed');
  end if;
  -- One alarm for a printer, however many of its webhooks are odd.
  if p_count > 0 and not exists (
    select from postrider.alarm a
    where a.organization_id = p_organization_id
      and a.kind = 'unusable_event'
      and a.detail ->> 'printer' = v_webhook.printer_name
      and a.cleared_at is null)
  then
    insert into postrider.alarm (organization_id, id, kind, detail, raised_at)
    values (
      p_organization_id,
      postrider.new_id(),
      'unusable_event',
      jsonb_build_object(
        'printer', v_webhook.printer_name,
        'webhook', p_id,
        'eventId', v_first -> 'eventId',
        'reason', v_first -> 'reason'),
      postrider.now());
  end if;
end $$;
