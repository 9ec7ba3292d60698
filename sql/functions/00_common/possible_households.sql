-- Which households may be one although their keys differ. An opt-out by address reaches so far.
-- There are addresses that two addresses stand in: a street with a box beside it, a flat of a named
-- building with its street. A household has one key; who opts out by one half of what another wrote
-- is looked for by the keys of both.

-- Lists the other addresses that stand in the address of a household, each as a line: the street
-- beside a box, the building without its street, "1 Elm Court" for "Flat 1, Elm Court". None of
-- nearly everybody.
create function postrider.other_addresses(p_household_key text) returns text[]
language plpgsql immutable parallel safe as $$
declare
  c_key constant text[] := string_to_array(p_household_key, '|');
  c_british constant boolean := c_key[2] in ('GB', 'IE', 'GG', 'JE', 'IM');
  c_units constant text := nullif(replace(replace(c_key[9], '# ', 'FLAT '), ',', ' '), '');
  -- "Flat 1" of a building is its number 1.
  c_flat constant text := substring(c_key[9] from '^# ([0-9]+[A-Z]?)$');
  v_line text;
  v_lines text[] := '{}';
begin
  if c_key[1] is distinct from postrider.household_key_version()
    or not c_british and c_key[2] not in ('US', 'CA', 'AU', 'NZ')
  then
    return v_lines;
  end if;
  foreach v_line in array string_to_array(c_key[10], ',') loop
    if v_line ~ '^[0-9][^ ]* .*[^ 0-9]' then
      v_lines := v_lines || concat_ws(' ', v_line, c_units);
    -- A village in the second line tells nobody apart: half of its people have it.
    elsif c_british and v_line !~ '^(C/O|C O|ATTN|ATTENTION|CARE OF|URB) '
      and (c_units is not null or v_line ~ (' (CT|HSE|HOUSE|COTTAGE|COTTAGES|LDG|HALL|FARM'
        || '|MANSIONS|TOWER|TOWERS|BLDG|BUILDINGS|MNR|VILLA|BARN|WORKS|MLS?)$'))
    then
      v_lines := v_lines || concat_ws(', ', c_units, v_line);
      if c_flat is not null then
        v_lines := v_lines || (c_flat || ' ' || v_line);
      end if;
    end if;
  end loop;
  if c_british and c_flat is not null and c_key[4] = '' then
    v_lines := v_lines || concat_ws(' ', c_flat, c_key[5], nullif(c_key[6], ''));
  end if;
  return v_lines;
end $$;

-- Lists the keys by which a household is looked for: its own, and those of the other addresses that
-- stand in its address.
create function postrider.keys_within(p_household_key text) returns text[]
language plpgsql immutable parallel safe security definer as $$
declare
  c_postal_code constant text := split_part(p_household_key, '|', 3);
  c_country constant text := split_part(p_household_key, '|', 2);
begin
  return p_household_key || array(
    select postrider.household_key(l.line, null, c_postal_code, c_country)
    from unnest(postrider.other_addresses(p_household_key)) as l (line));
end $$;

-- Says whether two keys may be one household: nothing in one contradicts the other. "12 Elm St" may
-- be "12 Elm St Apt 4", and so may "12 Elm St Bldg C Apt 4". Where two addresses stand in one, one
-- of them is enough. An opt-out by address reaches so far, and so does a list of near duplicates.
create function postrider.may_be_one_household(
  p_key text,
  p_other_key text
) returns boolean language sql immutable parallel safe security definer
return (
  select bool_or(a.neighbourhood = b.neighbourhood
    and (a.suffix = b.suffix or '' in (a.suffix, b.suffix))
    and (a.predirectional = b.predirectional or '' in (a.predirectional, b.predirectional))
    and (a.postdirectional = b.postdirectional or '' in (a.postdirectional, b.postdirectional))
    and (a.units <@ b.units or a.units @> b.units)
    and (a.others <@ b.others or a.others @> b.others))
  from unnest(postrider.keys_within(p_key)) as x (key)
  cross join unnest(postrider.keys_within(p_other_key)) as y (key)
  cross join lateral postrider.household_key_parts(x.key) a
  cross join lateral postrider.household_key_parts(y.key) b);
