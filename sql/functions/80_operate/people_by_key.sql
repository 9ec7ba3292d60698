-- The people whom the keys of a suppression reach.

-- The ids of the people who are known by one of these keys, in one campaign or, with null, in all.
create function postrider.people_by_key(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_email_keys text[],
  p_external_id text,
  p_household_key text
) returns uuid[] language sql stable
return array(
  select r.id
  from (
    select id, campaign_id
    from postrider.recipient
    where organization_id = p_organization_id
      and email_key = any (p_email_keys)
    union
    select r.id, r.campaign_id
    from postrider.recipient_other_email o
    join postrider.recipient r
      on r.organization_id = o.organization_id and r.id = o.recipient_id
    where o.organization_id = p_organization_id
      and o.email_key = any (p_email_keys)
    union
    select id, campaign_id
    from postrider.recipient
    where organization_id = p_organization_id
      and external_id = p_external_id
    union
    -- People who may live at an address: by index, since such keys begin alike up to the number, or
    -- have a letter or a fraction with it.
    select r.id, r.campaign_id
    from unnest(postrider.keys_within(p_household_key)) as w (key)
    cross join lateral postrider.household_key_parts(w.key) k
    cross join lateral (values
      (k.numbered || '|', k.numbered || '}', k.neighbourhood),
      (k.numbered || 'A', k.numbered || '[', k.neighbourhood),
      (k.numbered || ' ', k.numbered || '.', k.neighbourhood),
      -- A British postal code is a street: whose building it may be is looked for in all of it.
      (substring(w.key from '^[^|]*.(?:GB|IE|GG|JE|IM).[^|]*.'),
        substring(w.key from '^[^|]*.(?:GB|IE|GG|JE|IM).[^|]*') || '}',
        null)) as keys (first, beyond, neighbourhood)
    cross join lateral (
      select x.id, x.campaign_id, x.household_key
      from postrider.recipient x
      where x.organization_id = p_organization_id
        and x.household_key ~>=~ keys.first
        and x.household_key ~<~ keys.beyond
        and (keys.neighbourhood is null
          or postrider.neighbourhood_of(x.household_key) = keys.neighbourhood)
      -- Or a planner without statistics compares everybody of the organization.
      offset 0
    ) r
    where p_household_key is not null
      and postrider.may_be_one_household(r.household_key, p_household_key)
    union
    -- People who have this street beside a box.
    select r.id, r.campaign_id
    from unnest(postrider.keys_within(p_household_key)) as w (key)
    cross join lateral (
      select x.id, x.campaign_id, x.household_key
      from postrider.recipient x
      where x.organization_id = p_organization_id
        and split_part(x.household_key, '|', 3) = split_part(w.key, '|', 3)
        and substring(split_part(x.household_key, '|', 10) from '(?:^|,)([0-9]+)')
          = substring(split_part(w.key, '|', 4) from '^[0-9]+')
        and split_part(x.household_key, '|', 2) in ('US', 'CA', 'AU', 'NZ')
      offset 0
    ) r
    where p_household_key is not null
      and postrider.may_be_one_household(r.household_key, p_household_key)
  ) r
  where p_campaign_id is null
    or r.campaign_id = p_campaign_id);
