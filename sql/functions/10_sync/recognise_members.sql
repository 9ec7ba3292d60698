-- Says whether two rows with one id are about two people: neither an e-mail nor the address is the
-- same, and both are other ones, or the name is. What only one of the rows has tells nothing.
create function postrider.is_another_person(
  p_emails int[],
  p_household int,
  p_name int,
  p_other_emails int[],
  p_other_household int,
  p_other_name int
) returns boolean language sql immutable
return case
  when p_emails && p_other_emails or p_household = p_other_household then false
  when not p_emails && p_other_emails and p_household <> p_other_household then true
  else coalesce(p_name <> p_other_name, false)
end;

-- Gives each member of a page its keys. Every address in the e-mail of a member counts, the first
-- one is the person's.
create function postrider.keyed_members(
  p_members jsonb,
  p_longest_line int
) returns table (
  n bigint,
  "row" bigint,
  "externalId" text,
  email text,
  "otherEmails" text[],
  email_keys text[],
  "firstName" text,
  "lastName" text,
  line1 text,
  line2 text,
  city text,
  region text,
  "postalCode" text,
  country text,
  merge jsonb,
  household_key text,
  name_key text,
  address_fault text,
  do_not_mail text
) language sql stable
begin atomic
  select
    m.n, m."row", postrider.trimmed(m."externalId"), coalesce(e.addresses[1], m.email),
    nullif(e.addresses[2:], '{}'), e.keys, m."firstName", m."lastName", p.line1, p.line2, p.city,
    p.region, p."postalCode", p.country, m.merge, h.household_key,
    postrider.name_key(m."firstName", m."lastName"), p.fault,
    postrider.said_do_not_mail(m."doNotMail", m."doNotMailBecause")
  from rows from (
    jsonb_to_recordset(p_members) as (
      "row" bigint, "externalId" text, email text, "otherEmails" text[], "firstName" text,
      "lastName" text, line1 text, line2 text, city text, region text, "postalCode" text,
      country text, merge jsonb, "doNotMail" boolean, "doNotMailBecause" text))
    with ordinality as m (
      "row", "externalId", email, "otherEmails", "firstName", "lastName", line1, line2, city,
      region, "postalCode", country, merge, "doNotMail", "doNotMailBecause", n)
  left join postrider.postal_addresses(p_members, p_longest_line) a on a.n = m.n
  cross join lateral postrider.read_emails(
    concat_ws('; ', m.email, array_to_string(m."otherEmails", '; '))) e
  -- Fenced: a key is made once a row, and not for each place where it is used.
  cross join lateral (
    select case when m.line1 is not null
      then postrider.household_key(
        m.line1, m.line2, m."postalCode", coalesce(a.country, m.country))
    end
    offset 0) as h (household_key)
  -- An address of which no household can be told is none: punctuation, and nothing else.
  left join lateral (
    select m.line1, m.line2, m.city, a.region, m."postalCode", a.country, a.fault
    where h.household_key is not null
  ) p on true;
end;

-- Tells of each member of a page who it is.
-- id: of the person; null: a newcomer. member: as keyed_members() has it, with the hashes by which
-- a later row with the same id is compared. said_of_id: what any row of the id in this page says
-- of not mailing the person.
-- repeated: the run had the id before, in the row first_row. conflicting: it was another person's
-- then. has_other_emails: the first row has not all of its e-mails.
create function postrider.placed_members(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_run_id uuid,
  p_members jsonb,
  p_longest_line int
) returns table (
  n bigint,
  id uuid,
  member jsonb,
  "row" bigint,
  "externalId" text,
  email_keys text[],
  email_hashes int[],
  household_hash int,
  name_hash int,
  said_of_id text,
  first_row bigint,
  repeated boolean,
  conflicting boolean,
  has_other_emails boolean
) language sql stable
begin atomic
  select
    m.n, r.id, to_jsonb(m), m."row", m."externalId", m.email_keys, m.email_hashes,
    m.household_hash, m.name_hash, min(m.do_not_mail) over (partition by m."externalId"),
    coalesce(s.source_row, first_value(m."row") over same_id),
    s.is_seen is not null or row_number() over same_id > 1,
    case
      when s.is_seen then postrider.is_another_person(
        m.email_hashes, m.household_hash, m.name_hash,
        s.email_hashes, s.household_hash, s.name_hash)
      when row_number() over same_id > 1 then postrider.is_another_person(
        m.email_hashes, m.household_hash, m.name_hash,
        first_value(m.email_hashes) over same_id,
        first_value(m.household_hash) over same_id,
        first_value(m.name_hash) over same_id)
      else false
    end,
    not m.email_hashes <@ coalesce(
      case when s.is_seen then s.email_hashes else first_value(m.email_hashes) over same_id end,
      '{}')
  from (
    select
      k.*,
      (
        select array_agg(hashtext(e.key))
        from unnest(k.email_keys) as e (key)
      ) as email_hashes,
      hashtext(k.household_key) as household_hash,
      hashtext(nullif(k.name_key, '')) as name_hash
    from postrider.keyed_members(p_members, p_longest_line) k
  ) m
  -- One look-up a row: a planner without statistics, as in a first sync, would read the whole
  -- campaign for every page.
  left join lateral (
    select x.id
    from postrider.recipient x
    where x.organization_id = p_organization_id
      and x.campaign_id = p_campaign_id
      and x.external_id = m."externalId"
    limit 1
  ) r on true
  left join lateral (
    select true as is_seen, n.source_row, n.email_hashes, n.household_hash, n.name_hash
    from postrider.sync_seen n
    where n.organization_id = p_organization_id
      and n.run_id = p_run_id
      and n.recipient_id = r.id
    limit 1
  ) s on true
  window same_id as (partition by m."externalId" order by m.n);
