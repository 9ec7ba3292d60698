-- Campaigns and their lives. A campaign file is applied as a whole; what the machine has frozen is refused, not ignored.

create function postrider.organization_named(p_name text, p_time_zone text default null) returns uuid
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_id uuid;
begin
  if p_name is null or length(p_name) not between 1 and 200 then
    perform postrider.fail('PR020', format('an organization''s name has 1 to 200 letters, not %s', coalesce(length(p_name)::text, 'none at all')),
      'select name from postrider.organizations; nothing was changed');
  end if;
  if p_time_zone is not null and not exists (select from pg_timezone_names where name = p_time_zone) then
    perform postrider.fail('PR020', format('%L is not a time zone', p_time_zone), 'use an IANA name, for example America/New_York');
  end if;
  -- Whoever makes the same one at once waits here for the other, and finds it.
  insert into postrider.organization (id, name, time_zone, created_at)
  select postrider.new_id(), p_name, coalesce(p_time_zone, 'America/New_York'), postrider.now()
  where not exists (select from postrider.organization where name = p_name)
  on conflict (name) do nothing returning id into v_id;
  if v_id is null then
    select id into v_id from postrider.organization where name = p_name;
    update postrider.organization set time_zone = p_time_zone where id = v_id and p_time_zone is not null and time_zone <> p_time_zone;
    return v_id;
  end if;
  insert into postrider.organization_key (organization_id, secret) values (v_id, gen_random_uuid());
  insert into postrider.organization_sync (organization_id) values (v_id);
  return v_id;
end $$;

-- What a campaign file says. Everything else of a campaign is the machine's own: only launch, hold, release and end_campaign change it.
create function postrider.checked_definition(p_definition jsonb) returns jsonb
language plpgsql immutable set search_path = postrider, pg_temp as $$
declare
  v_fields text[] := '{name,campaign_mode,provider_segment_id,integrations,base_directory,template,format,mail_class,printer_name,return_address,dedupe,
    exclusion_window,frequency_cap,frequency_cap_mode,holdout_percent,holdout_salt,daily_cap,total_cap,budget_minor,price_minor,currency,offer_ends_on,
    transit_days,assumed_after,effects}';
  v_needed text[] := '{name,campaign_mode,integrations,base_directory,template,format,mail_class,printer_name,dedupe,exclusion_window,
    frequency_cap_mode,holdout_percent,holdout_salt,transit_days,assumed_after,effects}';
  v_wrong text;
begin
  if jsonb_typeof(p_definition) is distinct from 'object' then
    perform postrider.fail('PR020', 'a definition of a campaign is a JSON object', 'see docs/reference/campaign-file.md; nothing was changed');
  end if;
  select string_agg(k, ', ' order by k) into v_wrong from jsonb_object_keys(p_definition) k where not k = any (v_fields);
  if v_wrong is not null then
    perform postrider.fail('PR020', format('a campaign is not defined by %s', v_wrong),
      'status and mode change by launch, hold, release and end_campaign; for the fields see docs/reference/campaign-file.md. Nothing was changed');
  end if;
  select string_agg(k, ', ' order by k) into v_wrong from unnest(v_needed) k where coalesce(p_definition -> k, 'null') = 'null';
  if v_wrong is not null then
    perform postrider.fail('PR020', format('the definition says nothing of %s', v_wrong), 'see docs/reference/campaign-file.md; nothing was changed');
  end if;
  select string_agg(e, ', ') into v_wrong from jsonb_array_elements_text(p_definition -> 'effects') e where e not in ('usage_meter', 'event_sink');
  if v_wrong is not null then
    perform postrider.fail('PR020', format('nothing of the name %s follows from a card', v_wrong),
      'effects are usage_meter and event_sink; see docs/reference/campaign-file.md. Nothing was changed');
  end if;
  if (p_definition ->> 'transit_days')::int not between 0 and 365
    or (p_definition ->> 'assumed_after')::interval not between interval '1 day' and interval '365 days' then
    perform postrider.fail('PR020', format('a card travels %s days, and is assumed to be there after %s', p_definition ->> 'transit_days',
      p_definition ->> 'assumed_after'), 'transit_days is from 0 to 365, assumed_after from 1 day to 365 days; nothing was changed');
  end if;
  return p_definition;
end $$;

