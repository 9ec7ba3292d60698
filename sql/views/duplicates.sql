-- People of a campaign who are one household, or may be.

-- People who were turned away as the double of somebody, and of whom: duplicate_of, and what is
-- known of that person.
create view postrider.duplicates with (security_invoker = true) as
select s.organization_id, s.campaign_id, c.name as campaign, r.id as recipient_id, r.external_id,
  r.first_name, r.last_name, s.since, k.id as duplicate_of, k.external_id as kept_external_id,
  k.first_name as kept_first_name, k.last_name as kept_last_name, x.state as kept_state
from postrider.recipient_state s
join postrider.recipient r
  on r.organization_id = s.organization_id and r.id = s.recipient_id
join postrider.campaign c
  on c.organization_id = s.organization_id and c.id = s.campaign_id
left join postrider.recipient k
  on k.organization_id = s.organization_id
  and k.id = substring(s.detail from '^of recipient ([0-9a-f-]{36})$')::uuid
left join postrider.recipient_state x
  on x.organization_id = k.organization_id and x.recipient_id = k.id
where s.state = 'skipped'
  and s.reason = 'duplicate';

-- Says why two keys may be one household, and are not for certain.
create function postrider.why_only_possible(
  p_key text,
  p_other_key text
) returns text language sql immutable parallel safe
return (
  select concat_ws('; ',
    case
      when p_key = p_other_key then 'one household by today''s rules, let in apart'
    end,
    case
      when split_part(p_key, '|', 5) <> split_part(p_other_key, '|', 5)
        and a.neighbourhood = b.neighbourhood
        then 'the street is written in one word in one'
    end,
    case when a.units is distinct from b.units then 'a unit is missing in one' end,
    case when a.suffix <> b.suffix then 'the suffix of the street is missing in one' end,
    case
      when a.predirectional <> b.predirectional or a.postdirectional <> b.postdirectional
        then 'a direction is missing in one'
    end,
    case when a.others is distinct from b.others then 'one has a line more' end,
    case
      when split_part(p_key, '|', 11) <> split_part(p_other_key, '|', 11)
        then 'one is spelt in another way'
    end)
  from postrider.household_key_parts(p_key) a, postrider.household_key_parts(p_other_key) b);

-- Pairs of people of one campaign who may be one household, and each have a place: nothing in one
-- address contradicts the other. Where the campaign mails a household once, people who have become
-- one since they were let in stand here too, as after a re-key.
create view postrider.near_duplicates with (security_invoker = true) as
select r.organization_id, r.campaign_id, c.name as campaign,
  r.id as recipient_id, r.external_id, r.first_name, r.last_name, r.line1, r.line2,
  r.postal_code, r.household_key, s.state,
  o.id as other_id, o.external_id as other_external_id, o.first_name as other_first_name,
  o.last_name as other_last_name, o.line1 as other_line1, o.line2 as other_line2,
  o.postal_code as other_postal_code, o.household_key as other_household_key,
  o.state as other_state,
  postrider.why_only_possible(r.household_key, o.household_key) as why
from postrider.recipient r
join postrider.campaign c
  on c.organization_id = r.organization_id and c.id = r.campaign_id
join postrider.recipient_state s
  on s.organization_id = r.organization_id
  and s.recipient_id = r.id
  and (s.state <> 'skipped' or s.reason <> 'duplicate')
-- Looked up person by person, by index: such keys begin alike up to the number, or have a letter, a
-- fraction or a second number with it.
-- offset 0 keeps it so: to join everybody of the campaign with everybody never ends.
cross join lateral (
  select p.*, y.state
  from unnest(postrider.keys_within(r.household_key)) with ordinality as w (key, nth)
  cross join lateral (values
    (postrider.numbered_of(w.key) || '|', postrider.numbered_of(w.key) || '}'),
    (postrider.numbered_of(w.key) || 'A', postrider.numbered_of(w.key) || '['),
    (postrider.numbered_of(w.key) || ' ', postrider.numbered_of(w.key) || '.')
  ) as keys (first, beyond)
  cross join lateral (
    select q.*
    from postrider.recipient q
    where q.organization_id = r.organization_id
      and q.household_key ~>=~ keys.first
      and q.household_key ~<~ keys.beyond
      and postrider.neighbourhood_of(q.household_key) = postrider.neighbourhood_of(w.key)
      and q.campaign_id = r.campaign_id
      -- By the street beside a box the pair is found from this side alone.
      and (q.id > r.id or w.nth > 1)
    offset 0) p
  join postrider.recipient_state y
    on y.organization_id = p.organization_id
    and y.recipient_id = p.id
    and (y.state <> 'skipped' or y.reason <> 'duplicate')
  where (p.household_key <> r.household_key or c.dedupe = 'household')
    and postrider.may_be_one_household(p.household_key, r.household_key)
  offset 0) o;
