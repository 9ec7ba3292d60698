-- reap gives back what a crash, a lost job or a deletion by hand left behind. It runs on every
-- runner, every few seconds, and skips what is locked.
--   (a) a cohort that has begun and whose lease has passed
--   (b) a cohort that has not begun and whose job is neither waiting nor freshly active
--   (c) a person staged, proofing, or sending with a piece still submitting, whose cohort is
--       missing or closed
--   (d) a job of an organization whose runner went silent: it would keep the next one waiting
-- Staged goes back to where it came from, proofing to pending. Sending stays sending, and its piece
-- becomes unknown: only the printer can tell.

-- Gives back what was left behind, and returns how many people moved or became unknown.
-- p_grace: a cohort that has not begun rests so long before its job is looked for; not shorter than
-- a lease. p_quiet: an unknown outcome rests so long before the printer is asked, or longer, where
-- a runner has said of the printer that it must. The defaults are for a call by hand.
create function postrider.reap(
  p_grace interval default '5 minutes',
  p_quiet interval default '5 minutes'
) returns int language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_back int;
  v_lease interval := postrider.longest_lease();
begin
  perform postrider.require_within('the grace', p_grace, interval '0', interval '1 year');
  if p_grace < v_lease then
    perform postrider.fail(
      'PR020',
      format('a grace of %s is shorter than the lease of a runner, %s', p_grace, v_lease),
      format(
        'a runner that has not heard of its loss may post so long; '
        'select postrider.reap(%L) or longer. Nobody was given back',
        v_lease),
      jsonb_build_object('grace', p_grace, 'lease', v_lease));
  end if;
  perform postrider.require_within(
    'how long an unknown outcome rests', p_quiet, interval '0', interval '30 days');
  if not postrider.try_lock_work('reap') then
    return 0;
  end if;
  v_back := postrider.reap_cohorts(p_grace, p_quiet, v_now);
  v_back := v_back + postrider.reap_people(p_grace, p_quiet, v_now);
  perform postrider.end_silent_jobs();
  return v_back;
end $$;

