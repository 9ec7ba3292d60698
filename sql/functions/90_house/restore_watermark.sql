-- The restore watermark: how a database that is an older state of itself is noticed, before a card
-- is sent twice on the strength of what it has forgotten. Two things tell.
--
-- The timeline. Every promotion of a standby and every recovery to a point in time begins a new
-- one. It is read from the position at which the server writes: the control file has that of the
-- last checkpoint, which stays the old one for minutes after a promotion.
--
-- What runners remember. For each cohort that it begins at a printer a runner keeps one witness
-- outside of the database: a recipient, the number of the move, the mailpiece. Recipients and
-- mailpieces are never deleted, and a move's number never falls: a missing witness was lost, with
-- all that came after it. (A count would need a row that every begin updates: begins would wait for
-- each other, and one old transaction would keep all its versions.)
--
-- begin_mail compares both each time: no session can begin a card without it.

-- Identifies the server that this session is on. Null: it does not tell, or is a
-- standby, which writes none.
create function postrider.server_identity(
  out system_identifier text,
  out timeline bigint
) language plpgsql stable as $$
begin
  begin
    system_identifier := (select s.system_identifier::text from pg_control_system() s);
  exception when insufficient_privilege then
    null;
  end;
  begin
    timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint;
  exception
    when insufficient_privilege or feature_not_supported or object_not_in_prerequisite_state then
      null;
  end;
end $$;

-- Says why this database is not the one that it, or a runner, knew; null where it is.
-- superseded: this very server was seen before a later one took over from it. That one may still be
-- at work, so nothing here is taken for the truth until a person has said so.
-- p_is: as the caller has read it: what is told of it then tells of one state.
-- p_told: {restores, system, timeline, witnesses: [{organizationId, recipientId, moveNo,
-- mailpieceId}]}; null where nothing is remembered.
create function postrider.restore_signs(
  p_is postrider.installation,
  p_told jsonb,
  p_system text,
  p_timeline bigint,
  out why text,
  out superseded boolean
) language plpgsql stable as $$
declare
  v_restores int;
begin
  superseded := false;
  v_restores := (p_told ->> 'restores')::int;
  if v_restores >= p_is.restores
    and p_told ->> 'system' = p_system
    and (p_told ->> 'timeline')::bigint > p_timeline
  then
    superseded := true;
    why := format(
      'this server writes timeline %s, and cards were mailed on timeline %s of the same database: '
      'another server has taken over from this one',
      p_timeline, p_told ->> 'timeline');
  elsif p_is.system_identifier <> p_system then
    why := 'this database was restored on another server';
  elsif p_is.timeline <> p_timeline then
    why := format(
      'the server''s timeline went from %s to %s: a standby was promoted, or this database was '
      'restored from a backup',
      p_is.timeline, p_timeline);
  elsif v_restores > p_is.restores then
    why := 'this database was restored from a backup that was taken before its last restore';
  elsif v_restores = p_is.restores and exists (
    select from jsonb_to_recordset(p_told -> 'witnesses') as w (
      "organizationId" uuid, "recipientId" uuid, "moveNo" bigint, "mailpieceId" uuid)
    where not exists (
      select from postrider.recipient_state s
      join postrider.mailpiece m
        on m.organization_id = s.organization_id
        and m.id = w."mailpieceId"
      where s.organization_id = w."organizationId"
        and s.recipient_id = w."recipientId"
        and s.move_no >= w."moveNo"))
  then
    why := 'this database was restored from a backup: cards were begun that it does not know';
  end if;
exception
  when invalid_text_representation or invalid_parameter_value or numeric_value_out_of_range then
    perform postrider.fail(
      'PR020',
      format('this is nothing that a runner remembers: %s', sqlerrm),
      '{"<installation>": {restores, system, timeline, witnesses}}, as check_watermark and '
      'begin_mail tell it; nothing was changed');
end $$;

-- Compares this database with what a runner remembers of it, by installation: {"<id>": {…}}, see
-- restore_signs. Holds every printer where it is an older state of itself. Returns what to
-- remember, {installation, restores, system, timeline}, with noticed (why it was held, while nobody
-- has dealt with it) and superseded (nothing of this answer is to be remembered).
create function postrider.check_watermark(p_remembered jsonb default null) returns jsonb
language plpgsql security definer as $$
declare
  v_is postrider.installation := (select i from postrider.installation i);
  v_here record := postrider.server_identity();
  v_told jsonb;
  v_signs record;
begin
  if v_is.id is null then
    insert into postrider.installation as i (id, system_identifier, timeline, seen_at)
    values (gen_random_uuid(), v_here.system_identifier, v_here.timeline, clock_timestamp())
    on conflict (singleton) do update
    set id = coalesce(i.id, excluded.id)
    returning * into v_is;
  end if;
  -- The identity of a server that did not tell is taken from one that does.
  if v_is.system_identifier is null and v_here.system_identifier is not null
    or v_is.timeline is null and v_here.timeline is not null
  then
    update postrider.installation
    set system_identifier = coalesce(system_identifier, v_here.system_identifier),
      timeline = coalesce(timeline, v_here.timeline);
  end if;
  v_told := p_remembered -> v_is.id::text;
  v_signs := postrider.restore_signs(v_is, v_told, v_here.system_identifier, v_here.timeline);
  if v_signs.why is not null then
    -- One notices it. A session that has waited for that one looks again.
    select *
    into v_is
    from postrider.installation
    for no key update;
    v_signs := postrider.restore_signs(v_is, v_told, v_here.system_identifier, v_here.timeline);
    if v_signs.why is not null then
      perform postrider.notice_restore(
        v_signs.why, v_signs.superseded, v_told, v_here.system_identifier, v_here.timeline);
    end if;
    v_is := (select i from postrider.installation i);
  end if;
  return jsonb_build_object(
    'installation', v_is.id,
    'restores', v_is.restores,
    'system', v_here.system_identifier,
    'timeline', v_here.timeline,
    'noticed', case when v_is.restore_noticed_at is not null then v_is.restore_why end,
    'superseded', v_signs.superseded);