-- Makes the printer that a campaign names, or changes it. Its pieces are looked for, called back and asked for where it says: while an outcome is open
-- there, an honest "absent" of another shop would print a card again. And whoever armed it, armed what it was.
create function postrider.point_printer(p_organization_id uuid, p_name text, p_options jsonb, p_launched boolean) returns void
language plpgsql set search_path = postrider, pg_temp as $$
declare
  v_printer postrider.printer;
  v_open int;
begin
  insert into postrider.printer (organization_id, name, kind, options) values (p_organization_id, p_name, p_options ->> 'kind', p_options)
  on conflict (organization_id, name) do nothing;
  if found then
    -- Perhaps not new but forgotten, with the cards that it has made.
    perform postrider.hold(p_organization_id, 'printer', p_name, i.restore_why || '; ask the printers: postrider reconcile --since, then release')
    from postrider.installation i where i.restore_noticed_at is not null;
  end if;
  if exists (select from postrider.printer where organization_id = p_organization_id and name = p_name
    and (kind, options) is not distinct from (p_options ->> 'kind', p_options)) then
    return;
  end if;
  -- Who begins has it for share: no piece is opened from here on.
  perform pg_advisory_xact_lock(postrider.lock_key('printer', p_organization_id, p_name));
  select * into v_printer from postrider.printer where organization_id = p_organization_id and name = p_name for update;
  select count(*) into v_open from postrider.mailpiece
  where organization_id = p_organization_id and printer_name = p_name and status in ('submitting', 'unknown');
  if v_open > 0 then
    perform postrider.fail('PR021', format('%s mailpieces at printer %s have no outcome yet', v_open, p_name),
      'where they are asked for does not change meanwhile: hold the printer until they are settled, or give the other printer another name; nothing was changed',
      jsonb_build_object('printer', p_name, 'mailpieces', v_open));
  end if;
  if v_printer.armed_at is not null and not p_launched then
    perform postrider.fail('PR017', format('printer %s is armed, and a campaign that is not launched does not change it', p_name),
      format('give the other printer another name, or: select postrider.disarm_printer(%L, %L); nothing was changed', p_organization_id, p_name));
  end if;
  update postrider.printer set kind = p_options ->> 'kind', options = p_options, armed_at = null, armed_by = null
  where organization_id = p_organization_id and name = p_name;
  -- What another kind of printer tells, and how far it was read, is its own.
  if v_printer.kind <> p_options ->> 'kind' then
    delete from postrider.printer_feed where organization_id = p_organization_id and printer_name = p_name;
  end if;
end $$;

-- p_definition: a checked campaign file, see docs/reference/campaign-file.md. Returns {organizationId, campaignId, created, changed: [field, …]}.
create function postrider.apply_campaign(p_organization_id uuid, p_definition jsonb) returns jsonb
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_now timestamptz := postrider.now();
  v_definition jsonb;
  v_new postrider.campaign;
  v_old postrider.campaign;
  v_wrong text;
  v_frozen text;
  v_changed text[];
