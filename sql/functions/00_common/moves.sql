-- The trigger of recipient_state. A move cannot be wrong and cannot be silent: one statement checks
-- legality and actor, writes the history and the tally, and sends one wake-up.
--
-- The old and new rows are joined once, and grouped into a handful of (from, to) pairs before they
-- are compared with the transition table. The plain exists(join) reads the whole transition table
-- again for each row and is quadratic (100,000 rows: 1.4 s grouped, more than 10 minutes not).
-- Everything happens in one statement, because every move of every size pays its fixed costs. It
-- is planned once a session (to plan it anew costs more than to move ten rows), and never with a
-- nested loop: a plan made for one row must serve a hundred thousand (docs/adr/0005).

-- Says whether people in this state are in a cohort, or in an enricher's batch. They are there in
-- these states, and in no other.
create function postrider.needs_cohort(p_state text) returns boolean language sql immutable
return p_state in (
  'address_enriching', 'proofing_staged', 'proofing', 'sending_staged', 'sending');

-- Checks and records every statement that changes states.
create function postrider.recipient_moved() returns trigger
language plpgsql security definer as $$
declare
  v_actor text := postrider.acting();
  v_now timestamptz := postrider.now();
  v_changed bigint;
  v_matched bigint;
  v_wrong jsonb;
  v_wake text;
  v_look boolean;
begin
  with moved as materialized (
    select
      n.organization_id, n.recipient_id, n.campaign_id,
      o.state as from_state, n.state as to_state,
      n.move_no, n.move_no - o.move_no as step,
      n.reason, n.detail,
      coalesce(n.cohort_id, o.cohort_id) as cohort_id, n.cohort_id is not null as travels
    from was o
    join now_is n
      on n.organization_id = o.organization_id
      and n.recipient_id = o.recipient_id
      and n.campaign_id = o.campaign_id
  ), pair as materialized (
    select
      organization_id, campaign_id, from_state, to_state, step, travels,
      count(*) as people
    from moved
    group by 1, 2, 3, 4, 5, 6
  ), history as (
    insert into postrider.recipient_event (
      organization_id, recipient_id, move_no, at, campaign_id, from_state, to_state, actor, reason,
      detail, cohort_id, by_role)
    select
      organization_id, recipient_id, move_no, v_now, campaign_id, from_state, to_state, v_actor,
      reason, detail, cohort_id, session_user
    from moved
    where from_state <> to_state
  ), tallied as (
    insert into postrider.tally (organization_id, campaign_id, from_state, to_state, people)
    select organization_id, campaign_id, from_state, to_state, people
    from pair
    where from_state <> to_state
  )
  select
    coalesce(sum(p.people), 0),
    (select count(*) from now_is),
    jsonb_agg(
      jsonb_build_object(
        'from', p.from_state, 'to', p.to_state, 'people', p.people, 'step', p.step,
        'travels', p.travels))
      filter (where
        p.travels <> postrider.needs_cohort(p.to_state)
        or case
          when p.from_state = p.to_state then p.step <> 0
          else p.step <> 1 or t.actor is null
        end),
    string_agg(distinct p.to_state, ',')
      filter (where
        p.to_state in ('pending', 'proofed', 'address_enrichable')
        and p.from_state <> p.to_state),
    coalesce(bool_or(
      p.from_state <> 'sent' and p.to_state = 'sent'
      or p.from_state in ('error', 'proofed', 'sending_staged') and p.to_state = 'pending'
      or p.from_state = 'error' and p.to_state = 'proofed'
      or v_actor = 'op'
        and p.from_state in ('sent', 'received', 'returned', 'skipped')
        and p.to_state = 'pending'), false)
  into v_matched, v_changed, v_wrong, v_wake, v_look
  from pair p
  left join postrider.transition t
    on t.from_state = p.from_state
    and t.to_state = p.to_state
    and t.actor = v_actor;

  if v_matched <> v_changed or v_wrong is not null then
    perform postrider.refuse_moves(v_actor, v_changed - v_matched, v_wrong);
  end if;
  if v_look then
    perform postrider.check_mailpieces(
      v_actor,
      array_agg(n.organization_id), array_agg(n.recipient_id),
      array_agg(o.state), array_agg(o.reason), array_agg(n.state))
    from was o
    join now_is n
      on n.organization_id = o.organization_id
      and n.recipient_id = o.recipient_id
    where o.state <> n.state;
  end if;
  if v_wake is not null then
    perform pg_notify('postrider_moved', v_wake);
  end if;
  return null;
end $$;

-- Checks and records every statement that adds recipients.
create function postrider.recipient_created() returns trigger
language plpgsql security definer as $$
declare
  v_actor text := postrider.acting();
  v_now timestamptz := postrider.now();
  v_wrong jsonb;
  v_wake text;
