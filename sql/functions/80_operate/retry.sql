-- From error, people are tried again when the cause is mended. It is safe to call: a recipient who
-- may have a card is refused.

-- Tries one recipient again who is in error. Returns the state that follows.
-- Refuses where a card may exist. The recipient meets the rules of admission again, under the lock
-- that every caller takes for them.
create function postrider.retry(p_recipient_id uuid) returns text
language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('op');
  v_state text := postrider.retry_recipient(p_recipient_id);
begin
  perform postrider.act_as(v_before);
  return v_state;
end $$;

-- Does what retry() promises, and returns the same. The caller has claimed op.
create function postrider.retry_recipient(p_recipient_id uuid) returns text
language plpgsql as $$
declare
  v_state postrider.recipient_state := postrider.require_recipient(p_recipient_id);
  v_campaign postrider.campaign :=
    postrider.lock_for_retry(v_state.organization_id, v_state.campaign_id);
  v_piece postrider.mailpiece;
begin
  select *
  into v_state
  from postrider.recipient_state
  where organization_id = v_state.organization_id
    and recipient_id = p_recipient_id
  for no key update;
  if v_state.state <> 'error' then
    perform postrider.fail(
      'PR017',
      format('recipient %s is %s, not in error', p_recipient_id, v_state.state),
      'only errors are retried; nothing was changed');
  end if;
  select *
  into v_piece
  from postrider.mailpiece m
  where m.organization_id = v_state.organization_id
    and m.recipient_id = p_recipient_id
    and m.mode = v_campaign.mode
    and not postrider.piece_is_closed(m.status);
  if v_state.reason = 'outcome_unknown' then
    perform postrider.fail(
      'PR016',
      format('nobody can tell whether the card of recipient %s was printed', p_recipient_id),
      format(
        'look at the printer''s console, then: '
        'select postrider.resolve(%L, ''printed'' or ''not_printed'', ''evidence''). '
        'Nothing was changed',
        v_piece.id),
      jsonb_build_object('mailpieceId', v_piece.id));
  end if;
  if v_piece.id is not null and v_piece.status <> 'submitting' then
    perform postrider.fail(
      'PR017',
      format('recipient %s has a mailpiece that is %s', p_recipient_id, v_piece.status),
      'a second card is never made while one may exist; nothing was changed',
      jsonb_build_object('mailpieceId', v_piece.id));
  end if;
  perform postrider.note_intervention(
    v_state.organization_id, 'retry', null, p_people => array[p_recipient_id]);
  return (
    select r.state
    from postrider.retry_people(
      v_state.organization_id, v_state.campaign_id, array[p_recipient_id]) r);
end $$;

-- Tries everybody of a campaign again who is in error for one reason, when its cause is mended.
-- Up to p_limit at a time: a sync of the organization, and a hold of the campaign, wait for it.
-- Returns {"tried": by the state that follows, "refused": how many may have a card, "left": how
-- many are still to be tried}.
create function postrider.retry_all(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_reason text,
  p_limit int default 10000
) returns jsonb language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('op');
  v_outcome jsonb;
begin
  v_outcome := postrider.retry_by_reason(p_organization_id, p_campaign_id, p_reason, p_limit);
  perform postrider.act_as(v_before);
  return v_outcome;
end $$;