end $$;

-- Notes a restore, and holds every printer. Cards that were begun since the backup are unknown
-- here: nothing more is sent until somebody has asked the printers. A restore is noticed once,
-- since the number of restores rises with it. A server that was superseded keeps its number, or the
-- one that has taken over would look older than it is.
create function postrider.notice_restore(
  p_why text,
  p_superseded boolean,
  p_told jsonb,
  p_system text,
  p_timeline bigint
) returns void language plpgsql as $$
declare
  v_told int := coalesce((p_told ->> 'restores')::int, 0);
  v_why text := p_why || '; ask the printers: postrider reconcile --since, then release';
begin
  update postrider.installation
  -- The last notice counts: a runner that began before it may post from then on, see
  -- longest_posting_time. A server that was superseded is told the same again and again.
  set restore_noticed_at = case
      when p_superseded and restore_why = p_why then coalesce(restore_noticed_at, postrider.now())
      else postrider.now()
    end,
    restore_why = p_why,
    restores_told = greatest(restores_told, v_told),
    restores = case when p_superseded then restores else greatest(restores, v_told) + 1 end,
    system_identifier = coalesce(p_system, system_identifier),
    timeline = coalesce(p_timeline, timeline),
    seen_at = clock_timestamp();
  -- Printers that are held already are held for this, too: an operator who ends that other hold
  -- knows nothing of this one.
  perform postrider.hold(p.organization_id, 'printer', p.name, v_why)
  from (
    select organization_id, name
    from postrider.printer
    where held_at is null
      or held_why is distinct from v_why
    order by organization_id, name
  ) p;
end $$;

-- Says that an operator has asked the printers for what was printed since the backup. What runners
-- remember of the time before counts no more. Returns whether nothing is left to be asked: false
-- where a restore was noticed after the printers were asked, and then the printers stay held for
-- it.
-- p_noticed_at: what installation.restore_noticed_at was before the first printer was asked; null:
-- the caller vouches for whatever is noticed by now. It and not the number of restores, which a
-- server that was superseded keeps, and which a standby that was promoted may count a second time.
create function postrider.conclude_restore(p_noticed_at timestamptz default null)
returns boolean language plpgsql security definer as $$
declare
  v_noticed_at timestamptz := coalesce(
    p_noticed_at, (select restore_noticed_at from postrider.installation));
begin
  -- The server may have changed once more, and no runner has told of it yet: the caller does not
  -- mean that change.
  perform postrider.check_watermark();
  update postrider.installation
  set restore_noticed_at = null,
    restore_why = null,
    restores = greatest(restores, restores_told) + 1
  where restore_noticed_at = v_noticed_at;
  if found then
    perform postrider.note_intervention(
      o.id, 'reconcile', 'the printers were asked for what was printed since the backup')
    from postrider.organization o
    order by o.id;
  end if;
  return not exists (
    select from postrider.installation
    where restore_noticed_at is not null);
end $$;

-- How long a runner may still post that began a card before the change of servers was noticed: one
-- lease, and what a request under way takes until it can be found (p_quiet). A printer that is
-- asked before that has not told all.
create function postrider.longest_posting_time(
  p_lease interval,
  p_quiet interval default '0'
) returns interval language plpgsql volatile security definer as $$
begin
  perform postrider.require_lease(p_lease);
  perform postrider.require_within(
    'how long an unknown outcome rests', p_quiet, interval '0', interval '30 days');
  return coalesce(
    greatest(
      interval '0',
      greatest(p_lease, postrider.longest_lease()) + p_quiet
        - (postrider.now() - coalesce(
          (select restore_noticed_at from postrider.installation),
          (select max(held_at) from postrider.printer)))),
    interval '0');
end $$;

-- One witness of each mail cohort that is at work, of any runner.
create function postrider.mail_witnesses() returns jsonb
language sql stable security definer as $$
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'organizationId', w.organization_id,
        'recipientId', w.recipient_id,
        'moveNo', w.move_no,
        'mailpieceId', w.id)),
    '[]')
  from (
    select s.organization_id, s.recipient_id, s.move_no, m.id
    from postrider.cohort c
    cross join lateral (
      select s.organization_id, s.recipient_id, s.move_no
      from postrider.recipient_state s
      where s.organization_id = c.organization_id
        and s.cohort_id = c.id
        and s.state = 'sending'
      limit 1
    ) s
    join postrider.mailpiece m
      on m.organization_id = s.organization_id
      and m.recipient_id = s.recipient_id
      and m.status in ('submitting', 'unknown')
    where c.stage = 'mail'
      and c.closed_at is null
      and c.begun_at is not null
    limit 64
  ) w
$$;
