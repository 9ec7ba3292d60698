-- What an operator has amended of a person, beside what the source says of them. An amendment holds
-- while the source's row says what it said when the person was amended. A row that says something
-- else has been corrected since: it wins, and that is told (docs/adr/0027). Name and address are
-- one thing each, since a new street does not go with an old flat; merge fields are each their own.

-- Keeps of an address what a source says of it; null where there is none.
create function postrider.said_address(
  p_line1 text,
  p_line2 text,
  p_city text,
  p_region text,
  p_postal_code text,
  p_country text
) returns jsonb language sql immutable
return case
  when p_line1 is not null
    then jsonb_build_object(
      'line1', p_line1, 'line2', p_line2, 'city', p_city, 'region', p_region,
      'postalCode', p_postal_code, 'country', p_country)
end;

-- Returns recipient.amended after an operator has amended fields. What the source said is kept from
-- the first amendment: the values after it are the operator's.
-- p_before: the person before it. p_changed: as in amend_people().
create function postrider.amended_after(
  p_before postrider.recipient,
  p_changed text[]
) returns jsonb language plpgsql immutable as $$
declare
  v_amended jsonb := coalesce(p_before.amended, '{}');
  v_merge jsonb := coalesce(v_amended -> 'merge', '{}');
begin
  if p_changed && '{first_name,last_name}' and not v_amended ? 'name' then
    v_amended := v_amended || jsonb_build_object('name', jsonb_build_object(
      'firstName', p_before.first_name, 'lastName', p_before.last_name));
  end if;
  if p_changed && '{line1,line2,city,region,postal_code,country}'
    and not v_amended ? 'address'
  then
    v_amended := v_amended || jsonb_build_object('address', case
      when p_before.address_from = 'source' then postrider.said_address(
        p_before.line1, p_before.line2, p_before.city, p_before.region, p_before.postal_code,
        p_before.country) end);
  end if;
  v_merge := coalesce(
    (
      select jsonb_object_agg(substr(f, 7), p_before.merge -> substr(f, 7))
      from unnest(p_changed) f
      where f like 'merge.%'
    ), '{}') || v_merge;
  if v_merge <> '{}' then
    v_amended := v_amended || jsonb_build_object('merge', v_merge);
  end if;
  return v_amended;
end $$;

-- Reads a row of the source beside what is amended of its person. What holds stands in the row as
-- the person has it; an address that holds is left out, as where the source knows none.
-- Adds to the row: amended, as it is to be kept; replaced, what is amended no more and is another
-- value now.
create function postrider.beside_amendments(
  p_row jsonb,
  p_person postrider.recipient
) returns jsonb language plpgsql immutable as $$
declare
  c_address constant text[] :=
    '{line1,line2,city,region,postalCode,country,household_key,address_fault}';
  v_row jsonb := p_row;
  v_amended jsonb := p_person.amended;
  v_merge jsonb := coalesce(p_row -> 'merge', '{}');
  v_replaced text[] := '{}';
  v_address jsonb := postrider.said_address(
    p_row ->> 'line1', p_row ->> 'line2', p_row ->> 'city', p_row ->> 'region',
    p_row ->> 'postalCode', p_row ->> 'country');
  v_key text;
  v_said jsonb;
begin
  if v_amended -> 'name' = jsonb_build_object(
    'firstName', p_row ->> 'firstName', 'lastName', p_row ->> 'lastName')
  then
    v_row := v_row || jsonb_build_object(
      'firstName', p_person.first_name, 'lastName', p_person.last_name,
      'name_key', postrider.name_key(p_person.first_name, p_person.last_name));
  elsif v_amended ? 'name' then
    v_amended := v_amended - 'name';
    if (p_person.first_name, p_person.last_name)
      is distinct from (p_row ->> 'firstName', p_row ->> 'lastName')
    then
      v_replaced := v_replaced || 'name'::text;
    end if;
  end if;

  if v_address is not null and v_address = v_amended -> 'address' then
    v_row := v_row - c_address;
  elsif v_address is not null and v_amended ? 'address' then
    v_amended := v_amended - 'address';
    if v_address is distinct from postrider.said_address(
      p_person.line1, p_person.line2, p_person.city, p_person.region, p_person.postal_code,
      p_person.country)
    then
      v_replaced := v_replaced || 'address'::text;
    end if;
  end if;

  for v_key, v_said in
    select key, nullif(value, 'null')
    from jsonb_each(v_amended -> 'merge')
  loop
    if v_merge -> v_key is not distinct from v_said then
      v_merge := case
        when p_person.merge ? v_key
          then v_merge || jsonb_build_object(v_key, p_person.merge -> v_key)
        else v_merge - v_key
      end;
    else
      v_amended := v_amended #- array['merge', v_key];
      if v_merge -> v_key is distinct from p_person.merge -> v_key then
        v_replaced := v_replaced || v_key;
      end if;
    end if;
  end loop;
  if v_amended -> 'merge' = '{}' then
    v_amended := v_amended - 'merge';
  end if;

  return v_row || jsonb_build_object(
    'merge', v_merge,
    'read_beside', true,
    'amended', nullif(v_amended, '{}'),
    'replaced', to_jsonb(v_replaced));
end $$;

-- Reads the rows of a page beside what is amended of their people. Few people are: where nobody is,
-- the rows stay as they are. p_known: as in apply_source_changes().
create function postrider.rows_beside_amendments(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_known jsonb
) returns jsonb language plpgsql stable as $$
begin
  if not exists (
    select from postrider.recipient
    where organization_id = p_organization_id
      and campaign_id = p_campaign_id
      and amended is not null)
  then
    return p_known;
  end if;
  return (
    select jsonb_agg(
      case
        when r.id is null then k.told
        else postrider.beside_amendments(k.told, r)
      end order by k.n)
    from jsonb_array_elements(p_known) with ordinality as k (told, n)
    left join postrider.recipient r
      on r.organization_id = p_organization_id
      and r.id = (k.told ->> 'id')::uuid
      and r.amended is not null);
end $$;

-- Says of rows which amendments they have replaced: [{row, externalId, notes}], as keep_notes()
-- takes them.
create function postrider.notes_of_replaced(p_rows jsonb) returns jsonb language sql immutable
return (
  select jsonb_agg(jsonb_build_object(
    'row', k."row",
    'externalId', k."externalId",
    'notes', (
      select jsonb_agg(jsonb_build_object(
        'column', f,
        'reason', 'amendment_replaced',
        'message', format(
          'An operator had amended "%s", and the row says something else than it did then: '
          'the row stands.', f)))
      from jsonb_array_elements_text(k.replaced) f)) order by k.n)
  from rows from (
    jsonb_to_recordset(p_rows) as ("row" bigint, "externalId" text, replaced jsonb))
    with ordinality as k ("row", "externalId", replaced, n)
  where k.replaced <> '[]');
