-- The keys by which a person is known, and the suppressions that match them.

-- Takes out letters of no width, and white space and controls from both ends; accents are written
-- in one way. What one program leaves there another takes away, and a key must not differ.
create function postrider.trimmed(p_text text) returns text language sql immutable parallel safe
return btrim(
  regexp_replace(normalize(p_text, nfc),
    E'[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]', '', 'g'),
  E'\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\f\r\x0e\x0f'
  '\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f \x7f'
  '\u0080\u0081\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008d'
  '\u008e\u008f\u0090\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\u0099\u009a\u009b'
  '\u009c\u009d\u009e\u009f\u00a0\u00ad\u1680\u180e'
  '\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d'
  '\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f\u2060\u3000\ufeff');

-- Reduces a text to upper case letters from A to Z, digits, slashes and number signs. What becomes
-- of other letters differs between collations, and a key must not.
create function postrider.fold(p_text text) returns text language sql immutable parallel safe
return btrim(regexp_replace(regexp_replace(
  upper(regexp_replace(
    normalize(coalesce(p_text, ''), nfd), '[\u0300-\u036f]', '', 'g') collate "C"),
  '#', ' # ', 'g'), '[^A-Z0-9/#]+', ' ', 'g'));

-- Makes the key by which two people of one household are told apart: letters of every script count,
-- case, accents and punctuation do not.
create function postrider.name_key(p_first_name text, p_last_name text) returns text
language sql immutable parallel safe
return case
  -- Most names: the same key, for a third of the cost (12 and 32 us).
  when concat_ws(' ', p_first_name, p_last_name) ~ '^[A-Za-z ''-]*$'
    then btrim(regexp_replace(
      upper(concat_ws(' ', p_first_name, p_last_name) collate "C"), '[ ''-]+', ' ', 'g'))
  else btrim(regexp_replace(
    postrider.fold_address(
      -- "O'Brien" is "O Brien".
      translate(concat_ws(' ', p_first_name, p_last_name), E'\'‘’ʼ`´', '      ')),
    '[-,/# ]+', ' ', 'g'))
end;

-- Makes a digest with an organization's secret. An expression, for queries that make many.
create function postrider.keyed_digest(
  p_secret uuid,
  p_kind text,
  p_value text
) returns bytea language sql stable parallel safe
return sha256(convert_to(p_secret::text || ':' || p_kind || ':' || p_value, 'UTF8'));

-- Makes the digest by which a suppression is found: it is what an erased person's entry still
-- says.
create function postrider.digest_of(
  p_organization_id uuid,
  p_kind text,
  p_value text
) returns bytea language sql stable
return (
  select postrider.keyed_digest(o.secret, p_kind, p_value)
  from postrider.organization_key o
  where o.organization_id = p_organization_id);

-- Makes the digest of what an address shares with every address that may be the same household.
create function postrider.neighbourhood_digest(
  p_organization_id uuid,
  p_household_key text
) returns bytea language sql stable
return postrider.digest_of(
  p_organization_id, 'neighbourhood', postrider.neighbourhood_of(p_household_key));

-- Lists the keys of all e-mail addresses of a recipient, that of the first one first.
create function postrider.email_keys_of(
  p_organization_id uuid,
  p_recipient_id uuid
) returns text[] language sql stable
return array(
  select r.email_key
  from postrider.recipient r
  where r.organization_id = p_organization_id
    and r.id = p_recipient_id
    and r.email_key is not null
  union all
  select o.email_key
  from postrider.recipient_other_email o
  where o.organization_id = p_organization_id
    and o.recipient_id = p_recipient_id);

-- Lists the suppressions that match a person now, by the person's keys.
create function postrider.suppressions_of(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_external_id text,
  p_email_keys text[],
  p_household_key text
) returns setof postrider.suppression language sql stable
begin atomic
  select s.*
  from postrider.organization_key o
  cross join lateral (
    select s.*
    from (
      select 'external_id', p_external_id
      union all
      select 'household', p_household_key
      union all
      select 'email', e.email_key
      from unnest(p_email_keys) as e (email_key)) as k (kind, value)
    cross join lateral (
      select postrider.keyed_digest(o.secret, k.kind, k.value)
      offset 0) as d (digest)
    join postrider.suppression s
      on s.organization_id = p_organization_id
      and s.kind = k.kind
      and s.digest = d.digest
    union
    -- An opt-out by address reaches everybody who may live there.
    select s.*
    from (
      select postrider.keyed_digest(
        o.secret, 'neighbourhood', postrider.neighbourhood_of(k.key))
      from unnest(postrider.keys_within(p_household_key)) as k (key)
      offset 0) as d (neighbourhood)
    -- Fenced: two households are compared where their digests are equal, not with every row.
    cross join lateral (
      select s.*
      from postrider.suppression s
      where s.organization_id = p_organization_id
        and s.neighbourhood = d.neighbourhood
      offset 0) s
    where postrider.may_be_one_household(s.value, p_household_key)
  ) s
  where o.organization_id = p_organization_id
    and (s.campaign_id is null or s.campaign_id = p_campaign_id)
    and (s.expires_at is null or s.expires_at > postrider.now());
end;

-- Lists the same of a recipient.
create function postrider.suppressions_of(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_recipient_id uuid
) returns setof postrider.suppression language sql stable
begin atomic
  select s.*
  from postrider.recipient r
  cross join lateral postrider.suppressions_of(
    p_organization_id, p_campaign_id, r.external_id,
    postrider.email_keys_of(p_organization_id, r.id), r.household_key) s
  where r.organization_id = p_organization_id
    and r.id = p_recipient_id;
end;

-- Says whether some households of an organization have keys of other rules than today's. Such a key
-- never equals one of today: they have to be re-keyed. Two looks by index.
create function postrider.has_older_keys(p_organization_id uuid) returns boolean
language plpgsql stable as $$
begin
  return exists (
      select from postrider.recipient r
      where r.organization_id = p_organization_id
        and r.household_key ~<~ (postrider.household_key_version() || '|'))
    or exists (
      select from postrider.recipient r
      where r.organization_id = p_organization_id
        and r.household_key ~>=~ (postrider.household_key_version() || '}'));
end $$;

-- Lists the people who have one of these e-mails beside their own.
create function postrider.people_by_other_email(
  p_organization_id uuid,
  p_email_keys text[]
) returns table (id uuid, campaign_id uuid) language sql stable
begin atomic
  select r.id, r.campaign_id
  from postrider.recipient_other_email o
  -- One look-up an address: a planner without statistics would read the whole campaign.
  cross join lateral (
    select x.id, x.campaign_id
    from postrider.recipient x
    where x.organization_id = p_organization_id
      and x.id = o.recipient_id
    limit 1
  ) r
  where o.organization_id = p_organization_id
    and o.email_key = any (p_email_keys);
end;
