-- Gives each member of a page its keys, and tells those whom we know from those who are new.
-- Remembers in sync_seen whom the run has met: for repeats, and for who has left the segment.
--
-- A second row with the same id in a run counts as a repeat, in whatever state its person is by
-- now: the first one stands.
-- Every address in the e-mail of a member counts, the first one is the person's.
-- known: members as in apply_sync_page, with n, id, email_keys, household_key, name_key and
-- address_fault.
-- newcomers: people as in check_eligibility(), each with its member.
create function postrider.recognise_members(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_run_id uuid,
  p_members jsonb,
  out known jsonb,
  out newcomers jsonb,
  out repeated int
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
  with member as (
    select
      m."row", postrider.trimmed(m."externalId") as "externalId",
      coalesce(e.addresses[1], m.email) as email, nullif(e.addresses[2:], '{}') as "otherEmails",
      e.keys as email_keys, m."firstName", m."lastName", p.line1, p.line2, p.city, p.region,
      p."postalCode", p.country, m.merge, m.n, h.household_key,
      postrider.fold(concat_ws(' ', m."firstName", m."lastName")) as name_key,
      p.fault as address_fault
    from rows from (
      jsonb_to_recordset(p_members) as (
        "row" bigint, "externalId" text, email text, "otherEmails" text[], "firstName" text,
        "lastName" text, line1 text, line2 text, city text, region text, "postalCode" text,
        country text, merge jsonb))
      with ordinality as m (
        "row", "externalId", email, "otherEmails", "firstName", "lastName", line1, line2, city,
        region, "postalCode", country, merge, n)
    left join postrider.postal_addresses(p_members, v_longest_line) a on a.n = m.n
    cross join lateral postrider.read_emails(
      concat_ws('; ', m.email, array_to_string(m."otherEmails", '; '))) e
    cross join lateral (
      select case when m.line1 is not null
        then postrider.household_key(
          m.line1, m.line2, m."postalCode", coalesce(a.country, m.country))
      end) as h (household_key)
    -- An address of which no household can be told is none: punctuation, and nothing else.
    left join lateral (
      select m.line1, m.line2, m.city, a.region, m."postalCode", a.country, a.fault
      where h.household_key is not null
    ) p on true
  ), placed as (
    select
      m.*, r.id,
      g.met is not null
        or row_number() over (partition by m."externalId" order by m.n) > 1 as repeated
    from member m
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
      select true as met
      from postrider.sync_seen n
      where n.organization_id = p_organization_id
        and n.run_id = p_run_id
        and n.recipient_id = r.id
      limit 1
    ) g on true
  ), met as (
    insert into postrider.sync_seen (organization_id, run_id, recipient_id)
    select p_organization_id, p_run_id, p.id
    from placed p
    where p.id is not null and not p.repeated
  )
  select
    jsonb_agg(to_jsonb(p) - 'repeated' order by p.n)
      filter (where not p.repeated and p.id is not null),
    jsonb_agg(
      jsonb_build_object(
        'n', p.n, 'externalId', p."externalId", 'emailKeys', p.email_keys,
        'householdKey', p.household_key, 'nameKey', p.name_key,
        'addressFault', p.address_fault, 'member', to_jsonb(p) - 'repeated') order by p.n)
      filter (where not p.repeated and p.id is null),
    count(*) filter (where p.repeated),
    bool_or(p."externalId" is null)
  into known, newcomers, repeated, v_nameless
  from placed p;
  if v_nameless then
    perform postrider.fail(
      'PR020',
      'a member has no external id',
      'it is what the source calls somebody; nobody of the page was taken in');
  end if;
end $$;
