-- Results of a mail cohort. Evidence (the printer has it, under this id) is never fenced; decisions
-- are.

-- Takes what a printer answered for people of a cohort, and returns how many it moved.
-- p_results: [{recipientId, mailpieceId, outcome: accepted|rejected|refused|broken|mismatched|
-- retry|unknown, providerId, expectedDelivery, reason, message, badAddress, badArtwork,
-- artworkGone, afterMs, details}]
-- details: what the printer told beside its answer, see note_details.
-- mismatched: the answer is about another piece, providerId. Nobody knows what became of this one.
-- refused: proven that nothing was made, and not for the card's sake. Its person goes back as held:
-- no attempt counts, and no pause grows. What keeps them back is the hold of the printer.
-- broken: it was not sent, since the breaker of the printer's connection opened meanwhile. The same
-- follows, and what keeps them back is that breaker.
-- p_last: no more results come. Everybody who is still at work in the cohort has none.
-- p_quiet: how long an unknown outcome rests before reconcile asks: longer than the HTTP timeout
-- and the printer's read lag together.
create function postrider.settle_mail(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_results json,
  p_last boolean,
  p_quiet interval
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('mail');
  v_moved int;
begin
  if json_typeof(p_results) is distinct from 'array' then
    perform postrider.require_list('the results', json_typeof(p_results));
  end if;
  -- Without an end nobody would ever ask what became of a card.
  if p_quiet is null or p_quiet < interval '0' or p_quiet > interval '30 days' then
    perform postrider.require_within(
      'how long an unknown outcome rests', p_quiet, interval '0', interval '30 days');
  end if;
  v_moved := postrider.settle_answers(
    p_organization_id, p_cohort_id, p_results, p_last, p_quiet);
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Locks the people of the results, records the accepted cards, settles the others, and returns how
-- many moved. The caller has claimed mail.
create function postrider.settle_answers(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_results json,
  p_last boolean,
  p_quiet interval
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_accepted jsonb;
  v_others boolean;
  v_mismatched boolean;
  v_detailed boolean;
  v_overtaken int := 0;
  v_moved int := 0;
  v_more int;
begin
  perform from postrider.cohort
  where organization_id = p_organization_id and id = p_cohort_id
  for no key update;

  select jsonb_agg(jsonb_build_object(
    'mailpieceId', r."mailpieceId",
    'recipientId', r."recipientId",
    'providerId', r."providerId",
    'expectedDelivery', r."expectedDelivery"))
      filter (where r.outcome = 'accepted' and r."providerId" <> ''),
    bool_or(r.outcome = 'mismatched'),
    bool_or(r.outcome = 'accepted' and json_typeof(r.details) = 'object')
  into v_accepted, v_mismatched, v_detailed
  from json_to_recordset(p_results) as r ("mailpieceId" uuid, "recipientId" uuid, outcome text,
    "providerId" text, "expectedDelivery" text, details json);
  v_others := v_accepted is null
    or jsonb_array_length(v_accepted) < json_array_length(p_results)
    or p_last;
  if v_others then
    -- All of them at once, by id. First the accepted and then the others would be two rounds, and
    -- an opt-out of their household waits for one while we wait for the other.
    perform from postrider.recipient_state
    where organization_id = p_organization_id
      and recipient_id = any (array(
        select x."recipientId" from json_to_recordset(p_results) as x ("recipientId" uuid)
        union all
        select c.recipient_id
        from postrider.recipient_state c
        where p_last
          and c.organization_id = p_organization_id
          and c.cohort_id = p_cohort_id))
    order by recipient_id
    for no key update;
  end if;
  if v_accepted is not null then
    v_moved := postrider.record_evidence(p_organization_id, v_accepted, 'accepted');
    if v_moved < jsonb_array_length(v_accepted) then
      v_overtaken := postrider.count_overtaken(p_organization_id, v_accepted);
    end if;
    update postrider.cohort
    set accepted = least(people, accepted + v_moved + v_overtaken), accepted_at = v_now
    where organization_id = p_organization_id and id = p_cohort_id and v_moved + v_overtaken > 0;
  end if;

  if v_detailed or v_overtaken > 0 then
    perform postrider.note_details(p_organization_id, p_results, v_now);
  end if;
  -- What an answer says of a piece that is another one is evidence, too, and is not fenced.
  if v_mismatched then
    perform postrider.note_mismatched(p_organization_id, p_results, v_now);
  end if;
  if v_others then
    v_more := postrider.settle_not_accepted(
      p_organization_id, p_cohort_id, p_results, p_last, p_quiet, v_now);
  end if;
  perform postrider.close_cohort_if_done(p_organization_id, p_cohort_id, v_now);
  return v_moved + coalesce(v_more, 0);
end $$;

-- Moves the people whose card the printer did not accept, and returns how many. The caller has
-- locked them.
create function postrider.settle_not_accepted(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_results json,
  p_last boolean,
  p_quiet interval,
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_decisions jsonb := postrider.decide_not_accepted(
    p_organization_id, p_cohort_id, p_results, p_last);
  v_moved int;
begin
  if v_decisions is null then
    return 0;
  end if;

  update postrider.mailpiece m
  set status = case
      when d.verdict = 'unknown' then 'unknown'
      when d.outcome = 'rejected' then 'rejected'
      when d.verdict in ('cancelled', 'artwork_gone') then 'cancelled'
      else m.status end,
    available_at = case d.verdict when 'unknown' then p_now + p_quiet end,
    artwork_rejected_at = case when d.bad_artwork and d.verdict <> 'unknown' then p_now end,
    artwork_gone_at = case when d.verdict = 'artwork_gone' then p_now end,
    repeat_rejected = d.verdict = 'unknown' and d.outcome = 'rejected',
    outcome_detail = left(d.message, 500)
  from jsonb_to_recordset(v_decisions)
    as d (mailpiece_id uuid, verdict text, outcome text, message text, bad_artwork boolean)
  where m.organization_id = p_organization_id
    and m.id = d.mailpiece_id
    and m.status = 'submitting'
    and m.id = any (array(
      select x.mailpiece_id from jsonb_to_recordset(v_decisions) as x (mailpiece_id uuid)));

  update postrider.recipient_state s
  set state = n.state, since = p_now, move_no = s.move_no + 1, cohort_id = null,
    reason = d.verdict, detail = left(d.message, 500),
    attempt = case
      when d.verdict in ('held', 'connection_broken', 'artwork_gone') then s.attempt
      else least(s.attempt + 1, 32000) end,
    available_at = p_now + case
      when d.verdict = 'artwork_gone' then interval '0'
      when d.after_ms is not null then d.after_ms * interval '1 millisecond'
      when d.verdict in ('held', 'connection_broken') then interval '0'
      else postrider.back_off(s.attempt) end,
    cancel_requested_at = null
  from jsonb_to_recordset(v_decisions)
    as d (recipient_id uuid, verdict text, message text, after_ms int)
  join (values
      ('retry', 'proofed'),
      ('held', 'proofed'),
      ('connection_broken', 'proofed'),
      ('bad_address', 'skipped'),
      ('cancelled', 'skipped'),
      ('artwork_gone', 'pending'),
      ('rejected', 'error')) as n (verdict, state)
    using (verdict)
  where s.organization_id = p_organization_id
    and s.recipient_id = d.recipient_id
    and s.cohort_id = p_cohort_id
    and s.state = 'sending';
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;

-- Returns [{recipient_id, mailpiece_id, outcome, message, after_ms, bad_artwork, verdict}], or
-- null: one decision for each person still working in a cohort whose piece is still submitting and
-- was not accepted. A recipient for whom there is no answer is unknown.
create function postrider.decide_not_accepted(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_results json,
  p_last boolean
) returns jsonb language plpgsql as $$
declare
  v_decisions jsonb;
begin
  select jsonb_agg(jsonb_build_object(
    'recipient_id', s.recipient_id,
    'mailpiece_id', m.id,
    'outcome', coalesce(r.outcome, 'unknown'),
    'message', coalesce(r.message, case
      when r.outcome is null then 'the adapter gave no result'
      when r.outcome = 'accepted'
        then 'accepted, but without an id by which it could be followed or called back' end),
    'after_ms', r."afterMs",
    'bad_artwork', r.outcome = 'rejected' and r."badArtwork",
    'verdict', case
      -- This request made nothing, but an earlier one may have made a card: the printer is asked
      -- before the piece is closed. A rejection is no proof either: this runner may have found
      -- fault with it before it sent anything, and a printer may judge a request before it looks
      -- for its key.
      when (r.outcome = 'rejected'
          or r.outcome in ('refused', 'broken', 'retry') and s.cancel_requested_at is not null)
        and postrider.card_may_exist(m.status, m.repeat_until)
        then 'unknown'
      when r.outcome = 'rejected' and r."badAddress" then 'bad_address'
      -- Nothing was made, and nothing will be.
      when r.outcome in ('rejected', 'refused', 'broken', 'retry')
        and s.cancel_requested_at is not null
        then 'cancelled'
      when r.outcome = 'refused' then 'held'
      when r.outcome = 'broken' then 'connection_broken'
      -- Waiting would bring nothing back. Once a day, since a host that loses whatever it is given
      -- would have the same cards made for ever. A person whose card may exist, or of whom nobody
      -- knew for a time, keeps the piece and its key.
      when r.outcome = 'retry'
        and r."artworkGone"
        and m.attempt = 0
        and not postrider.card_may_exist(m.status, m.repeat_until)
        and not exists (
          select from postrider.mailpiece o
          where o.organization_id = m.organization_id
            and o.recipient_id = m.recipient_id
            and o.artwork_gone_at > postrider.now() - interval '1 day')
        then 'artwork_gone'
      when r.outcome in ('rejected', 'retry') then r.outcome
      else 'unknown' end))
  into v_decisions
  from postrider.recipient_state s
  join postrider.mailpiece m
    on m.organization_id = s.organization_id
    and m.recipient_id = s.recipient_id
    and m.status = 'submitting'
  left join json_to_recordset(p_results) as r ("recipientId" uuid, "mailpieceId" uuid, outcome text,
      "providerId" text, reason text, message text, "badAddress" boolean,
      "badArtwork" boolean, "artworkGone" boolean, "afterMs" int)
    on r."mailpieceId" = m.id
  where s.organization_id = p_organization_id
    and s.cohort_id = p_cohort_id
    and s.state = 'sending'
    and (r.outcome <> 'accepted'
      or coalesce(r."providerId", '') = '' and (r.outcome is not null or p_last));
  return v_decisions;
end $$;
