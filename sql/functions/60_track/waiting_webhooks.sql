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
    and w.available_at <= (select postrider.now())
  order by w.available_at
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

-- Applies up to p_limit webhooks that were read when they came. Returns how many, and how many it
-- has put off: somebody holds the rows of their people, an open psql session for example, and they
-- cost the others nothing. Where anything else fails none is applied: read_webhooks_again() has
-- them read one by one then.
create function postrider.apply_read_webhooks(
  p_limit int
) returns table (
  applied int,
  put_off int
) language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('track');
begin
  select t.applied, t.put_off into applied, put_off
  from postrider.take_read_webhooks(p_limit) t;
  perform postrider.act_as(v_before);
  return next;
end $$;

-- Does what apply_read_webhooks() promises, and returns the same. The caller has claimed track.
create function postrider.take_read_webhooks(
  p_limit int,
  out applied int,
  out put_off int
) language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_group record;
  v_applied uuid[];
begin
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  applied := 0;
  put_off := 0;
  -- In the order of their keys: two runners lock alike.
  for v_group in
    with taken as materialized (
      select o.organization_id, o.printer_name, o.id, o.received_at, o.events
      from postrider.waiting_webhook o
      where o.events is not null
        and o.available_at <= v_now
      order by o.available_at
      limit p_limit
      for update skip locked
    )
    select t.organization_id, t.printer_name, array_agg(distinct t.id) as ids,
      coalesce(
        jsonb_agg(e.told || jsonb_build_object('inboxId', t.id, 'receivedAt', t.received_at))
          filter (where e.told is not null),
        '[]') as events
    from taken t
    left join lateral jsonb_array_elements(t.events) as e (told) on true
    group by t.organization_id, t.printer_name
    order by t.organization_id, t.printer_name
  loop
    v_applied := postrider.apply_unless_locked(
      v_group.organization_id, v_group.printer_name, v_group.ids, v_group.events);
    delete from postrider.waiting_webhook
    where organization_id = v_group.organization_id
      and id = any (v_applied);
    applied := applied + cardinality(v_applied);
    if cardinality(v_applied) < cardinality(v_group.ids) then
      put_off := put_off + cardinality(v_group.ids) - cardinality(v_applied);
      perform postrider.put_off_webhooks(v_group.organization_id, v_group.ids);
    end if;
  end loop;
end $$;

-- Applies what webhooks of a printer told, and returns those that were applied. Where it would wait
-- too long, those of people whom somebody holds are left out, or, where that is not enough, all.
create function postrider.apply_unless_locked(
  p_organization_id uuid,
  p_printer_name text,
  p_ids uuid[],
  p_events jsonb
) returns uuid[] language plpgsql as $$
declare
  v_free uuid[];
begin
  begin
    perform postrider.apply_told_events(p_organization_id, p_printer_name, p_events);
    return p_ids;
  exception when lock_not_available then
    v_free := postrider.lock_free_webhooks(p_organization_id, p_printer_name, p_ids, p_events);
  end;
  if cardinality(v_free) = 0 then
    return v_free;
  end if;
  perform postrider.apply_told_events(p_organization_id, p_printer_name, coalesce(
    (select jsonb_agg(e.told)
      from jsonb_array_elements(p_events) as e (told)
      where (e.told ->> 'inboxId')::uuid = any (v_free)),
    '[]'));
  return v_free;
exception when lock_not_available then
  return '{}';
end $$;

-- Locks whom these webhooks concern as far as nobody else has them, and returns the webhooks of
-- which it has everybody.
create function postrider.lock_free_webhooks(
  p_organization_id uuid,
  p_printer_name text,
  p_ids uuid[],
  p_events jsonb
) returns uuid[] language sql volatile as $$
  with concerned as materialized (
    select p.inbox_id, p.recipient_id
    from jsonb_each(
      postrider.events_by_printer(p_organization_id, p_printer_name, p_events)) as e (printer, told)
    cross join lateral postrider.people_of_events(p_organization_id, e.printer, e.told) p
    where p.recipient_id is not null
  ), locked as materialized (
    select s.recipient_id
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.recipient_id = any (array(select c.recipient_id from concerned c))
    order by s.recipient_id
    for no key update skip locked
  )
  select array(
    select w.id
    from unnest(p_ids) as w (id)
    where not exists (
      select from concerned c
      where c.inbox_id = w.id
        and c.recipient_id not in (select l.recipient_id from locked l)))
$$;

-- Puts webhooks off: until then those behind them are applied.
create function postrider.put_off_webhooks(p_organization_id uuid, p_ids uuid[]) returns void
language sql volatile security definer
begin atomic
  update postrider.waiting_webhook
  set available_at = postrider.now() + interval '10 seconds'
  where organization_id = p_organization_id
    and id = any (p_ids);
end;

-- Has up to p_limit webhooks read again whose events were read when they came: the database refuses
-- one of them, and nobody knows which.
create function postrider.read_webhooks_again(p_limit int) returns int
language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_again int;
begin
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  update postrider.waiting_webhook w
  set events = null
  from (
    select o.organization_id, o.id
    from postrider.waiting_webhook o
    where o.events is not null
      and o.available_at <= v_now
    order by o.available_at
    limit p_limit
    for update skip locked) oldest
  where w.organization_id = oldest.organization_id
    and w.id = oldest.id;
  get diagnostics v_again = row_count;
  return v_again;
end $$;
