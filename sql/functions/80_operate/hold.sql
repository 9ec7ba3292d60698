-- hold: when it returns, nothing new begins. It takes the begins' advisory lock exclusively, before
-- its UPDATE: row locks alone let new sharers overtake it for ever.

-- Holds an organization, a campaign, a printer, a connection or a recipient: p_kind, and p_id its
-- id (a printer's name). Returns {held, id, atPrinter, unknown}: how many cards are already at the
-- printer's API and will still go out, and for how many of these nobody knows whether the printer
-- has them.
create function postrider.hold(
  p_organization_id uuid,
  p_kind text,
  p_id text,
  p_why text default null
) returns jsonb language plpgsql security definer as $$
declare
  v_id uuid := case
    when p_kind in ('campaign', 'connection', 'recipient') then postrider.id_of(p_id) end;
  v_already boolean;
begin
  perform postrider.require_organization(p_organization_id);
  p_why := nullif(btrim(p_why), '');
  v_already := postrider.set_hold(p_organization_id, p_kind, p_id, v_id, p_why);
  if not v_already then
    perform postrider.note_intervention(
      p_organization_id,
      'hold',
      p_why,
      case p_kind when 'campaign' then v_id end,
      case p_kind when 'printer' then p_id end,
      case p_kind when 'recipient' then array[v_id] end,
      case p_kind when 'connection' then v_id end);
  end if;
  return jsonb_build_object('held', p_kind, 'id', p_id)
    || postrider.cards_at_printer(p_organization_id, p_kind, p_id, v_id);
end $$;

-- Sets a hold, under the lock that begins share. Refuses where there is nothing that can be held.
-- Returns whether it was held already, with this reason or without a new one. Such a hold is not
-- noted: the last hold on record is that of the caller whose reason stands.
-- p_uuid: p_id, where the kind has such an id; null for an organization or a printer.
create function postrider.set_hold(
  p_organization_id uuid,
  p_kind text,
  p_id text,
  p_uuid uuid,
  p_why text
) returns boolean language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_already boolean;
  v_rows int;
begin
  case p_kind
    when 'organization' then
      perform pg_advisory_xact_lock(postrider.lock_key('organization', p_organization_id));
      select held_at is not null and coalesce(p_why, held_why) is not distinct from held_why
      into v_already
      from postrider.organization
      where id = p_organization_id
      for no key update;
      update postrider.organization
      set held_at = coalesce(held_at, v_now),
        held_why = coalesce(p_why, held_why)
      where id = p_organization_id;
    when 'campaign' then
      perform pg_advisory_xact_lock(
        postrider.lock_key('campaign', p_organization_id, p_uuid::text));
      select status = 'paused' and coalesce(p_why, held_why) is not distinct from held_why
      into v_already
      from postrider.campaign
      where organization_id = p_organization_id
        and id = p_uuid
      for no key update;
      update postrider.campaign
      set status = 'paused',
        status_before_hold = case status when 'paused' then status_before_hold else status end,
        held_why = coalesce(p_why, held_why)
      where organization_id = p_organization_id
        and id = p_uuid
        and status in ('pending', 'active', 'paused');
    when 'printer' then
      perform pg_advisory_xact_lock(postrider.lock_key('printer', p_organization_id, p_id));
      select held_at is not null and coalesce(p_why, held_why) is not distinct from held_why
      into v_already
      from postrider.printer
      where organization_id = p_organization_id
        and name = p_id
      for no key update;
      update postrider.printer
      set held_at = coalesce(held_at, v_now),
        held_why = coalesce(p_why, held_why)
      where organization_id = p_organization_id
        and name = p_id;
    when 'connection' then
      -- The lock of its row is shared by an application that gives it to a printer: these are all
      -- of its printers.
      select held_at is not null and coalesce(p_why, held_why) is not distinct from held_why
      into v_already
      from postrider.connection
      where organization_id = p_organization_id
        and id = p_uuid
      for no key update;
      perform pg_advisory_xact_lock(postrider.lock_key('printer', p_organization_id, p.name))
      from (
        select name
        from postrider.printer
        where organization_id = p_organization_id
          and connection_id = p_uuid
        order by name
      ) p;
      update postrider.connection
      set held_at = coalesce(held_at, v_now),
        held_why = coalesce(p_why, held_why)
      where organization_id = p_organization_id
        and id = p_uuid;
    when 'recipient' then
      select held_at is not null and p_why is null
      into v_already
      from postrider.recipient_state
      where organization_id = p_organization_id
        and recipient_id = p_uuid
      for no key update;
      update postrider.recipient_state
      set held_at = coalesce(held_at, v_now)
      where organization_id = p_organization_id
        and recipient_id = p_uuid
        and postrider.is_before_printer(state);
    else
      perform postrider.fail(
        'PR020',
        format('there is no kind %L of what can be held', p_kind),
        'hold an organization, a campaign, a printer, a connection or a recipient; '
        'nothing was changed');
  end case;
  get diagnostics v_rows = row_count;
  if v_rows = 0 then
    perform postrider.refuse_hold(
      p_organization_id, p_kind, p_id, p_uuid, v_already is not null);
  end if;
  return v_already;
end $$;

-- Refuses a hold that has held nothing, and says why: it is not there, or cannot be held any more.
create function postrider.refuse_hold(
  p_organization_id uuid,
  p_kind text,
  p_id text,
  p_uuid uuid,
  p_found boolean
) returns void language plpgsql as $$
declare
  v_state text;
begin
  if p_kind = 'recipient' then
    select state
    into v_state
    from postrider.recipient_state
    where organization_id = p_organization_id
      and recipient_id = p_uuid;
    if found then
      perform postrider.fail(
        'PR017',
        format('recipient %s is %s and cannot be held', p_id, v_state),
        'a hold helps until the card is at the printer; nothing was changed',
        jsonb_build_object('state', v_state));
    end if;
  end if;
  perform postrider.fail(
    case when not p_found and p_kind <> 'recipient' then 'PR010' else 'PR017' end,
    format('no %s %s that can be held', p_kind, coalesce(p_id, 'null')),
    'it does not exist, has ended, or is past the point where a hold helps; nothing was changed');
end $$;

-- How many cards of an organization, campaign, printer, connection or recipient are at the
-- printer's API: {atPrinter, unknown}. unknown: the outcome of so many of them is not known.
create function postrider.cards_at_printer(
  p_organization_id uuid,
  p_kind text,
  p_id text,
  p_uuid uuid
) returns jsonb language plpgsql stable as $$
declare
  v_cards jsonb;
begin
  select jsonb_build_object(
    'atPrinter', count(*),
    'unknown', count(*) filter (where exists (
      select from postrider.mailpiece m
      where m.organization_id = s.organization_id
        and m.recipient_id = s.recipient_id
        and m.status = 'unknown')))
  into v_cards
  from postrider.recipient_state s
  join postrider.campaign c
    on c.organization_id = s.organization_id
    and c.id = s.campaign_id
  where s.organization_id = p_organization_id
    and s.cohort_id is not null
    and s.state = 'sending'
    and (
      p_kind = 'organization'
      or p_kind = 'campaign' and c.id = p_uuid
      or p_kind = 'printer' and c.printer_name = p_id
      or p_kind = 'connection' and exists (
        select from postrider.printer p
        where p.organization_id = c.organization_id
          and p.name = c.printer_name
          and p.connection_id = p_uuid)
      or p_kind = 'recipient' and s.recipient_id = p_uuid);
  return v_cards;
end $$;

-- Gives back what was before the hold. Returns the status, or the recipient's state, that follows.
-- Only launch makes a campaign active that was not.
create function postrider.release(
  p_organization_id uuid,
  p_kind text,
  p_id text,
  p_why text default null
) returns text language plpgsql security definer as $$
declare
  v_status text;
  v_id uuid := case
    when p_kind in ('campaign', 'connection', 'recipient') then postrider.id_of(p_id) end;
begin
  perform postrider.require_organization(p_organization_id);
  case p_kind
    when 'organization' then
      update postrider.organization
      set held_at = null,
        held_why = null
      where id = p_organization_id
        and held_at is not null
      returning 'released' into v_status;
    when 'campaign' then
      perform pg_advisory_xact_lock(
        postrider.lock_key('campaign', p_organization_id, v_id::text));
      update postrider.campaign
      set status = status_before_hold,
        status_before_hold = null,
        held_why = null
      where organization_id = p_organization_id
        and id = v_id
        and status = 'paused'
      returning status into v_status;
      perform postrider.clear_campaign_refused(
        p_organization_id, v_id, 'the campaign was released');
    when 'printer' then
      update postrider.printer
      set held_at = null,
        held_why = null
      where organization_id = p_organization_id
        and name = p_id
        and held_at is not null
      returning 'released' into v_status;
      perform postrider.clear_connection_refused(
        p_organization_id, p_id, null, 'the printer was released');
    when 'connection' then
      update postrider.connection
      set held_at = null,
        held_why = null
      where organization_id = p_organization_id
        and id = v_id
        and held_at is not null
      returning 'released' into v_status;
      perform postrider.clear_connection_refused(
        p_organization_id, null, v_id, 'the connection was released');
    when 'recipient' then
      update postrider.recipient_state
      set held_at = null
      where organization_id = p_organization_id
        and recipient_id = v_id
        and held_at is not null
      returning state into v_status;
    else
      perform postrider.fail(
        'PR020',
        format('there is no kind %L of what can be released', p_kind),
        'release an organization, a campaign, a printer, a connection or a recipient; '
        'nothing was changed');
  end case;
  if v_status is null then
    perform postrider.fail(
      'PR017',
      format('%s %s is not held', p_kind, coalesce(p_id, 'null')),
      'what is held: select * from postrider.holds; nothing was changed');
  end if;
  perform postrider.note_intervention(
    p_organization_id,
    'release',
    p_why,
    case p_kind when 'campaign' then v_id end,
    case p_kind when 'printer' then p_id end,
    case p_kind when 'recipient' then array[v_id] end,
    case p_kind when 'connection' then v_id end);
  perform pg_notify('postrider_moved', 'pending,proofed,address_enrichable');
  return v_status;
end $$;