-- Does what retry_all() promises, and returns the same. The caller has claimed op.
create function postrider.retry_by_reason(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_reason text,
  p_limit int
) returns jsonb language plpgsql as $$
declare
  v_people uuid[];
  v_tried jsonb;
  v_refused int;
  v_left int;
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_within('the limit', p_limit, 1, 1000000);
  if not exists (
    select from postrider.campaign
    where organization_id = p_organization_id
      and id = p_campaign_id)
  then
    perform postrider.fail(
      'PR010',
      'there is no such campaign',
      'select name, id from postrider.campaigns; nothing was changed');
  end if;
  if not exists (select from postrider.reason where code = p_reason) then
    perform postrider.fail(
      'PR020',
      format('%L is not a reason', p_reason),
      'select reason, count(*) from postrider.stuck where state = ''error'' group by 1; '
      'nothing was changed');
  end if;
  if p_reason = 'outcome_unknown' then
    perform postrider.fail(
      'PR016',
      'nobody can tell whether these cards were printed',
      'look at the printer''s console for each, then '
      'postrider.resolve(mailpiece, ''printed'' or ''not_printed'', evidence); '
      'nothing was changed');
  end if;
  if exists (
    select from postrider.recipient_state
    where organization_id = p_organization_id
      and campaign_id = p_campaign_id
      and state = 'error'
      and reason = p_reason)
  then
    perform postrider.lock_for_retry(p_organization_id, p_campaign_id);
    v_people := array(
      select s.recipient_id
      from postrider.recipient_state s
      where s.organization_id = p_organization_id
        and s.campaign_id = p_campaign_id
        and s.state = 'error'
        and s.reason = p_reason
        and not postrider.retry_may_print_twice(s.organization_id, s.recipient_id)
      order by s.recipient_id
      limit p_limit
      for no key update);
    select coalesce(jsonb_object_agg(x.state, x.people), '{}')
    into v_tried
    from (
      select r.state, count(*) as people
      from postrider.retry_people(p_organization_id, p_campaign_id, v_people) r
      group by 1
    ) x;
    perform postrider.note_intervention(
      p_organization_id,
      'retry',
      format('%s: %s', p_reason, cardinality(v_people)),
      p_campaign_id);
  end if;
  select count(*) filter (where card), count(*) filter (where not card)
  into v_refused, v_left
  from (
    select postrider.retry_may_print_twice(s.organization_id, s.recipient_id) as card
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.state = 'error'
      and s.reason = p_reason
  ) x;
  return jsonb_build_object(
    'tried', coalesce(v_tried, '{}'),
    'refused', v_refused,
    'left', v_left);
end $$;

-- Whether a retry of this recipient could make a second card: some mailpiece is neither closed nor
-- one that is submitted again, with the key that it has.
create function postrider.retry_may_print_twice(
  p_organization_id uuid,
  p_recipient_id uuid
) returns boolean language sql stable
return exists (
  select from postrider.mailpiece m
  where m.organization_id = p_organization_id
    and m.recipient_id = p_recipient_id
    and m.status <> 'submitting'
    and not postrider.piece_is_closed(m.status));

-- Takes the locks of a call that brings people back, in the lock order. Makes a completed campaign
-- active again; an archived one stays so. Returns the campaign.
create function postrider.reopen_campaign(
  p_organization_id uuid,
  p_campaign_id uuid
) returns postrider.campaign language plpgsql as $$
begin
  -- The campaign is updated before lock_for_sync shares its row: a share that is upgraded deadlocks
  -- with the next one.
  perform from postrider.organization_sync
  where organization_id = p_organization_id
  for no key update;
  update postrider.campaign
  set status = 'active',
    ended_at = null
  where organization_id = p_organization_id
    and id = p_campaign_id
    and status = 'completed';
  return postrider.lock_for_sync(p_organization_id, p_campaign_id);
end $$;

-- Takes the locks of a retry, and refuses where the campaign is archived. Returns the campaign.
create function postrider.lock_for_retry(
  p_organization_id uuid,
  p_campaign_id uuid
) returns postrider.campaign language plpgsql as $$
declare
  v_campaign postrider.campaign :=
    postrider.reopen_campaign(p_organization_id, p_campaign_id);
begin
  if v_campaign.status = 'archived' then
    perform postrider.fail(
      'PR012',
      format('campaign %s is archived', v_campaign.name),
      'nobody is mailed from an archived campaign; nothing was changed');
  end if;
  return v_campaign;
end $$;
