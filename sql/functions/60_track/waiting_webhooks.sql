-- Webhooks that wait to be applied. Most were read when they came: what they tell is applied as it
-- stands, many at once. A runner reads the others.

-- Locks up to p_limit webhooks that are still to be read, the oldest first. By index, and apart
-- from the look at what they hold, which is planned for the table as it is: a plan that was made
-- while it was empty takes any index of it.
create function postrider.lock_unread_webhooks(p_limit int)
returns table (organization_id uuid, id uuid) language sql volatile as $$
  select w.organization_id, w.id
  from postrider.waiting_webhook w
  where w.events is null
  order by w.received_at
  limit p_limit
  for no key update skip locked
$$;

-- Gives a runner up to p_limit webhooks that are still to be read, locked until the transaction
-- ends.
create function postrider.claim_webhooks(p_limit int)
returns table (
  id uuid,
  organization_id uuid,
  printer_name text,
  body bytea,
  received_at timestamptz)
language sql volatile security definer as $$
  select postrider.require_within('the limit', p_limit, 0, 1000000);
  select e.id, e.organization_id, e.printer_name, e.body, e.received_at
  from postrider.lock_unread_webhooks(p_limit) c
  cross join lateral (
    select x.*
    from postrider.provider_event x
    where x.organization_id = c.organization_id
      and x.id = c.id
    offset 0) e
  order by e.received_at
$$;

-- Applies up to p_limit webhooks that were read when they came, and returns how many. All of them
-- or, where it fails, none: read_webhooks_again() has them read one by one then.
create function postrider.apply_read_webhooks(p_limit int) returns int
language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('track');
  v_applied int := postrider.take_read_webhooks(p_limit);
begin
  perform postrider.act_as(v_before);
  return v_applied;
end $$;

-- Does what apply_read_webhooks() promises, and returns the same. The caller has claimed track.
create function postrider.take_read_webhooks(p_limit int) returns int language plpgsql as $$
declare
  v_group record;
  v_count int := 0;
begin
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  -- In the order of their keys: two runners lock alike.
  for v_group in
    with taken as (
      delete from postrider.waiting_webhook w
      using (
        select o.organization_id, o.id
        from postrider.waiting_webhook o
        where o.events is not null
        order by o.received_at
        limit p_limit
        for update skip locked) oldest
      where w.organization_id = oldest.organization_id
        and w.id = oldest.id
      returning w.organization_id, w.printer_name, w.id, w.received_at, w.events
    )
    select g.organization_id, g.printer_name, g.webhooks, coalesce(g.events, '[]') as events
    from (
      select t.organization_id, t.printer_name,
        count(*) filter (where coalesce(e.nth, 1) = 1) as webhooks,
        jsonb_agg(e.told || jsonb_build_object('inboxId', t.id, 'receivedAt', t.received_at))
          filter (where e.told is not null) as events
      from taken t
      left join lateral jsonb_array_elements(t.events) with ordinality as e (told, nth) on true
      group by t.organization_id, t.printer_name) g
    order by g.organization_id, g.printer_name
  loop
    perform postrider.apply_told_events(
      v_group.organization_id, v_group.printer_name, v_group.events);
    v_count := v_count + v_group.webhooks;
  end loop;
  return v_count;
end $$;

-- Has up to p_limit webhooks read again whose events were read when they came: the database refuses
-- one of them, and nobody knows which.
create function postrider.read_webhooks_again(p_limit int) returns int
language plpgsql security definer as $$
declare
  v_again int;
begin
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  update postrider.waiting_webhook w
  set events = null
  from (
    select o.organization_id, o.id
    from postrider.waiting_webhook o
    where o.events is not null
    order by o.received_at
    limit p_limit
    for update skip locked) oldest
  where w.organization_id = oldest.organization_id
    and w.id = oldest.id;
  get diagnostics v_again = row_count;
  return v_again;
end $$;
