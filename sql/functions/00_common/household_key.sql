-- The matching key of an address. It is not what is printed: it is folded and abbreviated, and the
-- unit stands apart, so that "12 Elm Street, Apt 4" and "12 ELM ST #4" are one household. The unit
-- is never dropped. City and region are left out: the postal code says them, with fewer spellings.

-- Reduces a text to upper case letters from A to Z, digits, slashes and number signs. What becomes
-- of other letters differs between collations, and a key must not.
create function postrider.fold(p_text text) returns text language sql immutable parallel safe
return btrim(regexp_replace(regexp_replace(
  upper(regexp_replace(
    normalize(coalesce(p_text, ''), nfd), '[\u0300-\u036f]', '', 'g') collate "C"),
  '#', ' # ', 'g'), '[^A-Z0-9/#]+', ' ', 'g'));

-- Writes the words of a folded address as the postal service of the United States abbreviates them.
create function postrider.abbreviate(
  p_folded text
) returns text language sql immutable parallel safe
return (
  select coalesce(string_agg(coalesce('{
    "STREET": "ST", "AVENUE": "AVE", "BOULEVARD": "BLVD", "DRIVE": "DR", "ROAD": "RD",
    "LANE": "LN", "COURT": "CT", "CIRCLE": "CIR", "PLACE": "PL", "SQUARE": "SQ",
    "TERRACE": "TER", "PARKWAY": "PKWY", "HIGHWAY": "HWY", "TRAIL": "TRL", "COVE": "CV",
    "CROSSING": "XING", "RIDGE": "RDG", "POINT": "PT", "HEIGHTS": "HTS",
    "EXPRESSWAY": "EXPY", "FREEWAY": "FWY", "ALLEY": "ALY",
    "MOUNT": "MT", "FORT": "FT", "SAINT": "ST",
    "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W",
    "NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE", "SOUTHWEST": "SW",
    "APARTMENT": "#", "APT": "#", "SUITE": "#", "STE": "#", "UNIT": "#",
    "ROOM": "#", "RM": "#", "NUMBER": "#", "NO": "#",
    "TRAILER": "TRLR", "BUILDING": "BLDG", "SPACE": "SPC",
    "FLOOR": "FL", "DEPARTMENT": "DEPT"}'::jsonb ->> t.token, t.token),
    ' ' order by t.ordinal), '')
  from unnest(string_to_array(p_folded, ' ')) with ordinality as t (token, ordinal)
);

-- Makes the key of a household from its address; null where the address is not whole.
create function postrider.household_key(
  p_line1 text,
  p_line2 text,
  p_postal_code text,
  p_country text
) returns text language plpgsql immutable parallel safe as $$
declare
  v_country text := upper(postrider.trimmed(p_country) collate "C");
  v_postal text := regexp_replace(postrider.fold(p_postal_code), '[^A-Z0-9]', '', 'g');
  v_lines text := postrider.fold(concat_ws(' ', p_line1, p_line2));
  v_unit text;
begin
  if p_line1 is null or p_postal_code is null or p_country is null then
    return null;
  end if;
  if v_country = 'US' then
    v_lines := regexp_replace(postrider.abbreviate(v_lines), '#( #)+', '#', 'g');
    v_unit := substring(v_lines from '(?:^| )# ([^ #]+)');
    v_lines := btrim(regexp_replace(v_lines, '(^| )# [^ #]+', ''));
    return 'US|' || lpad(left(v_postal, 5), 5, '0') || '|' || v_lines || '|'
      || coalesce(v_unit, '');
  elsif v_country = 'GB' then
    -- Numbers as a set: "Flat 2, 10 Elm Road" and "10 Elm Road, Flat 2" are one household, and the
    -- postcode is narrow.
    return 'GB|' || v_postal || '|' || coalesce((
      select string_agg(m, ' ' order by m)
      from (
        select distinct x[1] as m
        from regexp_matches(v_lines, '[0-9]+[A-Z]?', 'g') as x) as numbers), v_lines);
  end if;
  return v_country || '|' || v_postal || '|' || v_lines;
end $$;

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
