-- What becomes of the cards and the people of a test when its campaign goes live.

-- Voids the test mailpieces of these people, and returns how many. Nothing that a printer tells of
-- a voided piece moves anybody, and no status is above it. A piece that the printer says it has
-- made live is no test: it may be printed, and its person gets no second card.
create function postrider.void_test_mailpieces(
  p_organization_id uuid,
  p_people uuid[]
) returns int language plpgsql as $$
declare
  v_voided int;
begin
  update postrider.mailpiece m
  set status = 'voided',
    available_at = null,
    outcome_detail = left(concat_ws(': ', 'in the test it was ' || m.status, m.outcome_detail), 500)
  where m.organization_id = p_organization_id
    and m.recipient_id = any (p_people)
    and m.mode = 'test'
    and (m.made_mode is distinct from 'live' or postrider.piece_is_closed(m.status))
    and m.status <> 'voided';
  get diagnostics v_voided = row_count;
  return v_voided;
end $$;

-- Names which of these people have come ahead of the live mailing: they have a proof in a campaign
-- that was not launched, are sent in a test, or failed on the way. Nothing was printed for them, so
-- that they can be corrected, and can leave: they would be printed as they were. One who has a live
-- card all the same is not among them: the printer has told of it after a restore. A cancel that is
-- marked stands.
create function postrider.ahead_of_live(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people uuid[]
) returns uuid[] language plpgsql stable as $$
begin
  return array(
    select s.recipient_id
    from postrider.recipient_state s
    join postrider.campaign c
      on c.organization_id = p_organization_id
      and c.id = p_campaign_id
      and c.mode = 'test'
    where s.organization_id = p_organization_id
      and s.recipient_id = any (p_people)
      and (
        s.state in ('proofing_staged', 'proofing', 'proofed', 'sending_staged')
        or s.state = 'error' and s.cancel_requested_at is null
        or s.state in ('sent', 'received', 'returned')
        and exists (
          select from postrider.mailpiece m
          where m.organization_id = p_organization_id
            and m.recipient_id = s.recipient_id
            and m.mode = 'test'
            and m.made_mode is distinct from 'live'
            and m.status <> 'voided'))
      and not exists (
        select from postrider.mailpiece m
        where m.organization_id = p_organization_id
          and m.recipient_id = s.recipient_id
          and m.mode = 'live'
          and not postrider.piece_is_closed(m.status)));
end $$;

-- Puts proofs and test cards of people aside who have come ahead of the live mailing, and brings
-- these back to pending; whose address was not found, to where it is looked up. That is for an
-- operator, so it claims op meanwhile. The caller has locked them.
-- p_people: as ahead_of_live() names them.
create function postrider.begin_test_again(
  p_organization_id uuid,
  p_people uuid[],
  p_reason text,
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_before text;
begin
  if cardinality(p_people) = 0 then
    return;
  end if;
  v_before := postrider.act_as('op');
  perform postrider.void_test_mailpieces(p_organization_id, p_people);
  delete from postrider.proof
  where organization_id = p_organization_id
    and recipient_id = any (p_people);
  perform postrider.move_to_begin_again(p_organization_id, p_people, p_reason, p_now);
  perform postrider.act_as(v_before);
end $$;

-- Moves people to where a test begins: to pending, or to where their address is looked up. The
-- caller has claimed op.
create function postrider.move_to_begin_again(
  p_organization_id uuid,
  p_people uuid[],
  p_reason text,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  update postrider.recipient_state s
  set state = case when r.line1 is null then 'address_enrichable' else 'pending' end,
    since = p_now, move_no = s.move_no + 1, attempt = 0, losses = 0,
    cohort_id = null, available_at = p_now, reason = p_reason, detail = 'before: ' || s.state
  from postrider.recipient r
  where s.organization_id = p_organization_id
    and s.recipient_id = any (p_people)
    and r.organization_id = p_organization_id
    and r.id = s.recipient_id
    -- Said twice, or a planner without statistics reads everybody.
    and r.id = any (p_people);
end $$;

-- Moves people who are in one of these states out of their cohorts.
create function postrider.leave_cohorts(
  p_organization_id uuid,
  p_people uuid[],
  p_from text[],
  p_to text,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  update postrider.recipient_state
  set state = p_to, since = p_now, move_no = move_no + 1, cohort_id = null,
    reason = 'went_live', detail = null
  where organization_id = p_organization_id
    and recipient_id = any (p_people)
    and state = any (p_from);
end $$;

-- Takes people out of the cohorts of the test. A cohort without people ends with its begin, or
-- with its lease; a proof that is being made is made again. To give people back is for the stages,
-- so it claims theirs meanwhile.
create function postrider.empty_cohorts(
  p_organization_id uuid,
  p_people uuid[],
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_before text;
begin
  v_before := postrider.act_as('mail');
  perform postrider.leave_cohorts(
    p_organization_id, p_people, '{sending_staged}', 'proofed', p_now);
  perform postrider.act_as('proof');
  perform postrider.leave_cohorts(
    p_organization_id, p_people, '{proofing_staged,proofing}', 'pending', p_now);
  perform postrider.act_as(v_before);
end $$;

-- Brings people back to pending who were sent in the test, and those whom its printer refused, and
-- returns how many. A person who has a live card all the same stays: the printer has told of it
-- after a restore. A skip stands, unless it was the printer's word about the address: that is asked
-- again, by the rules that an error meets, since another of the household may have come instead.
create function postrider.begin_again(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people uuid[],
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_refused uuid[] := array(
    select s.recipient_id
    from postrider.recipient_state s
    join postrider.recipient_event e
      on e.organization_id = s.organization_id
      and e.recipient_id = s.recipient_id
      and e.move_no = s.move_no
      and e.from_state = 'sending'
    where s.organization_id = p_organization_id
      and s.recipient_id = any (p_people)
      and s.state = 'skipped'
      and s.reason = 'bad_address');
  v_free uuid[];
  v_again int;
begin
  if cardinality(v_refused) > 0 then
    v_free := array(
      select j.id
      from jsonb_to_recordset(
        postrider.check_retried_people(p_organization_id, p_campaign_id, v_refused, p_now))
        as j (id uuid, verdict text)
      where j.verdict = 'pending');
  end if;
  update postrider.recipient_state s
  set state = 'pending', since = p_now, move_no = s.move_no + 1, attempt = 0, losses = 0,
    available_at = p_now, reason = 'went_live', detail = 'in the test: ' || s.state
  where s.organization_id = p_organization_id
    and s.recipient_id = any (p_people)
    and (s.state in ('sent', 'received', 'returned', 'error')
      or s.recipient_id = any (coalesce(v_free, '{}')))
    and exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.recipient_id = s.recipient_id
        and m.status = 'voided')
    and not exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.recipient_id = s.recipient_id
        and m.mode = 'live'
        and not postrider.piece_is_closed(m.status));
  get diagnostics v_again = row_count;
  return v_again;
end $$;
