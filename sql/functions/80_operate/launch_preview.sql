-- What a launch would do, for somebody who is about to launch. Nothing here changes anything.

-- Lists by state and reason whom the rules turned away: most first.
create function postrider.turned_away(
  p_organization_id uuid,
  p_campaign_id uuid
) returns table (
  state text,
  reason text,
  sentence text,
  people bigint
) language sql stable
begin atomic
  select s.state, s.reason, w.sentence, count(*)
  from postrider.recipient_state s
  left join postrider.reason w
    on w.code = s.reason
  where s.organization_id = p_organization_id
    and s.campaign_id = p_campaign_id
    and s.state in ('skipped', 'holdout', 'blacklisted', 'error')
  group by 1, 2, 3
  order by 4 desc, 1, 2;
end;

-- Lists what launch itself refuses, in its words: [{blocker, code, message, whatHelps}].
create function postrider.refusals_of_launch(
  p_campaign postrider.campaign,
  p_mode text,
  p_arm boolean
) returns jsonb language plpgsql as $$
declare
  v_all jsonb := '[]';
  v_message text;
  v_helps text;
begin
  begin
    perform postrider.require_launchable(p_campaign);
  exception when sqlstate 'PR012' then
    get stacked diagnostics v_message = message_text, v_helps = pg_exception_hint;
    v_all := v_all || jsonb_build_object(
      'blocker', 'not_launchable', 'code', 'PR012', 'message', v_message, 'whatHelps', v_helps);
  end;
  begin
    perform postrider.require_same_mode(p_campaign, p_mode);
  exception when sqlstate 'PR014' then
    get stacked diagnostics v_message = message_text, v_helps = pg_exception_hint;
    v_all := v_all || jsonb_build_object(
      'blocker', 'mode_frozen', 'code', 'PR014', 'message', v_message, 'whatHelps', v_helps);
  end;
  if p_mode = 'live' and not p_arm then
    begin
      perform postrider.require_armed(p_campaign.organization_id, p_campaign.printer_name);
    exception when sqlstate 'PR015' then
      get stacked diagnostics v_message = message_text, v_helps = pg_exception_hint;
      v_all := v_all || jsonb_build_object(
        'blocker', 'printer_not_armed', 'code', 'PR015', 'message', v_message,
        'whatHelps', v_helps);
    end;
  end if;
  return v_all;
end $$;

-- Lists what would stop every card although launch allows it, as refusals_of_launch does. A
-- campaign that follows its list may have nobody yet; of a one-off nobody else will come.
create function postrider.obstacles_of_launch(
  p_organization postrider.organization,
  p_campaign postrider.campaign,
  p_printer postrider.printer
) returns jsonb language sql stable
begin atomic
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'blocker', x.blocker, 'code', 'PR012', 'message', x.message,
        'whatHelps', x.helps || '. Nothing was changed')
      order by x.n),
    '[]')
  from postrider.cards_to_mail(p_campaign, p_organization.time_zone, postrider.now()) k
  cross join lateral (
    select coalesce(sum(t.people), 0) as people
    from postrider.tallied() t
    where t.organization_id = p_campaign.organization_id
      and t.campaign_id = p_campaign.id
      and t.state in ('address_enrichable', 'address_enriching')
  ) enriched
  cross join lateral (values
    (
      1, p_organization.held_at is not null, 'organization_held',
      postrider.obstacle_meaning('hold of the organization', p_organization, p_campaign, p_printer),
      'release it: '
        || postrider.obstacle_help('hold of the organization', p_campaign, false)
    ),
    (
      2, p_printer.held_at is not null, 'printer_held',
      postrider.obstacle_meaning('hold of the printer', p_organization, p_campaign, p_printer),
      'release it: ' || postrider.obstacle_help('hold of the printer', p_campaign, false)
    ),
    (
      3, p_campaign.offer_ends_on < k.today + p_campaign.transit_days, 'offer_over',
      format(
        'the offer ends on %s, and a card that is posted today arrives on %s',
        to_char(p_campaign.offer_ends_on, 'YYYY-MM-DD'),
        to_char(k.today + p_campaign.transit_days, 'YYYY-MM-DD')),
      'give offer_ends_on a later day in the campaign file, or transit_days fewer days, and apply '
        'it again'
    ),
    (
      4, k.left_in_all = 0, 'total_cap_reached',
      format(
        'the campaign has opened %s cards, and its total cap is %s',
        k.opened_in_all, p_campaign.total_cap),
      'raise total_cap in the campaign file, and apply it again'
    ),
    (
      5, k.paid_by_budget = 0, 'budget_spent',
      'what is left of the budget does not pay one card',
      'raise budget.amount in the campaign file, and apply it again'
    ),
    (
      6,
      p_campaign.campaign_mode = 'one_off'
        and p_campaign.provider_segment_id is not null
        and k.people = 0
        and enriched.people = 0
        and exists (
          select from postrider.sync_run r
          where r.organization_id = p_campaign.organization_id
            and r.campaign_id = p_campaign.id
            and r.complete),
      'nobody_to_mail',
      case
        when k.held > 0 then 'everybody who is left to mail is held'
        else 'there is nobody to mail'
      end,
      case
        when k.held > 0
          then 'select id, external_id from postrider.recipients where held_at is not null'
        else 'the counts by reason say who was turned away, and why'
      end
    )
  ) as x (n, stops, blocker, message, helps)
  where x.stops;