-- (a) and (b): closes the cohorts that are lost, and gives back their people.
create function postrider.reap_cohorts(
  p_grace interval,
  p_quiet interval,
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_cohort record;
  v_back int := 0;
begin
  for v_cohort in
    select
      c.organization_id, c.id,
      case when c.begun_at is null then 'begin_failed' else 'lease_lost' end as why
    from postrider.cohort c
    where c.closed_at is null
      and (
        c.lease_until < p_now
        or c.begun_at is null
          and c.made_at < p_now - p_grace
          and not exists (
            select from postrider_queue.job j
            where j.name = c.stage
              and j.id = c.id
              and (
                j.state in ('created', 'retry')
                or j.state = 'active' and j.started_on > clock_timestamp() - p_grace)))
    order by c.organization_id, c.id
    for no key update skip locked
  loop
    update postrider.cohort
    set
      closed_at = p_now,
      closed_why = v_cohort.why
    where organization_id = v_cohort.organization_id
      and id = v_cohort.id;
    v_back := v_back + postrider.give_back(
      v_cohort.organization_id, v_cohort.id, v_cohort.why, p_quiet, p_now);
  end loop;
  return v_back;
end $$;

-- (c): gives back the people whose cohort is missing or closed.
--
-- Their pieces begin to rest when nobody posts any more. A lease that has passed here has passed in
-- its runner before, which counts from when it asked. A cohort that was deleted or closed by hand
-- is another matter: its worker hears of that with its next renewal (a quarter of a lease), or not
-- before the lease is over, and posts until then. An honest "absent" in between would print the
-- card again (docs/explanation/how-a-recipient-moves.md).
create function postrider.reap_people(
  p_grace interval,
  p_quiet interval,
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_cohort record;
  v_back int := 0;
begin
  -- A sending person waits out one lease and one HTTP time-out (p_grace): the runner may just be
  -- about to settle.
  for v_cohort in
    select distinct
      s.organization_id, s.cohort_id as id,
      -- People whom reap itself left behind, because a row was locked: that lease had passed.
      case when c.closed_why = 'lease_lost' then interval '0' else p_grace end as still
    from postrider.recipient_state s
    left join postrider.cohort c
      on c.organization_id = s.organization_id and c.id = s.cohort_id
    where s.cohort_id is not null
      and s.state in ('proofing_staged', 'proofing', 'sending_staged', 'sending')
      and (c.id is null or c.closed_at is not null)
      and (
        s.state <> 'sending'
        or s.since < p_now - p_grace
          and exists (
            select from postrider.mailpiece m
            where m.organization_id = s.organization_id
              and m.recipient_id = s.recipient_id
              and m.status = 'submitting'))
    order by 1, 2
  loop
    v_back := v_back + postrider.give_back(
      v_cohort.organization_id, v_cohort.id, 'lease_lost', p_quiet, p_now - p_grace,
      v_cohort.still);
  end loop;
  return v_back;
end $$;

-- Gives back the people who are in a cohort; of those at the printer only the ones who have been
-- there since p_sending_since or longer. Returns how many moved or became unknown. People who are
-- locked are left to the next time: one open psql transaction must not stop reap, and with it
-- everybody else's.
-- p_still: how long the cohort's worker may still post, from now on.
create function postrider.give_back(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_why text,
  p_quiet interval,
  p_sending_since timestamptz,
  p_still interval default '0'
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_people uuid[] := array(
    select recipient_id
    from postrider.recipient_state
    where organization_id = p_organization_id
      and cohort_id = p_cohort_id
      and (state <> 'sending' or since <= p_sending_since)
    order by recipient_id
    for no key update skip locked);
begin
  return postrider.return_to(
      p_organization_id, v_people, 'proof', '{proofing_staged,proofing}', 'pending', p_why, v_now)
    + postrider.return_to(
      p_organization_id, v_people, 'mail', '{sending_staged}', 'proofed', p_why, v_now)
    + postrider.mark_unknown(p_organization_id, v_people, p_quiet, p_still, v_now);
end $$;

-- Returns those of the people who are in one of these states to the one before, as the stage that
-- brought them there; after ten losses a person becomes an error. Returns how many.
create function postrider.return_to(
  p_organization_id uuid,
  p_people uuid[],
  p_stage text,
  p_states text[],
  p_state_before text,
  p_why text,
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_before text := postrider.act_as(p_stage);
  v_moved int := postrider.return_with_loss(
    p_organization_id, p_people, p_states, p_state_before, p_why, p_now);
begin
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Does what return_to() promises, and returns the same. The caller has claimed the stage.
create function postrider.return_with_loss(
  p_organization_id uuid,
  p_people uuid[],
  p_states text[],
  p_state_before text,
  p_why text,
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_moved int;
begin
  update postrider.recipient_state s
  set
    state = case when s.losses >= 9 then 'error' else p_state_before end,
    since = p_now,
    move_no = s.move_no + 1,
    cohort_id = null,
    losses = s.losses + 1,
    reason = case when s.losses >= 9 then 'too_many_losses' else p_why end,
    detail = null,
    available_at = p_now + postrider.back_off(s.losses)
  where s.organization_id = p_organization_id
    and s.recipient_id = any (p_people)
    and s.state = any (p_states);
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;

-- Marks the pieces of people who are at the printer as unknown, where no answer was recorded.
-- Returns how many.
create function postrider.mark_unknown(
  p_organization_id uuid,
  p_people uuid[],
  p_quiet interval,
  p_still interval,
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_sending uuid[] := array(
    select recipient_id
    from postrider.recipient_state
    where organization_id = p_organization_id
      and recipient_id = any (p_people)
      and state = 'sending');
  v_marked int;
begin
  if cardinality(v_sending) = 0 then
    return 0;
  end if;
  with lost as (
    update postrider.mailpiece m
    set
      status = 'unknown',
      available_at = p_now + p_still + greatest(p_quiet, p.quiet),
      outcome_detail = 'the runner went silent before an answer was recorded'
    from postrider.printer p
    where m.organization_id = p_organization_id
      and m.recipient_id = any (v_sending)
      and m.status = 'submitting'
      and p.organization_id = m.organization_id
      and p.name = m.printer_name
    returning m.recipient_id
  )
  update postrider.recipient_state s
  set losses = s.losses + 1
  from lost
  where s.organization_id = p_organization_id
    and s.recipient_id = lost.recipient_id;
  get diagnostics v_marked = row_count;
  return v_marked;
end $$;
