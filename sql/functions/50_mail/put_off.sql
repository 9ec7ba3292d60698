-- People who may be mailed, but not yet: their card is made anew.

-- Gives back people whose proof is older than the refusal of the campaign's artwork: their cards
-- are made anew. An open piece is called off, since its request has the old artwork; one of which
-- nobody knew for a time keeps it, and its person goes on: its card may exist.
create function postrider.make_anew(
  p_campaign postrider.campaign,
  p_cohort_id uuid,
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_people uuid[];
begin
  select array_agg(s.recipient_id) into v_people
  from postrider.recipient_state s
  join postrider.proof p
    on p.organization_id = s.organization_id
    and p.recipient_id = s.recipient_id
    and p.made_at < p_campaign.artwork_rejected_at
  left join postrider.mailpiece m
    on m.organization_id = s.organization_id
    and m.recipient_id = s.recipient_id
    and m.mode = p_campaign.mode
    and not postrider.piece_is_closed(m.status)
  where s.organization_id = p_campaign.organization_id
    and s.cohort_id = p_cohort_id
    and s.state = 'sending_staged'
    and (m.id is null
      or m.status = 'submitting'
        and m.attempt = 0
        and not postrider.card_may_exist(m.status, m.repeat_until));
  if v_people is null then
    return;
  end if;
  perform postrider.cancel_open_mailpieces(
    p_campaign.organization_id, v_people, 'artwork_rejected');
  update postrider.recipient_state s
  set state = 'pending', since = p_now, move_no = s.move_no + 1, cohort_id = null,
    reason = 'artwork_rejected', detail = null, available_at = p_now
  where s.organization_id = p_campaign.organization_id
    and s.recipient_id = any (v_people)
    and s.state = 'sending_staged';
end $$;
