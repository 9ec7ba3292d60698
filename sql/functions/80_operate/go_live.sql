-- From test to live on the same campaign. Nothing was printed in the test, so that its mailpieces
-- are voided, and the people who have one begin again. All of it happens in one transaction.

-- Makes a campaign live that was launched in test mode. Its caps and budget begin anew; holdout,
-- do-not-mail lists and cancels stand. A one-off that its test has completed goes on, a hold of the
-- campaign stays, and what else would stop every card is refused, as a launch does.
-- p_arm: its printer is armed too; neither happens without the other. Returns {status, mode,
-- voided: mailpieces of the test, begunAgain: people, turnedAway: people}. Of a campaign that is
-- live already it changes nothing but, with p_arm, its printer.
create function postrider.go_live(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_why text default null,
  p_arm boolean default false
) returns jsonb language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('op');
  v_outcome jsonb;
begin
  v_outcome := postrider.end_test(p_organization_id, p_campaign_id, p_why, p_arm);
  perform postrider.act_as(v_before);
  return v_outcome;
end $$;

-- Does what go_live() promises, and returns the same. The caller has claimed op.
-- The locks, in their order: the rules of admission, the campaign (no begin is under way, and none
-- comes), the printer, and all of its people, so that no answer and no webhook is applied
-- meanwhile.
create function postrider.end_test(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_why text,
  p_arm boolean
) returns jsonb language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_campaign postrider.campaign;
  v_people uuid[];
  v_voided int;
  v_again int;
  v_away int;
begin
  perform postrider.require_organization(p_organization_id);
  perform from postrider.organization_sync
  where organization_id = p_organization_id
  for no key update;
  v_campaign := postrider.lock_campaign(p_organization_id, p_campaign_id);
  perform postrider.require_launched(v_campaign);
  perform postrider.require_connection_modes(v_campaign, 'live');
  if p_arm then
    perform postrider.arm_printer(p_organization_id, v_campaign.printer_name);
  end if;
  perform postrider.require_armed(p_organization_id, v_campaign.printer_name);
  if v_campaign.mode = 'live' then
    return jsonb_build_object(
      'status', v_campaign.status, 'mode', 'live', 'voided', 0, 'begunAgain', 0, 'turnedAway', 0);
  end if;
  v_people := postrider.lock_people_of(p_organization_id, p_campaign_id);
  perform postrider.require_nobody_sending(v_campaign, count(*))
  from postrider.recipient_state
  where organization_id = p_organization_id
    and recipient_id = any (v_people)
    and state = 'sending';

  update postrider.campaign
  set mode = 'live',
    status = case status when 'completed' then 'active' else status end,
    ended_at = null
  where organization_id = p_organization_id
    and id = p_campaign_id
  returning * into v_campaign;
  update postrider.campaign_counter
  set opened_on_day = 0,
    opened_in_all = 0,
    opened_minor = 0
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id;
  -- What was accepted as a test is no pace of the live mailing.
  update postrider.cohort
  set accepted = 0
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and accepted > 0;
  v_voided := postrider.void_test_mailpieces(p_organization_id, v_people);
  perform postrider.empty_cohorts(p_organization_id, v_people, v_now);
  v_again := postrider.begin_again(p_organization_id, p_campaign_id, v_people, v_now);
  v_away := postrider.judge_before_live(v_campaign, v_people, v_now);
  perform postrider.hold_back(p_organization_id, p_campaign_id, v_campaign.hold_back_minutes);
  -- By the counts as they are now: nothing is spent, and who was turned away does not count.
  perform postrider.require_no_blocker(v_campaign);
  perform postrider.note_intervention(
    p_organization_id, 'launch', concat_ws(': ', 'live mode, after a test', p_why), p_campaign_id);
  perform pg_notify('postrider_moved', 'pending,proofed');
  return jsonb_build_object(
    'status', v_campaign.status,
    'mode', 'live',
    'voided', v_voided,
    'begunAgain', v_again,
    'turnedAway', v_away);
end $$;

-- Refuses a campaign that was never launched, and one that is archived.
create function postrider.require_launched(p_campaign postrider.campaign) returns void
language plpgsql as $$
begin
  if p_campaign.status = 'archived' then
    perform postrider.fail(
      'PR012',
      format('campaign %s is archived and cannot go live', p_campaign.name),
      'make a new campaign; nothing was changed');
  end if;
  if p_campaign.launched_at is null then
    perform postrider.fail(
      'PR012',
      format('campaign %s was not launched yet, so that there is no test to end', p_campaign.name),
      format(
        'launch it: select postrider.launch(%L, %L, ''live''). Nothing was changed',
        p_campaign.organization_id, p_campaign.id));
  end if;
end $$;

-- Locks everybody of a campaign, by id, and returns them.
create function postrider.lock_people_of(
  p_organization_id uuid,
  p_campaign_id uuid
) returns uuid[] language plpgsql as $$
declare
  v_people uuid[] := array(
    select r.id
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.campaign_id = p_campaign_id);
begin
  perform from postrider.recipient_state
  where organization_id = p_organization_id
    and recipient_id = any (v_people)
  order by recipient_id
  for no key update;
  return v_people;
end $$;

-- Refuses while a printer is asked for test cards, so many: its answer is to meet the test.
create function postrider.require_nobody_sending(
  p_campaign postrider.campaign,
  p_sending bigint
) returns void language plpgsql as $$
begin
  if p_sending > 0 then
    perform postrider.fail(
      'PR017',
      format(
        'the printer has not answered yet for %s of campaign %s',
        case p_sending when 1 then '1 test card' else p_sending || ' test cards' end,
        p_campaign.name),
      format(
        'wait until it has; so that no others are begun meanwhile: '
        'select postrider.hold(%L, ''campaign'', %L). Nothing was changed',
        p_campaign.organization_id, p_campaign.id),
      jsonb_build_object('sending', p_sending));
  end if;
end $$;
