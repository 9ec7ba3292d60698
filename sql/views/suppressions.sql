-- The people who are not to be mailed. The table is the owner's: a value says in clear who has
-- opted out. Operators see it; readers see its digest, which is keyed with the organization's
-- secret.

-- Says whether the caller may read what is suppressed: operators, runners and the owner may.
create function postrider.may_read_suppressed() returns boolean language sql stable security definer
return postrider.sees_all()
  or exists (
    select from pg_roles
    where rolname = 'postrider_operator'
      and pg_has_role(postrider.caller(), oid, 'member'));

-- Lists the entries of the organizations that the caller works for.
create function postrider.suppression_entries() returns table (
  organization_id uuid,
  id uuid,
  campaign_id uuid,
  kind text,
  value text,
  digest text,
  reason text,
  source text,
  added_by text,
  since timestamptz,
  expires_at timestamptz
) language sql stable security definer
begin atomic
  select s.organization_id, s.id, s.campaign_id, s.kind,
    case when (select postrider.may_read_suppressed()) then s.value end,
    encode(s.digest, 'hex'), s.reason, s.source, s.added_by, s.created_at, s.expires_at
  from postrider.suppression s
  where s.organization_id = any (array(select unnest(postrider.my_organizations())));
end;

-- The do-not-mail list, with the entries that have expired. campaign is null where an entry stands
-- for all of them; value is null for readers, and after an erasure.
create view postrider.suppressions with (security_invoker = true) as
select s.organization_id, s.id, s.campaign_id, c.name as campaign, s.kind, s.value, s.digest,
  s.reason, s.source, s.added_by, s.since, s.expires_at
from postrider.suppression_entries() s
left join postrider.campaign c
  on c.organization_id = s.organization_id and c.id = s.campaign_id;

-- Lists the entries that stand now and match one of these keys, in whichever campaign.
-- match: certain; or possible, where who asks may live at the address and it is not one household
-- for certain.
-- The digests are made first, so that each is looked up by index, whatever the planner knows.
create function postrider.suppressions_asked_for(
  p_organization_id uuid,
  p_email_keys text[],
  p_external_id text,
  p_household_key text
) returns table (entry postrider.suppression, match text) language plpgsql stable as $$
declare
  v_neighbourhoods bytea[] := array(
    select postrider.neighbourhood_digest(p_organization_id, k.key)
    from unnest(postrider.keys_within(p_household_key)) as k (key));
  v_digests bytea[] := array(
    select postrider.digest_of(p_organization_id, k.kind, k.value)
    from (
      select 'external_id', p_external_id
      union all
      select 'household', p_household_key
      union all
      select 'email', e.email_key
      from unnest(p_email_keys) as e (email_key)) as k (kind, value)
    where k.value is not null);
begin
  return query
  select s, 'certain'
  from postrider.suppression s
  where s.organization_id = p_organization_id
    and s.kind in ('email', 'external_id', 'household')
    and s.digest = any (v_digests)
    and (s.expires_at is null or s.expires_at > postrider.now())
  union all
  select s, 'possible'
  from postrider.suppression s
  where s.organization_id = p_organization_id
    and s.neighbourhood = any (v_neighbourhoods)
    and s.digest <> all (v_digests)
    and postrider.may_be_one_household(s.value, p_household_key)
    and (s.expires_at is null or s.expires_at > postrider.now());
end $$;

-- Says whether somebody is suppressed now, since when and why: a row for each entry that stops
-- them. p_who: e-mail addresses in any form, the source's id, or what find_recipients() takes; all
-- keys of a known person are asked for, and external_id names the person. An address may be given
-- in place of it.
create function postrider.suppressed(
  p_who text default null,
  p_organization_id uuid default null,
  p_line1 text default null,
  p_line2 text default null,
  p_postal_code text default null,
  p_country text default 'US'
) returns table (
  organization_id uuid,
  organization text,
  since timestamptz,
  kind text,
  value text,
  match text,
  reason text,
  source text,
  added_by text,
  campaign text,
  expires_at timestamptz,
  external_id text
) language plpgsql stable security definer as $$
#variable_conflict use_column
declare
  v_who text := nullif(postrider.trimmed(p_who), '');
  v_email_keys text[] := postrider.email_keys(p_who);
  v_household_key text := postrider.required_household_key(
    p_line1, p_line2, p_postal_code, p_country);
  v_reads boolean := postrider.may_read_suppressed();
begin
  if v_who is null and v_household_key is null then
    perform postrider.require_given('who may be suppressed', v_who);
  end if;
  return query
  with mine as materialized (
    select o.id, o.name
    from postrider.organization o
    where o.id = any (postrider.my_organizations())
      and (p_organization_id is null or o.id = p_organization_id)
  ), matched as materialized (
    select (a.entry).*, a.match, null::text as external_id
    from mine m
    cross join lateral postrider.suppressions_asked_for(
      m.id, v_email_keys, v_who, v_household_key) a
    union all
    select (a.entry).*, a.match, r.external_id
    from postrider.find_recipients(v_who, p_organization_id) f
    -- One by one, by index: without statistics everybody would be read.
    cross join lateral (
      select r.campaign_id, r.external_id, r.household_key
      from postrider.recipient r
      where r.organization_id = f.organization_id and r.id = f.recipient_id
      offset 0) r
    cross join lateral postrider.suppressions_asked_for(
      f.organization_id, postrider.email_keys_of(f.organization_id, f.recipient_id),
      r.external_id, r.household_key) a
    where (a.entry).campaign_id is null or (a.entry).campaign_id = r.campaign_id
  ), each as (
    select x.organization_id, x.id, x.created_at, x.kind, x.value, x.reason, x.source, x.added_by,
      x.campaign_id, x.expires_at, min(x.match) as match, max(x.external_id) as external_id
    from matched x
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
  )
  select e.organization_id, m.name, e.created_at, e.kind, case when v_reads then e.value end,
    e.match, e.reason, e.source, e.added_by, c.name, e.expires_at, e.external_id
  from each e
  join mine m
    on m.id = e.organization_id
  left join postrider.campaign c
    on c.organization_id = e.organization_id and c.id = e.campaign_id
  order by m.name, e.match, e.created_at, e.id;
  -- An address that cannot be read is no "no".
  if not found and v_who like '%@%'
    and not exists (select from postrider.find_recipients(v_who, p_organization_id))
  then
    perform postrider.required_email_keys(v_who);
  end if;
end $$;
