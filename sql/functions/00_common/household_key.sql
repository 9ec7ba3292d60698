-- The key of a household: the parts of its address, with the version of the rules that made it. It
-- is not what is printed. City and region are left out: the postal code says them, with fewer
-- spellings.

-- The version of the rules, the first part of every key. A change of the rules is a new one.
create function postrider.household_key_version() returns text language sql immutable parallel safe
return '2';

-- Says whether an address is read in the English way: number, street, kind of street.
-- p_text: folded. In Hong Kong a Chinese one is not.
create function postrider.is_in_english(
  p_country text,
  p_text text
) returns boolean language sql immutable parallel safe
return p_country in ('US', 'CA', 'GB', 'IE', 'GG', 'JE', 'IM', 'AU', 'NZ')
  or p_country in (
    'ZA', 'PH', 'IN', 'SG', 'HK', 'MY', 'KE', 'NG', 'GH', 'UG', 'TZ', 'ZW', 'ZM', 'BW', 'NA', 'MW',
    'PK', 'BD', 'LK', 'JM', 'TT', 'BB', 'BS', 'BZ', 'GY', 'MT', 'FJ', 'PG', 'BM', 'KY', 'GI', 'LS',
    'SZ', 'SL', 'GM', 'LR', 'MU', 'SC', 'AG', 'DM', 'GD', 'KN', 'LC', 'VC', 'FK', 'VG', 'AI', 'TC')
  and octet_length(p_text) = length(p_text);

-- Makes the key of a household from its address; null where the address is not whole, or has
-- neither letters nor digits: all such addresses of a postal code would be one household. Equal
-- keys are certainly one household: where it is in doubt, keys differ, and may_be_one_household()
-- tells.
-- Parts: version|country|postal code|number|street|suffix|directional before|after|units|others,
-- and, where there is one, a spelling that makes another household for certain and the same one
-- possibly: "Neue Str. 9" in Berlin is 2|DE|10115|9|NEUSTRASSE||||||NEUE STRASSE.
create function postrider.household_key(
  p_line1 text,
  p_line2 text,
  p_postal_code text,
  p_country text
) returns text language plpgsql immutable parallel safe security definer as $$
declare
  v_country text := upper(postrider.trimmed(p_country) collate "C");
  -- Figures of other scripts are figures.
  v_postal text := regexp_replace(
    case
      when p_postal_code ~ '^[ -~]*$' then postrider.fold(p_postal_code)
      else postrider.fold_address(p_postal_code)
    end, '[^A-Z0-9]', '', 'g');
  v_text text := concat_ws(',', p_line1, p_line2);
begin
  if p_line1 is null or p_postal_code is null or p_country is null then
    return null;
  end if;
  if octet_length(v_text) > length(v_text) then
    v_text := postrider.write_local_signs(v_text, v_country);
  end if;
  v_text := postrider.fold_address(v_text);
  if v_text !~ '[0-9A-Z]' and regexp_replace(v_text,
    E'[ ,/#\\-\u2000-\u2bff\ufe00-\ufe0f\U0001f000-\U0001faff]', '', 'g') = ''
  then
    return null;
  end if;
  -- Territories of the United States and the states in free association with them share its mail.
  if v_country in ('PR', 'GU', 'VI', 'AS', 'MP', 'UM', 'FM', 'MH', 'PW') then
    v_country := 'US';
  end if;
  if v_country = 'US' then
    v_postal := lpad(left(v_postal, 5), 5, '0');
  end if;
  if postrider.is_in_english(v_country, v_text) then
    return (
      select concat_ws('|',
        postrider.household_key_version(), v_country, v_postal,
        coalesce(p.number, ''), coalesce(p.street, ''), coalesce(p.suffix, ''),
        coalesce(p.predirectional, ''), coalesce(p.postdirectional, ''),
        p.units, p.others, p.spelling)
      from postrider.address_parts(v_text, v_country) p);
  end if;
  return (
    select concat_ws('|',
      postrider.household_key_version(), v_country, v_postal,
      coalesce(p.number, ''), coalesce(p.street, ''), '', '', '', coalesce(p.units, ''), p.others,
      p.spelling)
    from postrider.address_elsewhere(v_text, v_country) p);
end $$;

-- Writes signs that mean a word in a country as this word, before an address is folded: "ü" in
-- German, "nº" for a number, "Pº" for Paseo.
create function postrider.write_local_signs(
  p_text text,
  p_country text
) returns text language plpgsql immutable parallel safe as $$
declare
  v_text text := normalize(p_text, nfc);
