-- A campaign file is applied as a whole. What the machine has frozen is refused, not ignored.

-- Makes or changes a campaign as its file says. p_definition: a checked campaign file, see
-- docs/reference/campaign-file.md. Returns {organizationId, campaignId, created, changed: [field,
-- …]}. Everything else of a campaign is the machine's own: only launch, hold, release and
-- end_campaign change it.
create function postrider.apply_campaign(
  p_organization_id uuid,
  p_definition jsonb
) returns jsonb language plpgsql security definer as $$
declare
  v_definition jsonb;
  v_old postrider.campaign;
  v_campaign_id uuid;
  v_changed text[] := '{}';
  v_wrong text;
begin
  perform postrider.require_organization(p_organization_id);
  begin
    v_definition := postrider.checked_definition(p_definition);
    -- One at a time: of two callers that make the same campaign the second finds it. Then the
    -- campaign before its printer, as a begin locks them; and by advisory lock, as hold does, or
    -- begins would overtake us for ever.
    perform pg_advisory_xact_lock(
      postrider.lock_key('apply', p_organization_id, v_definition ->> 'name'));
    perform pg_advisory_xact_lock(
      postrider.lock_key('campaign', p_organization_id, c.id::text))
    from postrider.campaign c
    where c.organization_id = p_organization_id
      and c.name = v_definition ->> 'name';
    select *
    into v_old
    from postrider.campaign
    where organization_id = p_organization_id
      and name = v_definition ->> 'name'
    for update;
    v_definition := postrider.with_connections(p_organization_id, v_definition, v_old);
    perform postrider.define_printer(
      p_organization_id,
      v_definition ->> 'printer_name',
      v_definition #> '{integrations,printer}',
      v_old.launched_at is not null);
    if v_old.id is null then
      v_campaign_id := postrider.make_campaign(p_organization_id, v_definition);
    else
      v_campaign_id := v_old.id;
      v_changed := postrider.change_campaign(v_old, v_definition);
    end if;
    return jsonb_build_object(
      'organizationId', p_organization_id,
      'campaignId', v_campaign_id,
      'created', v_old.id is null,
      'changed', to_jsonb(v_changed));
  exception when data_exception or integrity_constraint_violation then
    -- What the tables take is theirs to say. It is said in our words, and nothing of it stays.
    get stacked diagnostics v_wrong = message_text;
    perform postrider.fail(
      'PR020',
      format('the definition cannot be kept: %s', v_wrong),
      'see docs/reference/campaign-file.md for what each field takes; nothing was changed');
  end;
end $$;

-- Makes a campaign by its definition: pending, in test mode. Returns its id.
create function postrider.make_campaign(
  p_organization_id uuid,
  p_definition jsonb
) returns uuid language plpgsql as $$
declare
  v_new postrider.campaign := jsonb_populate_record(
    null::postrider.campaign,
    '{"event_statuses": ["sent", "in_transit", "delivered", "returned"],
      "remove_images_after": "7 days", "keep_images_at_most": "90 days", "hold_back_minutes": 0}'
    || p_definition || jsonb_build_object(
      'organization_id', p_organization_id,
      'id', postrider.new_id(),
      'status', 'pending',
      'mode', 'test',
      'created_at', postrider.now()));
begin
  insert into postrider.campaign
  select (v_new).*;
  perform postrider.count_opened(p_organization_id, v_new.id);
  perform postrider.note_intervention(p_organization_id, 'apply', 'made', v_new.id);
  return v_new.id;
end $$;

-- Changes a campaign, whose row the caller has locked, to its definition. Returns the fields of its
-- file that were changed.
create function postrider.change_campaign(
  p_old postrider.campaign,
  p_definition jsonb
) returns text[] language plpgsql as $$
declare
  v_new postrider.campaign := jsonb_populate_record(p_old, p_definition);
  v_changed text[] := array(
    select n.key
    from jsonb_each(to_jsonb(v_new)) n
    join jsonb_each(to_jsonb(p_old)) o using (key)
    where n.value is distinct from o.value
    order by n.key);
  v_fields text[] := postrider.changed_fields(to_jsonb(p_old), to_jsonb(v_new), v_changed);
