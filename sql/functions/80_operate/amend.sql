-- Amends one person: name, address, merge data. Until the printer may have the card.

-- Amends one recipient for an operator. A card that was rendered is rendered anew; the old one is
-- not printed. Where an address comes or changes, the recipient meets the rules of admission again,
-- and comes back from skipped for want of an address that can be mailed, and from error.
-- p_fields: {firstName, lastName, line1, line2, city, region, postalCode, country, merge: {…}},
-- those that are to change. Blank: there is nothing, as in a blank cell of a list. Null: the list
-- has no such field; of merge data it is taken away. An address stays whole.
-- p_dry_run: does it, tells the same and takes it back.
-- Returns what amend_people() tells of a person.
create function postrider.amend(
  p_recipient_id uuid,
  p_fields jsonb,
  p_why text default null,
  p_dry_run boolean default false
) returns jsonb language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('op');
  v_told jsonb;
begin
  begin
    v_told := postrider.amend_recipient(p_recipient_id, p_fields, p_why);
    if p_dry_run is not false then
      raise exception using errcode = 'DRYRN', message = 'a dry run is taken back';
    end if;
  exception when sqlstate 'DRYRN' then
    null;
  end;
  perform postrider.act_as(v_before);
  return v_told || jsonb_build_object('dryRun', p_dry_run is not false);
end $$;

-- Does what amend() promises, and returns the same. The caller has claimed op.
create function postrider.amend_recipient(
  p_recipient_id uuid,
  p_fields jsonb,
  p_why text
) returns jsonb language plpgsql as $$
declare
  v_state postrider.recipient_state := postrider.require_recipient(p_recipient_id);
  v_campaign postrider.campaign;
  v_recipient postrider.recipient;
  v_told jsonb;
begin
  perform postrider.require_amendments(p_fields);
  v_campaign := postrider.lock_for_retry(v_state.organization_id, v_state.campaign_id);
  select *
  into v_recipient
  from postrider.recipient
  where organization_id = v_state.organization_id
    and id = p_recipient_id;
  v_told := postrider.amend_people(
    v_state.organization_id,
    v_state.campaign_id,
    jsonb_build_array(
      postrider.amended_row(v_recipient, p_fields, v_campaign.longest_address_line)),
    'operator',
    p_why) -> 0;
  if v_told ->> 'outcome' = 'refused' then
    perform postrider.fail_amend(v_state.organization_id, p_recipient_id, v_told);
  end if;
  return v_told - '{n,row,refused,replaced}'::text[];
end $$;

-- Refuses fields that nobody has, or that are no text.
create function postrider.require_amendments(p_fields jsonb) returns void
language plpgsql immutable as $$
declare
  c_fields constant text[] :=
    '{firstName,lastName,line1,line2,city,region,postalCode,country,merge}';
  v_key text;
  v_value jsonb;
  v_longest int;
