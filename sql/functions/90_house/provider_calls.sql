-- Calls of providers as they are kept, and what adapters remember between them.

-- Keeps a batch of calls; one that is there already is left as it is. Returns how many were new.
-- A call that waited in a runner while its person was erased is kept without what was said.
create function postrider.record_calls(p_calls jsonb) returns int
language plpgsql security definer as $$
declare
  v_recorded int;
begin
  perform postrider.require_whole_calls(p_calls);
  insert into postrider.provider_call (
    organization_id, id, connection_id, who, route, about, started_at, duration, status, outcome,
    hung_up, provider_request_id, request, answer, error, erased_at)
  select
    t."organizationId", t."id", t."connectionId", t."who", t."route", t."about", t."startedAt",
    make_interval(secs => t."durationMs" / 1000), t."status", t."outcome",
    coalesce(t."hungUp", false), t."providerRequestId",
    case when not t.is_erased then t."request" end,
    case when not t.is_erased then t."answer" end,
    case when not t.is_erased then t."error" end,
    case when t.is_erased then postrider.now() end
  from (
    select c.*,
      exists (
        select from unnest(c."about") a (id)
        join postrider.mailpiece m
          on m.organization_id = c."organizationId"
          and m.id = case
            when a.id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then a.id::uuid end
        where m.erased_at is not null)
      -- Each mode by itself: either has an index of the printer's ids, and both together have none.
      or exists (
        select from postrider.mailpiece m
        where m.organization_id = c."organizationId"
          and m.printer_name = c."who"
          and m.provider_id = any (c."about")
          and m.mode = 'live'
          and m.erased_at is not null)
      or exists (
        select from postrider.mailpiece m
        where m.organization_id = c."organizationId"
          and m.printer_name = c."who"
          and m.provider_id = any (c."about")
          and m.mode = 'test'
          and m.erased_at is not null) as is_erased
    from jsonb_to_recordset(p_calls) as c (
      "organizationId" uuid,
      "id" uuid,
      "connectionId" uuid,
      "who" text,
      "route" text,
      "about" text[],
      "startedAt" timestamptz,
      "durationMs" float8,
      "status" int,
      "outcome" text,
      "hungUp" boolean,
      "providerRequestId" text,
      "request" text,
      "answer" text,
      "error" text)
  ) t
  on conflict do nothing;
  get diagnostics v_recorded = row_count;
  return v_recorded;
end $$;

-- Refuses a list of calls of which one lacks what every call has.
create function postrider.require_whole_calls(p_calls jsonb) returns void
language plpgsql stable as $$
begin
  if jsonb_typeof(p_calls) is distinct from 'array'
    or exists (
      select from jsonb_array_elements(p_calls) as c (told)
      where told ->> 'organizationId' is null
        or told ->> 'id' is null
        or told ->> 'who' is null
        or told ->> 'route' is null
        or told ->> 'about' is null
        or told ->> 'startedAt' is null
        or told ->> 'durationMs' is null
        or coalesce(told ->> 'outcome', '') not in ('answer', 'not_sent', 'unclear'))
  then
    perform postrider.require_list('the calls', jsonb_typeof(p_calls));
    perform postrider.fail(
      'PR020',
      'a call lacks its organization, id, adapter, route, time or outcome',
      'each has organizationId, id, who, route, about, startedAt, durationMs, and an outcome of '
      'answer, not_sent or unclear; none was kept, and nothing was changed');
  end if;
end $$;

-- Takes out of the calls about erased people what was said. That they were made stays.
create function postrider.erase_calls(
  p_organization_id uuid,
  p_people uuid[],
  p_now timestamptz
) returns void language sql
begin atomic
  update postrider.provider_call
  set request = null,
    answer = null,
    error = null,
    erased_at = coalesce(erased_at, p_now)
  where organization_id = p_organization_id
    and about && array(
      select unnest(array[m.id::text, m.provider_id])
      from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.recipient_id = any (p_people)
      union all
      select unnest(p_people)::text);
end;

-- What an adapter remembers of a connection under a key; null: nothing.
create function postrider.read_connection_state(
  p_organization_id uuid,
  p_connection_id uuid,
  p_key text
) returns jsonb language sql stable security definer
return (
  select s.value
  from postrider.connection_state s
  where s.organization_id = p_organization_id
    and s.connection_id = p_connection_id
    and s.key = p_key
);

-- Remembers it in place of what was there. Nothing is remembered for a connection that is gone.
create function postrider.write_connection_state(
  p_organization_id uuid,
  p_connection_id uuid,
  p_key text,
  p_value jsonb
) returns void language sql security definer
begin atomic
  insert into postrider.connection_state as s (
    organization_id, connection_id, key, value, written_at)
  select c.organization_id, c.id, p_key, coalesce(p_value, 'null'), postrider.now()
  from postrider.connection c
  where c.organization_id = p_organization_id
    and c.id = p_connection_id
  on conflict (organization_id, connection_id, key) do update
  set value = excluded.value,
    written_at = excluded.written_at;
end;