begin
  if v_changed = '{}' then
    return v_fields;
  end if;
  perform postrider.require_changeable(p_old, v_changed);
  update postrider.campaign c
  set campaign_mode = v_new.campaign_mode,
    provider_segment_id = v_new.provider_segment_id,
    integrations = v_new.integrations,
    base_directory = v_new.base_directory,
    template = v_new.template,
    format = v_new.format,
    mail_class = v_new.mail_class,
    printer_name = v_new.printer_name,
    return_address = v_new.return_address,
    longest_address_line = v_new.longest_address_line,
    longest_name = v_new.longest_name,
    dedupe = v_new.dedupe,
    exclusion_window = v_new.exclusion_window,
    frequency_cap = v_new.frequency_cap,
    frequency_cap_mode = v_new.frequency_cap_mode,
    holdout_percent = v_new.holdout_percent,
    holdout_salt = v_new.holdout_salt,
    daily_cap = v_new.daily_cap,
    total_cap = v_new.total_cap,
    budget_minor = v_new.budget_minor,
    price_minor = v_new.price_minor,
    currency = v_new.currency,
    offer_ends_on = v_new.offer_ends_on,
    transit_days = v_new.transit_days,
    hold_back_minutes = coalesce(v_new.hold_back_minutes, 0),
    assumed_after = v_new.assumed_after,
    effects = v_new.effects,
    event_statuses = v_new.event_statuses,
    remove_images_after = v_new.remove_images_after,
    keep_images_at_most = v_new.keep_images_at_most
  where c.organization_id = p_old.organization_id
    and c.id = p_old.id;
  -- Nobody counted while there was no cap. And what was opened at one price is not paid for at
  -- another, whether or not a budget is there already.
  if v_changed && '{daily_cap,total_cap,budget_minor,price_minor}' then
    perform postrider.count_opened(p_old.organization_id, p_old.id, p_old.price_minor);
  end if;
  perform postrider.note_intervention(
    p_old.organization_id,
    'apply',
    'changed: ' || array_to_string(v_fields, ', '),
    p_old.id);
  return v_fields;
end $$;

-- Refuses changes of fields that are frozen, and of a campaign that has ended.
create function postrider.require_changeable(
  p_campaign postrider.campaign,
  p_changed text[]
) returns void language plpgsql as $$
declare
  v_frozen text;
begin
  select string_agg(postrider.file_field(f), ', ' order by f)
  into v_frozen
  from unnest(p_changed) f
  where f in ('holdout_salt', 'holdout_percent') and exists (
      select from postrider.recipient
      where organization_id = p_campaign.organization_id
        and campaign_id = p_campaign.id)
    or f in ('campaign_mode', 'mode') and p_campaign.launched_at is not null;
  if v_frozen is not null then
    perform postrider.fail(
      'PR014',
      format('campaign %s: %s cannot change any more', p_campaign.name, v_frozen),
      'holdout salt and percent freeze with the first recipient (the experiment would be spoilt), '
      'the mode with the launch; make a new campaign. Nothing was changed',
      jsonb_build_object('frozen', v_frozen));
  end if;
  if p_campaign.status in ('completed', 'archived') then
    perform postrider.fail(
      'PR012',
      format('campaign %s is %s', p_campaign.name, p_campaign.status),
      'an ended campaign is not changed; make a new one. Nothing was changed');
  end if;
end $$;

-- Locks a campaign against begins and other operators, and returns it. Refuses one that is not
-- there.
create function postrider.lock_campaign(
  p_organization_id uuid,
  p_campaign_id uuid
) returns postrider.campaign language plpgsql as $$
declare
  v_campaign postrider.campaign;
begin
  perform pg_advisory_xact_lock(
    postrider.lock_key('campaign', p_organization_id, p_campaign_id::text));
  select *
  into v_campaign
  from postrider.campaign
  where organization_id = p_organization_id
    and id = p_campaign_id
  for update;
  if not found then
    perform postrider.fail(
      'PR010',
      'there is no such campaign',
      'select name, id from postrider.campaigns; nothing was changed');
  end if;
  return v_campaign;
end $$;
