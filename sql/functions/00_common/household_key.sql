-- The key of a household: the parts of its address, with the version of the rules that made it. It
-- is not what is printed. City and region are left out: the postal code says them, with fewer
-- spellings.

-- The version of the rules, the first part of every key. A change of the rules is a new one.
create function postrider.household_key_version() returns text language sql immutable parallel safe
return '2';

-- Makes the key of a household from its address; null where the address is not whole, or has
-- neither letters nor digits: all such addresses of a postal code would be one household. Equal
-- keys are certainly one household: where it is in doubt, keys differ, and may_be_one_household()
-- tells.
-- In countries that write the number behind the street, the street ends with its first number, and
-- each word behind that is one of the others, with its place: "Hauptstr. 5 Hinterhaus" in Berlin is
-- 2|DE|10115||HAUPTSTRASSE 5|||||1 HINTERHAUS.
-- Parts: version|country|postal code|number|street|suffix|directional before|after|units|others,
-- and, where there is one, a spelling that makes another household for certain and the same one
-- possibly: "12 East St" is 2|US|02138|12|E|ST|||||EAST.
create function postrider.household_key(
  p_line1 text,
  p_line2 text,
  p_postal_code text,
  p_country text
) returns text language plpgsql immutable parallel safe security definer as $$
declare
  v_country text := upper(postrider.trimmed(p_country) collate "C");
  v_postal text := regexp_replace(postrider.fold(p_postal_code), '[^A-Z0-9]', '', 'g');
  v_text text := postrider.fold_address(concat_ws(',', p_line1, p_line2));
  v_rest text;
begin
  if p_line1 is null or p_postal_code is null or p_country is null then
    return null;
  end if;
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
  if v_country in ('US', 'CA', 'GB', 'IE', 'GG', 'JE', 'IM', 'AU', 'NZ') then
    return (
      select concat_ws('|',
        postrider.household_key_version(), v_country, v_postal,
        coalesce(p.number, ''), coalesce(p.street, ''), coalesce(p.suffix, ''),
        coalesce(p.predirectional, ''), coalesce(p.postdirectional, ''),
        p.units, p.others, p.spelling)
      from postrider.address_parts(v_text, v_country) p);
  end if;
  if v_country in ('DE', 'AT', 'CH', 'LI') then
    -- "Goethe-Straße" is "Goethestraße".
    v_text := regexp_replace(v_text, '[- ]?STR(?:ASSE)?(?=[ ,]|$)', 'STRASSE', 'g');
    v_text := regexp_replace(v_text, '([AOU])E', '\1', 'g');
    -- "PF 12 34" is Postfach 1234: the post writes it in pairs of figures.
    v_text := regexp_replace(v_text, '(?<=^|,) ?(?:PF|POSTF) ?(?=[0-9])', 'POSTFACH ');
    v_text := regexp_replace(v_text, '(?<=POSTFACH [0-9 ]*[0-9]) (?=[0-9])', '', 'g');
  elsif v_country = 'SG' then
    -- "#04-12" is #4-12: the floor and the flat.
    v_text := regexp_replace(v_text, '# ?0*([0-9]+) ?- ?0*([0-9]+[A-Z]?)', '#\1-\2');
  end if;
  v_text := postrider.street_first(v_text);
  if v_country = 'JP' then
    v_text := postrider.write_japanese(v_text);
  elsif v_country = 'NL' then
    v_text := regexp_replace(v_text, 'STR(?= |$)', 'STRAAT', 'g');
  end if;
  v_text := btrim(regexp_replace(v_text, '[-,/# ]+', ' ', 'g'));
  if v_country in ('FR', 'LU', 'MC') then
    v_text := regexp_replace(v_text,
      '^([0-9]+[A-Z]?|[0-9]+ (?:BIS|TER)) R (?=[^ ]{2})', '\1 RUE ');
  elsif v_country = 'PL' then
    -- "5 m. 8" is 5/8.
    v_text := regexp_replace(v_text,
      '(?<=[0-9][A-Z]?) (?:M|MIESZK|MIESZKANIE|LOK|LOKAL) ?(?=[0-9])', ' ');
  end if;
  -- "Hauptstr. 5 a" is 5a, "12 bis" is 12bis.
  v_text := regexp_replace(v_text, '(?<=[0-9]) ([A-ZΑ-ΩА-Я]|BIS|TER|QUATER)(?= |$)', '\1', 'g');
  if v_country in ('FR', 'ES', 'IT', 'PT', 'BR', 'PL', 'RU', 'UA', 'GR', 'CY') then
    v_text := postrider.write_street_word(v_text,
      case v_country when 'BR' then 'PT' when 'CY' then 'GR' else v_country end);
    if v_country in ('RU', 'UA') then
      -- "д. 5" is house 5.
      v_text := regexp_replace(v_text, ' (?:Д|ДОМ|БУД|БУДИНОК) ?(?=[0-9])', ' ');
    end if;
  end if;
  v_rest := coalesce(
    substring(v_text from '^[^0-9 ]+(?: [^0-9 ]+)* ?[^ ]*[0-9][^ ]* (.+)$'),
    substring(v_text from
      '^[0-9][^ ]* .+? ((?:BAT|BATIMENT|BLDG|APT|APPT?|APPARTEMENT|ESC|ESCALIER|RES|RESIDENCE'
        || '|PORTE|FLAT|UNIT|BP|CS|CO) .+)$'));
  return concat_ws('|',
    postrider.household_key_version(), v_country, v_postal, '',
    left(v_text, length(v_text) - coalesce(length(v_rest) + 1, 0)),
    '', '', '', '',
    -- The place of each word, so that "5/2" may be "5/2/4", and "5/2/4" is not "5/4/2".
    array_to_string(array(
      select w.n || ' ' || w.word
      from unnest(string_to_array(v_rest, ' ')) with ordinality as w (word, n)
      order by w.n), ','));
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
    concat_ws('|', k[1], k[2], k[3], n.figures, k[5]),
    concat_ws('|', k[1], k[2], k[3], n.figures),
    k[6], k[7], k[8],
    string_to_array(concat_ws(',',
      '# ' || substring(k[4] from '[0-9]([A-Z])$'), '# ' || nullif(split_part(k[4], '-', 2), ''),
      nullif(
        regexp_replace(
          replace(replace(replace(k[9], 'REAR', '# R'), 'FRNT', '# F'), 'FL ', '# '),
          '# ([A-Z]+)([0-9]+)(?=,|$)', '# \2\1', 'g'),
        '')), ','),
    string_to_array(k[10], ',')
  from string_to_array(p_household_key, '|') as k
  cross join lateral (select regexp_replace(k[4], '(?<=[0-9])([A-Z]|-.*)$', '')) as n (figures);
end;

-- What keys begin with that may be one household: all but the street, without the letter of the
-- number. Expressions, taken up into a query that asks for each of many people.
create function postrider.numbered_of(p_household_key text) returns text
language sql immutable parallel safe
return split_part(p_household_key, '|', 1) || '|' || split_part(p_household_key, '|', 2)
  || '|' || split_part(p_household_key, '|', 3)
  || '|' || regexp_replace(split_part(p_household_key, '|', 4), '(?<=[0-9])([A-Z]|-.*)$', '');

-- The same with the street.
create function postrider.neighbourhood_of(p_household_key text) returns text
language sql immutable parallel safe
return postrider.numbered_of(p_household_key) || '|' || split_part(p_household_key, '|', 5);

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
