-- Adds a page to the run's report. Conflicts are members of the page of whom nobody was made.
create function postrider.count_sync_page(
  p_organization_id uuid,
  p_run_id uuid,
  p_members int,
  p_created int,
  p_changed int,
  p_unchanged int,
  p_repeated int,
  p_by_state jsonb,
  p_turned_away jsonb,
  p_rejects jsonb,
  p_conflicts jsonb,
  p_waited_ms bigint
) returns void language plpgsql as $$
declare
  v_rejects jsonb := coalesce(p_rejects, '[]');
  v_conflicts jsonb := coalesce(p_conflicts, '[]');
  v_invalid int := jsonb_array_length(v_rejects);
begin
  insert into postrider.sync_reject (
    organization_id, run_id, ordinal, source_row, source_column, external_id, reason, message)
  select
    p_organization_id, p_run_id, r.invalid + r.conflicting + x.ordinal, x."row", x."column",
    postrider.trimmed(x."externalId"), x.reason, x.message
  from postrider.sync_run r,
    rows from (
      jsonb_to_recordset(v_rejects || v_conflicts) as (
        "row" bigint, "column" text, "externalId" text, reason text, message text))
      with ordinality as x ("row", "column", "externalId", reason, message, ordinal)
  where r.organization_id = p_organization_id
    and r.id = p_run_id;
  update postrider.sync_run
  set
    fetched = fetched + p_members + v_invalid,
    created = created + p_created,
    changed = changed + p_changed,
    unchanged = unchanged + p_unchanged,
    repeated = repeated + p_repeated,
    conflicting = conflicting + jsonb_array_length(v_conflicts),
    invalid = invalid + v_invalid,
    pages = pages + 1,
    waited_ms = waited_ms + p_waited_ms,
    created_by_state = postrider.add_counts(created_by_state, p_by_state),
    turned_away = postrider.add_counts(turned_away, p_turned_away)
  where organization_id = p_organization_id
    and id = p_run_id;
end $$;

-- Keeps what was changed or left out of rows whose people were taken, and counts it by reason, and
-- by reason and column. A run keeps the first thousand of each reason: otherwise a column that is
-- mended in every row would store a second list.
create function postrider.keep_notes(
  p_organization_id uuid,
  p_run_id uuid,
  p_members jsonb
) returns void language plpgsql as $$
declare
  c_kept constant int := 1000;
  v_noted jsonb;
  v_columns jsonb;
begin
  if not jsonb_path_exists(p_members, '$[*].notes[*] ? (@ != null)') then
    return;
  end if;
  with note as materialized (
    select
      m.told ->> 'row' as source_row, m.told ->> 'externalId' as external_id,
      n.told ->> 'column' as source_column, n.told ->> 'reason' as reason,
      n.told ->> 'message' as message,
      row_number() over (order by m.n, n.n) as n,
      row_number() over (partition by n.told ->> 'reason' order by m.n, n.n) as n_of_reason
    from jsonb_array_elements(p_members) with ordinality as m (told, n)
    cross join lateral jsonb_path_query(m.told, '$.notes[*] ? (@ != null)')
      with ordinality as n (told, n)
  ), kept as (
    insert into postrider.sync_note (
      organization_id, run_id, ordinal, source_row, source_column, external_id, reason, message)
    select
      p_organization_id, p_run_id,
      note.n + (select coalesce(sum(value::int), 0) from jsonb_each_text(r.noted)),
      note.source_row::bigint, note.source_column, postrider.trimmed(note.external_id),
      note.reason, note.message
    from postrider.sync_run r
    cross join note
    where r.organization_id = p_organization_id
      and r.id = p_run_id
      and note.n_of_reason + coalesce((r.noted ->> note.reason)::int, 0) <= c_kept
      -- A sentence may quote the cell, and of an erased person nothing is kept.
      and not exists (
        select from postrider.suppression s
        where s.organization_id = p_organization_id
          and s.kind = 'external_id'
          and s.digest = postrider.digest_of(
            p_organization_id, 'external_id', postrider.trimmed(note.external_id))
          and s.reason = 'erasure')
  )
  select
    jsonb_object_agg(g.reason, g.notes),
    jsonb_object_agg(g.reason, g.columns) filter (where g.columns is not null)
  into v_noted, v_columns
  from (
    select p.reason, sum(p.notes) as notes,
      jsonb_object_agg(p.source_column, p.notes) filter (where p.source_column is not null)
        as columns
    from (
      select reason, source_column, count(*) as notes
      from note
      group by 1, 2
    ) p
    group by 1
  ) g;
  update postrider.sync_run
  set noted = postrider.add_counts(noted, v_noted),
    noted_columns = noted_columns || (
      select coalesce(
        jsonb_object_agg(c.key, postrider.add_counts(noted_columns -> c.key, c.value)), '{}')
      from jsonb_each(v_columns) c)
  where organization_id = p_organization_id
    and id = p_run_id;
end $$;

-- Adds two objects of counts, key by key.
create function postrider.add_counts(p_a jsonb, p_b jsonb) returns jsonb language sql immutable
return (
  select coalesce(jsonb_object_agg(key, people), '{}')
  from (
    select key, sum(value::bigint) as people
    from (
      select * from jsonb_each_text(p_a)
      union all
      select * from jsonb_each_text(coalesce(p_b, '{}'))
    ) both_of_them
    group by key
  ) summed
);

-- Adds people whom a page stopped to those whom it turned away, by reason.
create function postrider.with_stopped(
  p_turned_away jsonb,
  p_stopped uuid[]
) returns jsonb language sql immutable
return case
  when cardinality(p_stopped) > 0 then postrider.add_counts(
    coalesce(p_turned_away, '{}'), jsonb_build_object('do_not_mail', cardinality(p_stopped)))
  else p_turned_away
end;
