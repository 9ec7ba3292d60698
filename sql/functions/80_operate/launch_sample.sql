-- The people whose cards are looked at before a launch: the first who would be mailed, and those
-- whose cards are most likely to go wrong.

-- Chooses people of a campaign who wait for a proof or for the printer, among the first 10,000: in
-- a list of a million, to measure everybody would take seconds. After those who wait come, of a
-- campaign that was launched in test mode, those who have a test card: they would begin again. The
-- first of all stand for the rest, as many as there is room for beside the others.
create function postrider.people_to_show(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people int
) returns table (
  n bigint,
  recipient_id uuid,
  why text[]
) language sql stable
begin atomic
  with waiting as materialized (
    select w.recipient_id, w.available_at
    from (
      (
        select s.recipient_id, s.available_at
        from postrider.recipient_state s
        where s.organization_id = p_organization_id
          and s.campaign_id = p_campaign_id
          and s.waiting_state = 'proofed'
          and s.held_at is null
        order by s.available_at, s.recipient_id
        limit 10000
      )
      union all
      (
        select s.recipient_id, s.available_at
        from postrider.recipient_state s
        where s.organization_id = p_organization_id
          and s.campaign_id = p_campaign_id
          and s.waiting_state = 'pending'
          and s.held_at is null
        order by s.available_at, s.recipient_id
        limit 10000
      )
      union all
      (
        select s.recipient_id, 'infinity'
        from postrider.campaign c
        join postrider.recipient_state s
          on s.organization_id = c.organization_id
          and s.campaign_id = c.id
        where c.organization_id = p_organization_id
          and c.id = p_campaign_id
          and c.mode = 'test'
          and c.launched_at is not null
          and s.state in ('sent', 'received', 'returned')
        order by s.recipient_id
        limit 10000
      )
    ) w
    order by w.available_at, w.recipient_id
    limit 10000
  ), measured as materialized (
    select
      w.recipient_id, m.filled, m.longest_datum,
      -- Of one page all are there at once: then the list has the order.
      row_number() over (order by w.available_at, r.source_row, w.recipient_id) as n,
      char_length(p.name) as name_length,
      char_length(p.address) as address_length,
      -- Letters beyond ASCII take more than one byte.
      octet_length(p.name || p.address) - char_length(p.name || p.address) as accents
    from waiting w
    join postrider.recipient r
      on r.organization_id = p_organization_id and r.id = w.recipient_id
    cross join lateral (
      select
        concat_ws(' ', r.first_name, r.last_name) as name,
        concat_ws(' ', r.line1, r.line2, r.city, r.region) as address
    ) p
    cross join lateral (
      select
        count(*) filter (where btrim(d.value) <> '')
          + num_nonnulls(r.first_name, r.last_name) as filled,
        coalesce(max(char_length(d.value)), 0) as longest_datum
      from jsonb_each_text(r.merge) d
    ) m
  ), chosen as (
    (
      select 'longest_name' as why, m.recipient_id, m.n
      from measured m
      order by m.name_length desc, m.n
      limit 1
    )
    union all
    (
      select 'longest_address', m.recipient_id, m.n
      from measured m
      order by m.address_length desc, m.n
      limit 1
    )
    union all
    (
      select 'most_accents', m.recipient_id, m.n
      from measured m
      where m.accents > 0
      order by m.accents desc, m.n
      limit 1
    )
    union all
    (
      select 'longest_merge_data', m.recipient_id, m.n
      from measured m
      where m.longest_datum > 0
      order by m.longest_datum desc, m.n
      limit 1
    )
    union all
    (
      select 'missing_data', m.recipient_id, m.n
      from measured m
      where m.filled < (select max(o.filled) from measured o)
      order by m.filled, m.n
      limit 1
    )
    union all
    (
      select 'first', m.recipient_id, m.n
      from measured m
      order by m.n
      limit p_people
    )
  )
  select c.n, c.recipient_id, array_agg(c.why order by c.why)
  from chosen c
  group by c.n, c.recipient_id
  order by bool_and(c.why = 'first'), c.n
  limit p_people;
end;

-- Shows whose cards to look at before a launch. Returns [{recipientId, why, state, externalId,
-- firstName, lastName, address, merge, reference, proof: {frontUrl, frontPage, backUrl, backPage,
-- contentHash}}], in the order in which they would go.
-- why: first, longest_name, longest_address, most_accents, longest_merge_data, missing_data.
create function postrider.launch_sample(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people int default 12
) returns jsonb language plpgsql security definer as $$
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_within('the number of people', p_people, 1, 100);
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'recipientId', r.id,
          'why', w.why,
          'state', s.state,
          'externalId', r.external_id,
          'firstName', r.first_name,
          'lastName', r.last_name,
          'address', jsonb_build_object(
            'line1', r.line1,
            'line2', r.line2,
            'city', r.city,
            'region', r.region,
            'postalCode', r.postal_code,
            'country', r.country),
          'merge', r.merge,
          'reference', r.reference,
          'proof', case
            when p.recipient_id is not null and s.state = 'proofed' then jsonb_build_object(
              'frontUrl', p.front_url,
              'frontPage', p.front_page,
              'backUrl', p.back_url,
              'backPage', p.back_page,
              'contentHash', p.content_hash)
          end)
        order by w.n),
      '[]')
    from postrider.people_to_show(p_organization_id, p_campaign_id, p_people) w
    join postrider.recipient r
      on r.organization_id = p_organization_id and r.id = w.recipient_id
    join postrider.recipient_state s
      on s.organization_id = p_organization_id and s.recipient_id = w.recipient_id
    left join postrider.proof p
      on p.organization_id = p_organization_id
      and p.recipient_id = w.recipient_id
      -- Nobody is offered a link that leads nowhere.
      and p.removed_at is null);
end $$;