begin
  if p_country in ('DE', 'AT', 'CH', 'LI') then
    if v_text ~ '[äöüÄÖÜ]' then
      v_text := replace(replace(replace(v_text, 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue');
      v_text := replace(replace(replace(v_text, 'Ä', 'AE'), 'Ö', 'OE'), 'Ü', 'UE');
    end if;
  elsif v_text ~ '[ºª°]' then
    v_text := regexp_replace(v_text, '(?<![a-zA-Z0-9])[nN]\.?[º°](?![a-zA-Z])', ' num ', 'g');
    if p_country = 'ES' then
      v_text := regexp_replace(v_text, '(?<![a-zA-Z0-9])[pP]\.?º(?= )', 'paseo', 'g');
    end if;
  end if;
  return v_text;
end $$;

-- Keeps what the key of a household is made of; null where no key can be.
create function postrider.address_of(
  p_line1 text,
  p_line2 text,
  p_postal_code text,
  p_country text
) returns jsonb language sql immutable parallel safe
return case
  when p_line1 is not null and p_postal_code is not null and p_country is not null
    then jsonb_build_object(
      'line1', p_line1, 'line2', p_line2, 'postalCode', p_postal_code, 'country', p_country)
end;

-- Makes the key of a household from what address_of() kept.
create function postrider.key_of_address(p_address jsonb) returns text
language sql immutable parallel safe
return postrider.household_key(
  p_address ->> 'line1', p_address ->> 'line2', p_address ->> 'postalCode',
  p_address ->> 'country');

-- Divides a key at its bars. neighbourhood: what two keys share that may be one household.
-- numbered: the same without the street. What stands behind a number is a unit here: "12A Elm St"
-- may be "12 Elm St Apt A", "12-4 Elm St" may be "12 Elm St Apt 4", and "12R" the rear of 12. So
-- may "Apt B4" be "Apt 4B", and the second floor "Apt 2". The spelling is left out.
create function postrider.household_key_parts(
  p_household_key text,
  out neighbourhood text,
  out numbered text,
  out suffix text,
  out predirectional text,
  out postdirectional text,
  out units text[],
  out others text[]
) language sql immutable parallel safe
begin atomic
  select
    concat_ws('|', k[1], k[2], k[3], n.figures, replace(k[5], ' ', '')),
    concat_ws('|', k[1], k[2], k[3], n.figures),
    k[6], k[7], k[8],
    string_to_array(concat_ws(',',
      '# ' || substring(k[4] from '[0-9]([A-Z])$'), '# ' || nullif(split_part(k[4], '-', 2), ''),
      '# ' || nullif(split_part(k[4], ' ', 2), ''),
      nullif(
        regexp_replace(
          replace(replace(replace(k[9], 'REAR', '# R'), 'FRNT', '# F'), 'FL ', '# '),
          '# ([A-Z]+)([0-9]+)(?=,|$)', '# \2\1', 'g'),
        '')), ','),
    string_to_array(k[10], ',')
  from string_to_array(p_household_key, '|') as k
  cross join lateral (select regexp_replace(k[4], '(?<=[0-9])([A-Z]|[- ].*)$', '')) as n (figures);
end;

-- What keys begin with that may be one household: all but the street, without the letter of the
-- number. Expressions, taken up into a query that asks for each of many people.
create function postrider.numbered_of(p_household_key text) returns text
language sql immutable parallel safe
return split_part(p_household_key, '|', 1) || '|' || split_part(p_household_key, '|', 2)
  || '|' || split_part(p_household_key, '|', 3)
  || '|' || regexp_replace(split_part(p_household_key, '|', 4), '(?<=[0-9])([A-Z]|[- ].*)$', '');

-- The same with the street, its words written together: people part them as they like.
create function postrider.neighbourhood_of(p_household_key text) returns text
language sql immutable parallel safe
return postrider.numbered_of(p_household_key)
  || '|' || replace(split_part(p_household_key, '|', 5), ' ', '');

-- Draws a household's lot from 0 to 9999, in hundredths of a percent. It is salted, and always the
-- same: an audit can derive it again with the salt.
create function postrider.holdout_bucket(
  p_salt text,
  p_household_key text
) returns int language sql immutable strict parallel safe
return (
  -- The first 8 bytes as an unsigned number, modulo 10000, in two halves because bigint is signed.
  with h as (
    select sha256(convert_to(p_salt || ':' || p_household_key, 'UTF8')) as d
  )
  select ((
    (('x' || encode(substring(d from 1 for 4), 'hex'))::bit(32)::bigint % 10000)
      * (4294967296 % 10000)
    + ('x' || encode(substring(d from 5 for 4), 'hex'))::bit(32)::bigint) % 10000)::int
  from h
);