begin
  perform postrider.require_organization(p_organization_id);
  begin
    v_definition := postrider.checked_definition(p_definition);
    -- One at a time: of two that make the same campaign the second finds it. Then the campaign before its printer, as a begin locks them; and as hold does, or
    -- begins would overtake us for ever.
    perform pg_advisory_xact_lock(postrider.lock_key('apply', p_organization_id, v_definition ->> 'name'));
    perform pg_advisory_xact_lock(postrider.lock_key('campaign', p_organization_id, c.id::text))
    from postrider.campaign c where c.organization_id = p_organization_id and c.name = v_definition ->> 'name';
    select * into v_old from postrider.campaign where organization_id = p_organization_id and name = v_definition ->> 'name' for update;
    perform postrider.point_printer(p_organization_id, v_definition ->> 'printer_name', v_definition #> '{integrations,printer}',
      v_old.launched_at is not null);
    if v_old.id is null then
      v_new := jsonb_populate_record(null::postrider.campaign, v_definition || jsonb_build_object('organization_id', p_organization_id,
        'id', postrider.new_id(), 'status', 'pending', 'mode', 'test', 'created_at', v_now));
      insert into postrider.campaign select (v_new).*;
      perform postrider.count_opened(p_organization_id, v_new.id);
      perform postrider.note_intervention(p_organization_id, 'apply', 'made', v_new.id);
      return jsonb_build_object('organizationId', p_organization_id, 'campaignId', v_new.id, 'created', true, 'changed', '[]'::jsonb);
    end if;

    v_new := jsonb_populate_record(v_old, v_definition);
    select array_agg(n.key order by n.key) into v_changed
    from jsonb_each(to_jsonb(v_new)) n join jsonb_each(to_jsonb(v_old)) o using (key) where n.value is distinct from o.value;
    if v_changed is null then
      return jsonb_build_object('organizationId', p_organization_id, 'campaignId', v_old.id, 'created', false, 'changed', '[]'::jsonb);
    end if;
    select string_agg(f, ', ') into v_frozen from unnest(v_changed) f
    where f in ('holdout_salt', 'holdout_percent')
      and exists (select from postrider.recipient where organization_id = p_organization_id and campaign_id = v_old.id)
      or f in ('campaign_mode', 'mode') and v_old.launched_at is not null;
    if v_frozen is not null then
      perform postrider.fail('PR014', format('campaign %s: %s cannot change any more', v_old.name, v_frozen),
        'holdout salt and percent freeze with the first recipient (the experiment would be spoilt), the modes with the launch; make a new campaign. Nothing was changed',
        jsonb_build_object('frozen', v_frozen));
    end if;
    if v_old.status in ('completed', 'archived') then
      perform postrider.fail('PR012', format('campaign %s is %s', v_old.name, v_old.status), 'an ended campaign is not changed; make a new one');
    end if;
    update postrider.campaign c set campaign_mode = v_new.campaign_mode, provider_segment_id = v_new.provider_segment_id,
      integrations = v_new.integrations, base_directory = v_new.base_directory, template = v_new.template, format = v_new.format,
      mail_class = v_new.mail_class, printer_name = v_new.printer_name, return_address = v_new.return_address, dedupe = v_new.dedupe,
      exclusion_window = v_new.exclusion_window, frequency_cap = v_new.frequency_cap, frequency_cap_mode = v_new.frequency_cap_mode,
      holdout_percent = v_new.holdout_percent, holdout_salt = v_new.holdout_salt, daily_cap = v_new.daily_cap, total_cap = v_new.total_cap,
      budget_minor = v_new.budget_minor, price_minor = v_new.price_minor, currency = v_new.currency, offer_ends_on = v_new.offer_ends_on,
      transit_days = v_new.transit_days, assumed_after = v_new.assumed_after, effects = v_new.effects
    where c.organization_id = p_organization_id and c.id = v_old.id;
    -- Nobody counted while there was no cap; and what was opened at one price is not paid for at another, whether or not a budget is there already.
    if v_changed && '{daily_cap,total_cap,budget_minor,price_minor}' then
      perform postrider.count_opened(p_organization_id, v_old.id, v_old.price_minor);
    end if;
    perform postrider.note_intervention(p_organization_id, 'apply', 'changed: ' || array_to_string(v_changed, ', '), v_old.id);
    return jsonb_build_object('organizationId', p_organization_id, 'campaignId', v_old.id, 'created', false, 'changed', to_jsonb(v_changed));
  exception when data_exception or integrity_constraint_violation then
    -- What the tables take is theirs to say; it is said in our words, and nothing of it stays.
    get stacked diagnostics v_wrong = message_text;
    perform postrider.fail('PR020', format('the definition cannot be kept: %s', v_wrong),
      'see docs/reference/campaign-file.md for what each field takes; nothing was changed');
  end;
end $$;

-- Makes a campaign active and freezes its mode. Only this makes mail leave. It lifts no hold; and a one-off, which is not read again, must have been
-- read to its end. p_arm: with a live launch its printer is armed too; neither happens without the other.
create function postrider.launch(p_organization_id uuid, p_campaign_id uuid, p_mode text default 'test', p_why text default null,
  p_arm boolean default false) returns text
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_campaign postrider.campaign;
  v_unread text;
  v_armed_at timestamptz;
