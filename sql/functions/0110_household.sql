-- The matching key of an address. It is not what is printed: folded, abbreviated and with the unit apart, so that "12 Elm Street, Apt 4" and
-- "12 ELM ST #4" are one household. The unit is never dropped. City and region are left out: the postal code says them, with fewer spellings.

-- Upper case of a to z only: what becomes of other letters differs between collations, and a key must not.
create function postrider.fold(p_text text) returns text
language sql immutable parallel safe
return btrim(regexp_replace(regexp_replace(
  upper(regexp_replace(normalize(coalesce(p_text, ''), nfd), '[\u0300-\u036f]', '', 'g') collate "C"),
  '#', ' # ', 'g'), '[^A-Z0-9/#]+', ' ', 'g'));

create function postrider.abbreviate(p_folded text) returns text
language sql immutable parallel safe
return (
  select coalesce(string_agg(coalesce('{
    "STREET": "ST", "AVENUE": "AVE", "BOULEVARD": "BLVD", "DRIVE": "DR", "ROAD": "RD", "LANE": "LN", "COURT": "CT", "CIRCLE": "CIR",
    "PLACE": "PL", "SQUARE": "SQ", "TERRACE": "TER", "PARKWAY": "PKWY", "HIGHWAY": "HWY", "TRAIL": "TRL", "COVE": "CV",
    "CROSSING": "XING", "RIDGE": "RDG", "POINT": "PT", "HEIGHTS": "HTS", "EXPRESSWAY": "EXPY", "FREEWAY": "FWY", "ALLEY": "ALY",
    "MOUNT": "MT", "FORT": "FT", "SAINT": "ST",
    "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W", "NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE", "SOUTHWEST": "SW",
    "APARTMENT": "#", "APT": "#", "SUITE": "#", "STE": "#", "UNIT": "#", "ROOM": "#", "RM": "#", "NUMBER": "#", "NO": "#",
    "TRAILER": "TRLR", "BUILDING": "BLDG", "SPACE": "SPC", "FLOOR": "FL", "DEPARTMENT": "DEPT"}'::jsonb ->> t.token, t.token),
    ' ' order by t.ordinal), '')
  from unnest(string_to_array(p_folded, ' ')) with ordinality as t (token, ordinal)
);

create function postrider.household_key(p_line1 text, p_line2 text, p_postal_code text, p_country text) returns text
language plpgsql immutable parallel safe set search_path = postrider, pg_temp as $$
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
    return 'US|' || lpad(left(v_postal, 5), 5, '0') || '|' || v_lines || '|' || coalesce(v_unit, '');
  elsif v_country = 'GB' then
    -- Numbers as a set: "Flat 2, 10 Elm Road" and "10 Elm Road, Flat 2" are one household, and the postcode is narrow.
    return 'GB|' || v_postal || '|' || coalesce((
      select string_agg(m, ' ' order by m) from (select distinct x[1] as m from regexp_matches(v_lines, '[0-9]+[A-Z]?', 'g') as x) as numbers), v_lines);
  end if;
  return v_country || '|' || v_postal || '|' || v_lines;
end $$;

-- Without white space, controls and other letters that nobody sees, at both ends: what one program leaves there another takes away, and a key must not differ.
create function postrider.trimmed(p_text text) returns text
language sql immutable parallel safe
return btrim(p_text, E'\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f \x7f'
  '\u0080\u0081\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008d\u008e\u008f\u0090\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\u0099'
  '\u009a\u009b\u009c\u009d\u009e\u009f\u00a0\u00ad\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f'
  '\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f\u2060\u3000\ufeff');

create function postrider.email_key(p_email text) returns text
language sql immutable parallel safe return nullif(lower(postrider.trimmed(p_email)), '');

-- Deterministic, salted, in hundredths of a percent: it can be derived again in an audit, by anybody who has the salt.
create function postrider.holdout_bucket(p_salt text, p_household_key text) returns int
language sql immutable strict parallel safe
return (
  -- The first 8 bytes as an unsigned number, modulo 10000, in two halves because bigint is signed.
  with h as (select sha256(convert_to(p_salt || ':' || p_household_key, 'UTF8')) as d)
  select (((('x' || encode(substring(d from 1 for 4), 'hex'))::bit(32)::bigint % 10000) * (4294967296 % 10000)
    + ('x' || encode(substring(d from 5 for 4), 'hex'))::bit(32)::bigint) % 10000)::int from h
);
