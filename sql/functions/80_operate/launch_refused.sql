-- What a launch refuses of its campaign and its printer.

-- Refuses a mode that is none, and a test that would arm a printer.
create function postrider.require_launch_mode(
  p_mode text,
  p_arm boolean
) returns void language plpgsql stable as $$
begin
  if coalesce(p_mode, '') not in ('test', 'live') then
    perform postrider.fail(
      'PR020', format('the mode is test or live, not %L', p_mode), 'nothing was changed');
  end if;
  if p_arm and p_mode = 'test' then
    perform postrider.fail(
      'PR020',
      'a launch in test mode arms no printer',
      'arm it with the live launch; nothing was changed');
  end if;
end $$;

-- Refuses the other mode than that in which a campaign was launched.
create function postrider.require_same_mode(
  p_campaign postrider.campaign,
  p_mode text
) returns void language plpgsql stable as $$
begin
  if p_campaign.launched_at is not null and p_campaign.mode <> p_mode then
    perform postrider.fail(
      'PR014',
      format('campaign %s was launched in %s mode', p_campaign.name, p_campaign.mode),
      case
        when p_mode = 'live' then format(
          'it goes from test to live with: select postrider.go_live(%L, %L). Nothing was changed',
          p_campaign.organization_id, p_campaign.id)
        else
          'a campaign that is live does not go back to a test; make a new one. Nothing was changed'
      end);
  end if;
end $$;

-- Lists the connections of a campaign by which something is made, counted or told in the other mode
-- than this one, by the field of its file.
create function postrider.connections_of_other_mode(
  p_campaign postrider.campaign,
  p_mode text
) returns table (
  field text,
  name text,
  mode text
) language sql stable
begin atomic
  select 'printer', x.name, x.mode
  from postrider.printer p
  join postrider.connection x
    on x.organization_id = p.organization_id
    and x.id = p.connection_id
  where p.organization_id = p_campaign.organization_id
    and p.name = p_campaign.printer_name
    and x.mode <> p_mode
  union all
  select n.field, x.name, x.mode
  from postrider.connections_named(p_campaign.integrations) n
  join postrider.connection x
    on x.organization_id = p_campaign.organization_id
    and x.id::text = n.connection_id
  where n.field in ('usage_meter', 'event_sink')
    and x.mode <> p_mode;
end;

-- Refuses a connection of the other mode. By a test's, a live card would be reported as sent and
-- never be printed; by a live one, a test would be printed, charged or told to people.
create function postrider.require_connection_modes(
  p_campaign postrider.campaign,
  p_mode text
) returns void language plpgsql stable as $$
declare
  v_others text;
begin
  select string_agg(
    format('connection %s of the %s is %s', o.name, o.field, o.mode), ', ' order by o.field desc)
  into v_others
  from postrider.connections_of_other_mode(p_campaign, p_mode) o;
  if v_others is not null then
    perform postrider.fail(
      'PR012',
      format('campaign %s would be %s, and %s', p_campaign.name, p_mode, v_others),
      format(
        'name a connection that is %s in the campaign file, and apply it again: '
        'postrider connections shows them. Nothing was changed',
        p_mode));
  end if;
end $$;

-- Refuses a campaign that has ended, is held, or is a one-off whose list was not read to its end.
create function postrider.require_launchable(p_campaign postrider.campaign) returns void
language plpgsql as $$
begin
  if p_campaign.status not in ('pending', 'active', 'paused') then
    perform postrider.fail(
      'PR012',
      format('campaign %s is %s and cannot be launched', p_campaign.name, p_campaign.status),
      'make a new campaign; nothing was changed');
  end if;
  if p_campaign.status = 'paused' then
    perform postrider.fail(
      'PR012',
      format('campaign %s is held', p_campaign.name) || coalesce(': ' || p_campaign.held_why, ''),
      format(
        'release it first: postrider release campaign %s, or '
        'select postrider.release(%L, ''campaign'', %L). Nothing was changed',
        postrider.as_argument(p_campaign.name), p_campaign.organization_id, p_campaign.id));
  end if;
  if p_campaign.campaign_mode = 'one_off'
    and p_campaign.launched_at is null
    and p_campaign.provider_segment_id is not null
    and not exists (
      select from postrider.sync_run
      where organization_id = p_campaign.organization_id
        and campaign_id = p_campaign.id
        and complete)
  then
    perform postrider.require_list_read(p_campaign);
  end if;
end $$;

-- Refuses a one-off whose list was not read to its end. It says why the last run did not conclude,
-- with what to do about it: to be told to read the list again does not help where the list was read
-- and something else was wrong.
create function postrider.require_list_read(p_campaign postrider.campaign) returns void
language plpgsql as $$
declare
  v_error text;
  v_read text;
  v_option text := '';
begin
  select r.error
  into v_error
  from postrider.sync_run r
  where r.organization_id = p_campaign.organization_id
    and r.campaign_id = p_campaign.id
  order by r.started_at desc
  limit 1;
  v_read := case
    when not found then 'never read'
    else 'not read to its end'
      || coalesce(', or nothing could be concluded from it: ' || left(v_error, 500), '')
  end;
  if exists (
    select from postrider.alarm
    where organization_id = p_campaign.organization_id
      and campaign_id = p_campaign.id
      and kind = 'mass_departure'
      and cleared_at is null)
  then
    v_option := ', and with --allow-departures if it is meant that so many leave';
  end if;
  perform postrider.fail(
    'PR012',
    format('the list of campaign %s was %s', p_campaign.name, v_read),
    format(
      'a one-off is not read any more once it is launched. Read it first: '
      'postrider sync %s, without --limit%s. Nothing was changed',
      postrider.as_argument(p_campaign.name), v_option));
end $$;

-- Refuses a printer that nobody has armed for live printing.
create function postrider.require_armed(
  p_organization_id uuid,
  p_printer_name text
) returns void language plpgsql as $$
declare
  v_armed_at timestamptz;
begin
  select armed_at
  into v_armed_at
  from postrider.printer
  where organization_id = p_organization_id
    and name = p_printer_name;
  if v_armed_at is null then
    perform postrider.fail(
      'PR015',
      format('printer %s is not armed for live printing', p_printer_name),
      format(
        'arm it first: select postrider.arm_printer(%L, %L), or launch with p_arm => true. '
        'Nothing was changed',
        p_organization_id, p_printer_name));
  end if;
end $$;