begin
  perform postrider.require_organization(p_organization_id);
  perform pg_advisory_xact_lock(postrider.lock_key('campaign', p_organization_id, p_campaign_id::text));
  select * into v_campaign from postrider.campaign where organization_id = p_organization_id and id = p_campaign_id for update;
  if not found then
    perform postrider.fail('PR010', 'there is no such campaign', 'select name, id from postrider.campaigns');
  end if;
  if coalesce(p_mode, '') not in ('test', 'live') then
    perform postrider.fail('PR020', format('the mode is test or live, not %L', p_mode), 'nothing was changed');
  end if;
  if p_arm and p_mode = 'test' then
    perform postrider.fail('PR020', 'a launch in test mode arms no printer', 'arm it with the live launch; nothing was changed');
  end if;
  if v_campaign.status not in ('pending', 'active', 'paused') then
    perform postrider.fail('PR012', format('campaign %s is %s and cannot be launched', v_campaign.name, v_campaign.status), 'make a new campaign');
  end if;
  if v_campaign.status = 'paused' then
    perform postrider.fail('PR012', format('campaign %s is held', v_campaign.name) || coalesce(': ' || v_campaign.held_why, ''),
      format('release it first: postrider release campaign %s, or select postrider.release(%L, ''campaign'', %L). Nothing was changed',
        v_campaign.name, p_organization_id, p_campaign_id));
  end if;
  if v_campaign.campaign_mode = 'one_off' and v_campaign.launched_at is null and v_campaign.provider_segment_id is not null and not exists (
    select from postrider.sync_run where organization_id = p_organization_id and campaign_id = p_campaign_id and complete) then
    select r.error into v_unread from postrider.sync_run r
    where r.organization_id = p_organization_id and r.campaign_id = p_campaign_id order by r.started_at desc limit 1;
    -- Why the last run did not conclude, with what to do about it: to be told to read the list again does not help where that was not what it lacked.
    perform postrider.fail('PR012', format('the list of campaign %s was %s', v_campaign.name, case when not found then 'never read'
        else 'not read to its end' || coalesce(', or nothing could be concluded from it: ' || left(v_unread, 500), '') end),
      format('a one-off is not read any more once it is launched. Read it first: postrider sync %s, without --limit%s. Nothing was changed', v_campaign.name,
        case when exists (
          select from postrider.alarm
          where organization_id = p_organization_id and campaign_id = p_campaign_id and kind = 'mass_departure' and cleared_at is null)
          then ', and with --allow-departures if it is meant that so many leave' else '' end));
  end if;
  if v_campaign.launched_at is not null and v_campaign.mode <> p_mode then
    perform postrider.fail('PR014', format('campaign %s was launched in %s mode', v_campaign.name, v_campaign.mode),
      'the mode freezes with the launch; make a new campaign for the other mode. Nothing was changed');
  end if;
  -- After the campaign, as a begin locks them.
  if p_arm then
    perform postrider.arm_printer(p_organization_id, v_campaign.printer_name);
  end if;
  select armed_at into v_armed_at from postrider.printer where organization_id = p_organization_id and name = v_campaign.printer_name;
  if p_mode = 'live' and v_armed_at is null then
    perform postrider.fail('PR015', format('printer %s is not armed for live printing', v_campaign.printer_name),
      format('arm it first: select postrider.arm_printer(%L, %L), or launch with --arm. Nothing was changed', p_organization_id, v_campaign.printer_name));
  end if;
  -- What is active already is not launched again.
  if v_campaign.status = 'pending' then
    update postrider.campaign set status = 'active', mode = p_mode, launched_at = coalesce(launched_at, postrider.now())
    where organization_id = p_organization_id and id = p_campaign_id;
    perform postrider.note_intervention(p_organization_id, 'launch', concat_ws(': ', p_mode || ' mode', p_why), p_campaign_id);
  end if;
  perform pg_notify('postrider_moved', 'pending,proofed');
  return 'active';
end $$;

create function postrider.arm_printer(p_organization_id uuid, p_printer_name text) returns timestamptz
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_at timestamptz;
begin
  perform postrider.require_organization(p_organization_id);
  select armed_at into v_at from postrider.printer where organization_id = p_organization_id and name = p_printer_name;
  if not found then
    perform postrider.fail('PR010', format('there is no printer %s', p_printer_name), 'select name from postrider.printers');
  end if;
  -- Nothing to do, and nobody to wait for.
  if v_at is not null then
    return v_at;
  end if;
  perform pg_advisory_xact_lock(postrider.lock_key('printer', p_organization_id, p_printer_name));
  update postrider.printer set armed_at = coalesce(armed_at, postrider.now()), armed_by = coalesce(armed_by, session_user::text)
  where organization_id = p_organization_id and name = p_printer_name returning armed_at into v_at;
  perform postrider.note_intervention(p_organization_id, 'arm', null, null, p_printer_name);
  return v_at;
end $$;