end;

-- Says what a launch would do, and changes nothing. Returns {campaign, status, mode, people:
-- {<state>: n}, turnedAway: [{state, reason, sentence, people}], cards: {people, held, later, now,
-- inAll, tooLate, days}, caps: {daily, openedToday, total, opened, left}, budget, printer, mail,
-- blockers: [{blocker, code, message, whatHelps}]}.
-- cards.people: who is to get one, without those who are held one by one. cards.now: today, by the
-- organization's clock; cards.inAll: as caps and budget allow; tooLate: of these, so many would
-- arrive after the offer's end, and are skipped. blockers: what would stop every card.
create function postrider.launch_preview(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_mode text default 'test',
  p_arm boolean default false
) returns jsonb language plpgsql security definer as $$
declare
  v_organization postrider.organization;
  v_campaign postrider.campaign;
  v_printer postrider.printer;
  v_people jsonb;
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_launch_mode(p_mode, p_arm);
  select *
  into v_campaign
  from postrider.campaign
  where organization_id = p_organization_id
    and id = p_campaign_id;
  if not found then
    perform postrider.fail(
      'PR010',
      'there is no such campaign',
      'select name, id from postrider.campaigns; nothing was changed');
  end if;
  select * into v_organization
  from postrider.organization
  where id = p_organization_id;
  select * into v_printer
  from postrider.printer
  where organization_id = p_organization_id
    and name = v_campaign.printer_name;
  select coalesce(jsonb_object_agg(h.state, h.people), '{}')
  into v_people
  from postrider.headcount() h
  where h.organization_id = p_organization_id
    and h.campaign_id = p_campaign_id;
  return jsonb_build_object(
      'campaign', v_campaign.name,
      'status', v_campaign.status,
      'mode', p_mode,
      'people', v_people,
      -- They are counted among all people. Where there is nobody, the tally knows.
      'turnedAway', case
        when v_people ?| array['skipped', 'holdout', 'blacklisted', 'error'] then (
          select jsonb_agg(to_jsonb(a))
          from postrider.turned_away(p_organization_id, p_campaign_id) a)
        else '[]'::jsonb
      end,
      'printer', jsonb_build_object(
        'name', v_printer.name,
        'kind', v_printer.kind,
        'armed', v_printer.armed_at is not null,
        'held', v_printer.held_at is not null,
        'heldWhy', v_printer.held_why),
      'blockers', postrider.refusals_of_launch(v_campaign, p_mode, p_arm)
        || postrider.obstacles_of_launch(v_organization, v_campaign, v_printer))
    || postrider.figures_of_launch(v_campaign, v_organization.time_zone);
end $$;
