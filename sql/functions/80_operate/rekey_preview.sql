-- Re-key: after a change of the rules (household_key_version) the households of an organization get
-- today's keys. It shows before it acts whom it would join or part. It moves nobody, and nobody
-- changes the arm: recipient.lot_key keeps the key by which a lot was drawn.

-- Lists the recipients of an organization whose household has another key by today's rules.
-- p_people: only these; null: all.
create function postrider.rekeyed_recipients(
  p_organization_id uuid,
  p_people uuid[]
) returns table (
  recipient_id uuid,
  campaign_id uuid,
  household_key text,
  new_key text
) language sql stable
begin atomic
  select r.id, r.campaign_id, r.household_key, k.new_key
  from postrider.recipient r
  cross join lateral (
    select postrider.household_key(r.line1, r.line2, r.postal_code, r.country)
    offset 0) as k (new_key)
  where r.organization_id = p_organization_id
    and (p_people is null or r.id = any (p_people))
    and r.household_key is not null
    and r.household_key <> k.new_key;
end;

-- Lists the do-not-mail entries by household that a re-key changes, or has to leave: an entry whose
-- address is not kept cannot be made anew. An erased person has only a digest.
create function postrider.rekeyed_suppressions(
  p_organization_id uuid
) returns table (
  suppression_id uuid,
  new_key text,
  is_left boolean
) language sql stable
begin atomic
  select s.id, k.new_key, k.new_key is null
  from postrider.suppression s
  cross join lateral (select postrider.key_of_address(s.address) offset 0) as k (new_key)
  where s.organization_id = p_organization_id
    and s.kind = 'household'
    and case
      when k.new_key is null
        then s.value is null
          or split_part(s.value, '|', 1) <> postrider.household_key_version()
      else s.value is distinct from k.new_key
    end;
end;

-- Says what a re-key would do, and changes nothing. Returns {version, people, campaigns:
-- [{campaign, people, joined, parted}], joined, parted: [{campaign, people: [{recipientId,
-- externalId, name, line1, line2, state, householdKey}]}], suppressions, left}.
-- people: whose household gets another key. joined: people of one campaign who become one
-- household; parted: people who are one now, and will not be. householdKey is today's in the
-- database. suppressions: entries that get another key; left: those of which the address is not
-- kept.
create function postrider.rekey_preview(
  p_organization_id uuid,
  p_households int default 100
) returns jsonb language plpgsql security definer as $$
declare
  v_changes jsonb;
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_within('the number of households', p_households, 0, 100000);
  v_changes := postrider.rekey_changes(p_organization_id, p_households);
  return v_changes || (
    select jsonb_build_object(
      'version', postrider.household_key_version(),
      'suppressions', count(*) filter (where not s.is_left),
      'left', count(*) filter (where s.is_left))
    from postrider.rekeyed_suppressions(p_organization_id) s);
end $$;

-- Makes the part of the preview that is about people.
create function postrider.rekey_changes(
  p_organization_id uuid,
  p_households int
) returns jsonb language sql stable
begin atomic
  with changed as materialized (
    select * from postrider.rekeyed_recipients(p_organization_id, null)
  ), touched as materialized (
    select c.* from changed c
    union all
    -- People who keep their key, and whom others join or leave.
    select r.id, r.campaign_id, r.household_key, r.household_key
    from (
      select c.new_key as household_key from changed c
      union
      select c.household_key from changed c
    ) n
    join postrider.recipient r
      on r.organization_id = p_organization_id
      and r.household_key = n.household_key
    where not exists (select from changed c where c.recipient_id = r.id)
  ), household as materialized (
    select 'joined' as kind, t.campaign_id, array_agg(t.recipient_id) as people
    from touched t
    group by t.campaign_id, t.new_key
    having count(distinct t.household_key) > 1
    union all
    select 'parted', t.campaign_id, array_agg(t.recipient_id)
    from touched t
    group by t.campaign_id, t.household_key
    having count(distinct t.new_key) > 1
  ), listed as (
    select
      h.kind, h.campaign_id, h.people,
      row_number() over (partition by h.kind order by h.campaign_id, h.people) as n
    from household h
  ), shown as (
    select
      l.kind, l.n,
      jsonb_build_object(
        'campaign', c.name,
        'people', (
          select jsonb_agg(
            jsonb_build_object(
              'recipientId', r.id, 'externalId', r.external_id,
              'name', concat_ws(' ', r.first_name, r.last_name), 'line1', r.line1,
              'line2', r.line2, 'state', x.state, 'householdKey', r.household_key)
            order by r.id)
          from postrider.recipient r
          join postrider.recipient_state x
            on x.organization_id = r.organization_id and x.recipient_id = r.id
          where r.organization_id = p_organization_id
            and r.id = any (l.people))) as household
    from listed l
    join postrider.campaign c
      on c.organization_id = p_organization_id and c.id = l.campaign_id
    where l.n <= p_households
  ), counted as (
    select
      c.name as campaign, n.people,
      (select count(*) from household h
        where h.kind = 'joined' and h.campaign_id = n.campaign_id) as joined,
      (select count(*) from household h
        where h.kind = 'parted' and h.campaign_id = n.campaign_id) as parted
    from (select g.campaign_id, count(*) as people from changed g group by 1) n
    join postrider.campaign c
      on c.organization_id = p_organization_id and c.id = n.campaign_id
  )
  select jsonb_build_object(
    'people', (select count(*) from changed),
    'campaigns', (
      select coalesce(jsonb_agg(to_jsonb(c) order by c.campaign), '[]')
      from counted c),
    'joined', (
      select coalesce(jsonb_agg(s.household order by s.n), '[]')
      from shown s
      where s.kind = 'joined'),
    'parted', (
      select coalesce(jsonb_agg(s.household order by s.n), '[]')
      from shown s
      where s.kind = 'parted'));
end;