create function postrider.disarm_printer(p_organization_id uuid, p_printer_name text) returns void
language plpgsql security definer set search_path = postrider, pg_temp as $$
begin
  perform postrider.require_organization(p_organization_id);
  perform pg_advisory_xact_lock(postrider.lock_key('printer', p_organization_id, p_printer_name));
  update postrider.printer set armed_at = null, armed_by = null where organization_id = p_organization_id and name = p_printer_name;
  if found then
    perform postrider.note_intervention(p_organization_id, 'disarm', null, null, p_printer_name);
  end if;
end $$;

-- Ends a campaign by hand. Who is sent is still followed; nobody may be at the printer's API.
create function postrider.end_campaign(p_organization_id uuid, p_campaign_id uuid, p_status text, p_why text default null) returns int
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_before text := postrider.act_as('op');
  v_sending int;
  v_campaign postrider.campaign;
  v_stopped int;
begin
  perform postrider.require_organization(p_organization_id);
  if coalesce(p_status, '') not in ('completed', 'archived') then
    perform postrider.fail('PR020', format('a campaign ends as completed or archived, not %L', p_status), 'nothing was changed');
  end if;
  perform pg_advisory_xact_lock(postrider.lock_key('campaign', p_organization_id, p_campaign_id::text));
  select * into v_campaign from postrider.campaign where organization_id = p_organization_id and id = p_campaign_id for update;
  if not found then
    perform postrider.fail('PR010', 'there is no such campaign', 'select name, id from postrider.campaigns');
  end if;
  if v_campaign.status = 'archived' and p_status = 'completed' then
    perform postrider.fail('PR012', format('campaign %s is archived', v_campaign.name), 'what is archived stays so; make a new campaign. Nothing was changed');
  end if;
  select count(*) into v_sending from postrider.recipient_state
  where organization_id = p_organization_id and campaign_id = p_campaign_id and state = 'sending';
  if v_sending > 0 then
    perform postrider.fail('PR021', format('%s people of campaign %s are at the printer just now', v_sending, v_campaign.name),
      'hold it, wait until they are sent or resolved, then try again; nothing was changed');
  end if;
  v_stopped := cardinality(postrider.stop_people(p_organization_id, array(
    select recipient_id from postrider.recipient_state
    where organization_id = p_organization_id and campaign_id = p_campaign_id
      and state in ('address_enrichable', 'address_enriching', 'pending', 'proofing_staged', 'proofing', 'proofed', 'sending_staged')),
    'skipped', 'campaign_closed', null));
  update postrider.campaign set status = p_status, status_before_hold = null, held_why = null, ended_at = postrider.now()
  where organization_id = p_organization_id and id = p_campaign_id;
  perform postrider.clear_refused(p_organization_id, p_campaign_id, 'the campaign was ended');
  perform postrider.note_intervention(p_organization_id, 'end', concat_ws(': ', p_status, p_why), p_campaign_id);
  return v_stopped;
end $$;

-- A one-off with nobody in flight is completed by itself. sent is in flight. Whoever brings people back does so under the organization's sync row: it is
-- locked, and then looked once more. Where it is in use, this is left to the next minute.
create function postrider.complete_campaigns(p_organization_id uuid) returns int
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan set enable_seqscan = off as $$
declare
  v_over uuid[] := array(
    select c.id from postrider.campaign c
    where c.organization_id = p_organization_id and c.campaign_mode = 'one_off' and c.status = 'active'
      and postrider.nobody_in_flight(c.organization_id, c.id));
  v_completed int;
begin
  if cardinality(v_over) = 0 then
    return 0;
  end if;
  perform from postrider.organization_sync where organization_id = p_organization_id for no key update skip locked;
  if not found then
    return 0;
  end if;
  update postrider.campaign c set status = 'completed', ended_at = postrider.now()
  where c.organization_id = p_organization_id and c.id = any (v_over) and c.status = 'active' and postrider.nobody_in_flight(c.organization_id, c.id);
  get diagnostics v_completed = row_count;
  return v_completed;
end $$;

-- There are people, and all of them are home or in error. By the indexes of who waits and who travels.
create function postrider.nobody_in_flight(p_organization_id uuid, p_campaign_id uuid) returns boolean
language sql stable
return exists (select from postrider.recipient r where r.organization_id = p_organization_id and r.campaign_id = p_campaign_id)
  and not exists (
    select from postrider.recipient_state s where s.organization_id = p_organization_id and s.campaign_id = p_campaign_id
      and s.state in ('address_enrichable', 'pending', 'proofed', 'sent'))
  and not exists (
    select from postrider.recipient_state s where s.organization_id = p_organization_id and s.campaign_id = p_campaign_id and s.cohort_id is not null);
