-- People who are or were at a printer, and whose mailpiece is gone. Only an owner who takes the
-- triggers away can delete one, or a damaged disk.

-- The people who are at a printer now, or whose outcome somebody must resolve: each has a
-- mailpiece.
-- p_mine: the organizations to look at; null: all there are.
create function postrider.people_at_printers(p_mine uuid[])
returns table (organization_id uuid, recipient_id uuid, has_mailpiece boolean)
language sql stable
begin atomic
  select p.organization_id, p.recipient_id,
    exists (
      select from postrider.mailpiece m
      where m.organization_id = p.organization_id
        and m.recipient_id = p.recipient_id
        and not postrider.piece_is_closed(m.status))
  from (
    select s.organization_id, s.recipient_id
    from postrider.people_in_cohorts(p_mine) s
    where s.state = 'sending'
    union all
    select s.organization_id, s.recipient_id
    from postrider.recipient_state s
    where s.state = 'error'
      and s.reason = 'outcome_unknown'
      and (p_mine is null or s.organization_id = any (p_mine))) p;
end;

-- The people of an organization whose mailpiece was lost.
create function postrider.lost_mailpieces(p_organization_id uuid) returns setof uuid
language sql stable
begin atomic
  select p.recipient_id
  from postrider.people_at_printers(array[p_organization_id]) p
  where not p.has_mailpiece;
end;

-- Gives each person whose mailpiece was lost another one, for somebody to resolve, and returns how
-- many people. The outcome of the new piece is unknown. Reconcile never asks for it: its id is new,
-- the printer knows nothing of it, and an honest "absent" would print a second card.
create function postrider.replace_lost_mailpieces(p_organization_id uuid) returns int
language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('mail');
  v_people uuid[];
begin
  perform postrider.require_organization(p_organization_id);
  v_people := postrider.open_replacements(p_organization_id);
  perform postrider.act_as(v_before);
  perform postrider.note_intervention(
    p_organization_id, 'replace', 'the mailpiece was lost', p_people => v_people);
  return cardinality(v_people);
end $$;

-- Opens the new pieces, moves their people to error, and returns the people. The caller has claimed
-- mail.
create function postrider.open_replacements(p_organization_id uuid) returns uuid[]
language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_people uuid[];
begin
  perform from postrider.recipient_state
  where organization_id = p_organization_id
    and recipient_id = any (array(select postrider.lost_mailpieces(p_organization_id)))
  order by recipient_id
  for no key update;
  v_people := array(select postrider.lost_mailpieces(p_organization_id));
  insert into postrider.mailpiece (
    organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key, request,
    status, opened_at, outcome_detail)
  select p_organization_id, postrider.new_id(), r.id, c.id, c.printer_name, c.mode,
    gen_random_uuid(), '{}', 'unknown', v_now,
    'the mailpiece was lost: whether there is a card, the printer''s console tells'
  from postrider.recipient r
  join postrider.campaign c
    on c.organization_id = r.organization_id and c.id = r.campaign_id
  where r.organization_id = p_organization_id and r.id = any (v_people);
  update postrider.recipient_state
  set state = 'error', since = v_now, move_no = move_no + 1, cohort_id = null,
    reason = 'outcome_unknown', detail = 'the mailpiece was lost'
  where organization_id = p_organization_id
    and recipient_id = any (v_people)
    and state = 'sending';
  return v_people;
end $$;

-- Takes what record_evidence was told of pieces that are gone, and returns how many people it
-- moved. It counts for the piece that took their place, where there is one whose outcome nobody
-- knows. For any other card an alarm keeps what was told. What is told a second time changes
-- nothing.
create function postrider.record_evidence_for_lost(
  p_organization_id uuid,
  p_pieces jsonb,
  p_reason text
) returns int language plpgsql as $$
declare
  v_lost jsonb;
  v_replaced jsonb;
begin
  perform from postrider.recipient_state
  where organization_id = p_organization_id
    and recipient_id = any (array(
      select t."recipientId" from jsonb_to_recordset(p_pieces) as t ("recipientId" uuid)))
  order by recipient_id
  for no key update;

  select
    jsonb_agg(distinct jsonb_build_object(
      'lostId', t."mailpieceId",
      'mailpieceId', o.id,
      'recipientId', t."recipientId",
      'providerId', t."providerId",
      'expectedDelivery', t."expectedDelivery")),
    jsonb_agg(distinct jsonb_build_object(
      'mailpieceId', o.id,
      'providerId', t."providerId",
      'expectedDelivery', t."expectedDelivery")) filter (where o.id is not null)
  into v_lost, v_replaced
  from jsonb_to_recordset(p_pieces)
    as t ("mailpieceId" uuid, "recipientId" uuid, "providerId" text, "expectedDelivery" date)
  -- A replacement has no request: any other unknown piece is a card of its own, and its printer is
  -- asked for it.
  left join postrider.mailpiece o
    on o.organization_id = p_organization_id
    and o.recipient_id = t."recipientId"
    and o.status = 'unknown'
    and o.provider_id is null
    and o.request = '{}'
  where not exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id and m.id = t."mailpieceId")
    and not exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.recipient_id = t."recipientId"
        and m.provider_id = t."providerId");

  insert into postrider.alarm (
    organization_id, id, kind, campaign_id, recipient_id, mailpiece_id, detail, raised_at)
  select p_organization_id, postrider.new_id(), 'evidence_for_lost_piece', s.campaign_id,
    t."recipientId", t."lostId", jsonb_build_object('told', t."providerId"), postrider.now()
  from jsonb_to_recordset(v_lost)
    as t ("lostId" uuid, "mailpieceId" uuid, "recipientId" uuid, "providerId" text)
  left join postrider.recipient_state s
    on s.organization_id = p_organization_id and s.recipient_id = t."recipientId"
  where t."mailpieceId" is null
    and not exists (
      select from postrider.alarm a
      where a.organization_id = p_organization_id
        and a.kind = 'evidence_for_lost_piece'
        and a.mailpiece_id = t."lostId"
        and a.detail ->> 'told' = t."providerId");
  return case
    when v_replaced is null then 0
    else postrider.record_evidence(p_organization_id, v_replaced, p_reason) end;
end $$;