begin
  if jsonb_typeof(p_fields) is distinct from 'object' or p_fields in ('{}', '{"merge": {}}') then
    perform postrider.fail(
      'PR020',
      'no field is given that is to be amended',
      'as {"line1": "1 Elm St", "merge": {"offer": "A"}}; nothing was changed');
  end if;
  for v_key in select k from jsonb_object_keys(p_fields) k where k <> all (c_fields) loop
    perform postrider.fail(
      'PR020',
      format('%s is no field that can be amended', left(v_key, 40)),
      case
        when v_key ilike '%mail%' or v_key ilike 'external%'
          then 'by it a person is known: correct it in the list, and cancel the card here'
        else 'fields are ' || array_to_string(c_fields, ', ')
      end || '; nothing was changed');
  end loop;
  if jsonb_typeof(p_fields -> 'merge') <> 'object' then
    perform postrider.fail(
      'PR020', 'merge is no object', 'as {"merge": {"offer": "A"}}; nothing was changed');
  end if;
  for v_key, v_value, v_longest in
    select key, value, case key when 'postalCode' then 12 else 200 end
    from jsonb_each(p_fields - 'merge')
    union all
    select 'merge.' || key, value, 1000
    from jsonb_each(coalesce(p_fields -> 'merge', '{}'))
  loop
    if jsonb_typeof(v_value) not in ('string', 'null') then
      perform postrider.fail(
        'PR020',
        format('%s is no text', left(v_key, 40)),
        'write a number as "12"; null is for what is not there. Nothing was changed');
    end if;
    if length(v_value #>> '{}') > v_longest then
      perform postrider.fail(
        'PR020',
        format('%s has %s characters', left(v_key, 40), length(v_value #>> '{}')),
        format('at most %s are taken; nothing was changed', v_longest));
    end if;
    -- What changes the print and is not seen, as a source may not tell it either.
    if v_key not like 'merge.%'
      and v_value #>> '{}' ~ '[\u0001-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]'
    then
      perform postrider.fail(
        'PR020',
        format('%s has a line break or another character that cannot be printed', v_key),
        'nothing was changed');
    end if;
  end loop;
end $$;

-- Writes a person's row as it is to be, by the rules of a sync. An address that cannot be mailed is
-- refused, with the field.
create function postrider.amended_row(
  p_before postrider.recipient,
  p_fields jsonb,
  p_longest_line int
) returns jsonb language plpgsql as $$
declare
  v_is_address boolean :=
    p_fields ?| '{line1,line2,city,region,postalCode,country}';
  v_row jsonb := postrider.content_of(p_before);
  v_written record;
  v_household_key text;
begin
  -- Blank is nothing, as in a list. Of what an address needs, blank and missing are told below.
  v_row := v_row || coalesce((
    select jsonb_object_agg(key, nullif(postrider.trimmed(value), ''))
    from jsonb_each_text(p_fields - 'merge')), '{}');
  if v_is_address then
    if (v_row ->> 'line1') is null or (v_row ->> 'city') is null
      or (v_row ->> 'country') is null
    then
      perform postrider.fail(
        'PR020',
        format('%s is %s, and an address needs it', n.name, case
          when p_fields ->> n.name is not null then 'blank'
          else 'missing' end),
        'an address needs line1, city and country, and in most countries postalCode and region; '
        'to mail no card use postrider.cancel(recipient). Nothing was changed')
      from unnest('{line1,city,country}'::text[]) with ordinality as n (name, place)
      where (v_row ->> n.name) is null
      order by n.place
      limit 1;
    end if;
    v_row := v_row || jsonb_build_object('postalCode', coalesce(v_row ->> 'postalCode', ''));
  end if;
  select a.region, a.country, a.fault
  into v_written
  from postrider.postal_addresses(jsonb_build_array(v_row), p_longest_line) a;
  if v_is_address then
    v_household_key := postrider.household_key(
      v_row ->> 'line1', v_row ->> 'line2', v_row ->> 'postalCode', v_written.country);
    if v_written.fault is not null or v_household_key is null then
      perform postrider.fail(
        'PR020',
        format('the address cannot be mailed: %s',
          coalesce(v_written.fault, 'line1: it has neither letters nor digits')),
        'give the field as it is to be printed; nothing was changed');
    end if;
    v_row := v_row
      || jsonb_build_object('region', v_written.region, 'country', v_written.country);
  end if;
  return v_row || jsonb_build_object(
    'n', 1,
    'id', p_before.id,
    'email', p_before.email,
    'otherEmails', p_before.other_emails,
    'email_keys', postrider.email_keys_of(p_before.organization_id, p_before.id),
    'merge', (
      select coalesce(jsonb_object_agg(key, value), '{}')
      from jsonb_each(p_before.merge || coalesce(p_fields -> 'merge', '{}'))
      where value <> 'null'),
    'household_key', coalesce(v_household_key, p_before.household_key),
    'name_key', postrider.name_key(v_row ->> 'firstName', v_row ->> 'lastName'),
    'address_fault', v_written.fault);
end $$;

-- Refuses an amendment that comes too late, and says what can be done.
create function postrider.fail_amend(
  p_organization_id uuid,
  p_recipient_id uuid,
  p_told jsonb
) returns void language plpgsql as $$
declare
  v_piece uuid := (
    select id
    from postrider.mailpiece
    where organization_id = p_organization_id
      and recipient_id = p_recipient_id
      and not postrider.piece_is_closed(status)
    limit 1);
begin
  perform postrider.fail(
    case p_told ->> 'refused' when 'outcome_unknown' then 'PR016' else 'PR017' end,
    format('recipient %s is %s: %s', p_recipient_id, p_told ->> 'was',
      postrider.why_not_amended(p_told ->> 'refused')),
    postrider.helps_not_amended(p_told ->> 'refused', p_recipient_id, v_piece)
      || '; nothing was changed',
    jsonb_build_object('refused', p_told ->> 'refused', 'mailpieceId', v_piece));
end $$;

-- Says why somebody cannot be amended any more.
create function postrider.why_not_amended(p_refused text) returns text language sql immutable
return case p_refused
  when 'erased' then 'the person was erased'
  when 'printed' then 'the printer has the card'
  when 'outcome_unknown' then 'nobody can tell whether the card was printed'
  when 'at_printer' then 'the card is at the printer, which may have taken it'
  when 'key_in_use' then 'the printer was asked for this card before, and only the same card again '
    'is safe from being made twice'
  when 'cancelled' then 'a cancel is asked for'
  else 'no card will be made'
end;

-- Says what helps somebody who cannot be amended any more.
create function postrider.helps_not_amended(
  p_refused text,
  p_recipient_id uuid,
  p_mailpiece_id uuid
) returns text language sql immutable
return format(
  case p_refused
    when 'printed' then 'select postrider.cancel(%1$L) asks the printer to call it back'
    when 'outcome_unknown'
      then 'look at the printer''s console, then select postrider.resolve(%2$L, ''printed'' or '
        '''not_printed'', ''evidence''), and amend then'
    when 'at_printer'
      then 'select postrider.cancel(%1$L) stops it as soon as the printer has answered; '
        'or try again when the printer has said that it made nothing'
    when 'key_in_use' then 'select postrider.cancel(%1$L) stops it'
    when 'cancelled' then 'select postrider.retry(%1$L) obeys it'
    else 'there is nothing to amend'
  end,
  p_recipient_id, p_mailpiece_id);