end;

-- Tells a row as a reject whose id another person has.
create function postrider.conflicting_row(
  p_row bigint,
  p_external_id text,
  p_first_row bigint
) returns jsonb language sql stable
return jsonb_build_object(
  'row', p_row, 'externalId', p_external_id, 'reason', 'conflicting_id',
  'message', format(
    'The id stands in %s already, with another person: this one was not taken. '
    'Give each person an id of their own.',
    coalesce('row ' || p_first_row, 'a row before')));

-- Tells those of a page whom we know from those who are new. Remembers in sync_seen whom the run
-- has seen: for repeats, and for who has left the segment.
--
-- A second row with the same id in a run counts as a repeat, in whatever state its person is by
-- now: the first one stands, and the e-mails of the other are the person's too. Where the second
-- one is another person the id is a conflict: the first one stands all the same, and the other is
-- told as a reject.
-- known: members as in apply_sync_page, with n, id, email_keys, household_key, name_key,
-- address_fault and do_not_mail. Where one row of an id says not to mail the person, all say so.
-- newcomers: people as in check_eligibility(), each with its member.
-- repeats: [{externalId, emailKeys}], of repeats that have other e-mails than the first row.
-- conflicts: as p_rejects of apply_sync_page.
-- unmailable: the rows of whom the source says so, as in keep_from_mail(). Repeats and conflicts
-- are among them: where nobody can tell whose id it is, the row that forbids counts.
create function postrider.recognise_members(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_run_id uuid,
  p_members jsonb,
  out known jsonb,
  out newcomers jsonb,
  out repeated int,
  out repeats jsonb,
  out conflicts jsonb,
  out unmailable jsonb
) language plpgsql as $$
#variable_conflict use_column
declare
  v_nameless boolean;
  v_longest_line int := (
    select longest_address_line
    from postrider.campaign
    where organization_id = p_organization_id
      and id = p_campaign_id);
begin
  with placed as materialized (
    select *
    from postrider.placed_members(
      p_organization_id, p_campaign_id, p_run_id, p_members, v_longest_line)
  ), seen as (
    insert into postrider.sync_seen (
      organization_id, run_id, recipient_id, source_row, email_hashes, household_hash, name_hash)
    select
      p_organization_id, p_run_id, p.id, p."row", p.email_hashes, p.household_hash, p.name_hash
    from placed p
    where p.id is not null and not p.repeated
  ), of_repeats as (
    select p."externalId", array_agg(distinct k.email_key) as email_keys
    from placed p
    cross join lateral unnest(p.email_keys) as k (email_key)
    where p.repeated and p.has_other_emails and not p.conflicting
    group by 1
  )
  select
    jsonb_agg(
      p.member || jsonb_build_object('id', p.id, 'do_not_mail', p.said_of_id) order by p.n)
      filter (where not p.repeated and p.id is not null),
    jsonb_agg(
      jsonb_build_object(
        'n', p.n, 'externalId', p."externalId", 'emailKeys', p.email_keys || o.email_keys,
        'householdKey', p.member -> 'household_key', 'nameKey', p.member -> 'name_key',
        'addressFault', p.member -> 'address_fault', 'doNotMail', p.said_of_id,
        'member', p.member) order by p.n)
      filter (where not p.repeated and p.id is null),
    count(*) filter (where p.repeated and not p.conflicting),
    (
      select jsonb_agg(
        jsonb_build_object('externalId', r."externalId", 'emailKeys', r.email_keys))
      from of_repeats r),
    jsonb_agg(postrider.conflicting_row(p."row", p."externalId", p.first_row) order by p.n)
      filter (where p.conflicting),
    jsonb_agg(
      jsonb_build_object(
        'n', p.n, 'id', p.id, 'emailKeys', p.email_keys,
        'householdKey', p.member -> 'household_key', 'nameKey', p.member -> 'name_key',
        'because', p.member -> 'do_not_mail') order by p.n)
      filter (where p.member ->> 'do_not_mail' is not null),
    bool_or(p."externalId" is null)
  into known, newcomers, repeated, repeats, conflicts, unmailable, v_nameless
  from placed p
  left join of_repeats o using ("externalId");
  if v_nameless then
    perform postrider.fail(
      'PR020',
      'a member has no external id',
      'it is what the source calls somebody; nobody was taken in from this page');
  end if;
end $$;
