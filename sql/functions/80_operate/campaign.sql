-- What a campaign file says. Everything else of a campaign is the machine's own: only launch, hold, release and end_campaign change it.
create function postrider.checked_definition(p_definition jsonb) returns jsonb
language plpgsql immutable as $$
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

-- p_definition: a checked campaign file, see docs/reference/campaign-file.md. Returns {organizationId, campaignId, created, changed: [field, …]}.
create function postrider.apply_campaign(p_organization_id uuid, p_definition jsonb) returns jsonb
language plpgsql security definer as $$
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