begin
  with pair as materialized (
    select
      organization_id, campaign_id, state, move_no, cohort_id is not null as travels,
      count(*) as people
    from now_is
    group by 1, 2, 3, 4, 5
  ), history as (
    insert into postrider.recipient_event (
      organization_id, recipient_id, move_no, at, campaign_id, from_state, to_state, actor, reason,
      detail, cohort_id, by_role)
    select
      organization_id, recipient_id, move_no, v_now, campaign_id, null, state, v_actor, reason,
      detail, cohort_id, session_user
    from now_is
  ), tallied as (
    insert into postrider.tally (organization_id, campaign_id, to_state, people)
    select organization_id, campaign_id, state, people
    from pair
  )
  select
    jsonb_agg(
      jsonb_build_object(
        'from', null, 'to', p.state, 'people', p.people, 'step', p.move_no,
        'travels', p.travels))
      filter (where p.travels or p.move_no <> 1 or t.actor is null),
    string_agg(distinct p.state, ',') filter (where p.state in ('pending', 'address_enrichable'))
  into v_wrong, v_wake
  from pair p
  left join postrider.transition t
    on t.from_state is null
    and t.to_state = p.state
    and t.actor = v_actor;

  if v_wrong is not null then
    perform postrider.refuse_moves(v_actor, 0, v_wrong);
  end if;
  if v_wake is not null then
    perform pg_notify('postrider_moved', v_wake);
  end if;
  return null;
end $$;

-- Says which rule a statement broke. It is reached only when one was broken: the check itself is
-- in the trigger's one statement.
create function postrider.refuse_moves(
  p_actor text,
  p_unmatched bigint,
  p_wrong jsonb
) returns void language plpgsql as $$
declare
  v_pair record;
  v_actors text;
  v_named text;
begin
  if p_unmatched <> 0 then
    perform postrider.fail(
      'PR003',
      format('%s row(s) would change who they belong to', p_unmatched),
      'organization_id, recipient_id and campaign_id of recipient_state never change; '
      'nothing was changed now');
  end if;
  select x."from" as from_state, x."to" as to_state, x.people, x.step, x.travels
  into v_pair
  from jsonb_to_recordset(p_wrong)
    as x ("from" text, "to" text, people bigint, step int, travels boolean)
  limit 1;
  select string_agg(actor, ', ' order by actor) into v_actors
  from postrider.transition t
  where t.from_state is not distinct from v_pair.from_state
    and t.to_state = v_pair.to_state;
  v_named := format('%s → %s', coalesce(v_pair.from_state, '(new)'), v_pair.to_state);

  if v_actors is null and v_pair.from_state is distinct from v_pair.to_state then
    perform postrider.fail(
      'PR001',
      format('no such move: %s (%s row(s), by %s)', v_named, v_pair.people, p_actor),
      format(
        'legal moves: select * from postrider.transition where from_state %s; '
        'nothing was changed',
        coalesce('= ' || quote_literal(v_pair.from_state), 'is null')),
      p_wrong);
  elsif not p_actor = any (string_to_array(v_actors, ', ')) then
    perform postrider.fail(
      'PR002',
      format('%s may not move %s (%s row(s)): only %s may',
        p_actor, v_named, v_pair.people, v_actors),
      'use retry, cancel, hold, release, suppress or resolve; nothing was changed',
      p_wrong);
  elsif v_pair.travels <> postrider.needs_cohort(v_pair.to_state) then
    perform postrider.fail(
      'PR001',
      format('%s %s a cohort (%s row(s), by %s)',
        v_named,
        case when v_pair.travels then 'keeps' else 'needs' end,
        v_pair.people, p_actor),
      case
        when v_pair.travels then 'set cohort_id = null in the statement that moves them'
        else 'nobody is brought into a cohort by hand, runners do that'
      end || '; nothing was changed',
      p_wrong);
  end if;
  perform postrider.fail(
    'PR006',
    format('the move number must go up by one with %s, and only with a move', v_named),
    'set move_no = move_no + 1 in the statement that moves; nothing was changed',
    p_wrong);
end $$;

-- Refuses to delete people.
create function postrider.refuse_deletion() returns trigger language plpgsql as $$
begin
  perform postrider.fail(
    'PR004',
    format('%s of %s is refused: people are never deleted, only moved',
      lower(tg_op), tg_table_name),
    'to forget somebody use postrider.erase(recipient); '
    'to stop a card use postrider.cancel(recipient); nothing was changed');
  return null;
end $$;

create trigger recipient_moved
  after update on postrider.recipient_state
  referencing old table as was new table as now_is
  for each statement execute function postrider.recipient_moved();
create trigger recipient_created
  after insert on postrider.recipient_state
  referencing new table as now_is
  for each statement execute function postrider.recipient_created();
create trigger recipient_not_deleted
  before delete on postrider.recipient_state
  for each statement execute function postrider.refuse_deletion();
create trigger recipient_not_truncated
  before truncate on postrider.recipient_state
  for each statement execute function postrider.refuse_deletion();

-- Whether a recipient in this state can be stopped before the card is at the printer.
create function postrider.is_before_printer(p_state text) returns boolean
language sql immutable
return p_state in (
  'address_enrichable', 'address_enriching', 'pending', 'proofing_staged', 'proofing', 'proofed',
  'sending_staged');
