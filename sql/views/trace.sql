-- Tells the whole story of a person: one row for everything that ever happened, in the order in
-- which we learned of it. A printer's clock is its own, and news come late: its time stands beside
-- what it told. For an id that no campaign knows it tells the rows of lists in which it was
-- rejected, or that no list had it.
create function postrider.trace(p_who text, p_organization_id uuid default null)
returns table (
  at timestamptz,
  campaign text,
  recipient_id uuid,
  move_no int,
  what text,
  detail text,
  actor text,
  by_role text,
  organization text)
language sql stable as $$
  -- Found first, and then asked for one by one: without statistics everybody's story would be read.
  with who as materialized (
    select r as recipient, c.name as campaign, c.printer_name, o.name as organization
    from postrider.find_recipients(p_who, p_organization_id) f
    join postrider.recipient r
      on r.organization_id = f.organization_id and r.id = f.recipient_id
    join postrider.campaign c
      on c.organization_id = r.organization_id and c.id = r.campaign_id
    join postrider.organization o
      on o.id = r.organization_id
  )
  select e.at, w.campaign, p.id, e.move_no, e.what, e.detail, e.actor, e.by_role, w.organization
  from who w
  cross join lateral (select (w.recipient).organization_id, (w.recipient).id) p
  cross join lateral (
    select * from postrider.trace_moves(p.organization_id, p.id)
    union all
    select * from postrider.trace_cards(p.organization_id, p.id)
    union all
    select * from postrider.trace_alarms(p.organization_id, p.id)
    union all
    select * from postrider.trace_interventions(w.recipient, w.printer_name)
    union all
    select * from postrider.trace_requests(p.organization_id, p.id)
  ) e
  union all
  select
    j.at, j.campaign, null, null, j.what,
    concat_ws(' · ', j.detail, 'run ' || j.run_id), 'sync', null, j.organization
  from postrider.rejects_of(p_who, p_organization_id) j
  where not exists (select from who)
  union all
  select postrider.now(), null, null, null, 'not found', u.sentence, null, null, null
  from postrider.why_unknown(p_who, p_organization_id) u
  where not exists (select from who)
    and not exists (select from postrider.rejects_of(p_who, p_organization_id))
  order by 3, 1, 4 nulls last
$$;
