-- What would stop every card of a launch, so that it is refused.

-- Lists what launch refuses of a campaign and its printer, in its words: [{blocker, code, message,
-- whatHelps}].
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
  begin
    perform postrider.require_connection_modes(p_campaign, p_mode);
  exception when sqlstate 'PR012' then
    get stacked diagnostics v_message = message_text, v_helps = pg_exception_hint;
    v_all := v_all || jsonb_build_object(
      'blocker', 'connection_mode', 'code', 'PR012', 'message', v_message,
      'whatHelps', v_helps);
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

-- Lists what going live after a test refuses, in its words, as refusals_of_launch does.
create function postrider.refusals_of_going_live(
  p_campaign postrider.campaign,
  p_arm boolean
) returns jsonb language plpgsql as $$
declare
  v_all jsonb := '[]';
  v_message text;
  v_helps text;
begin
  begin
    perform postrider.require_launched(p_campaign);
  exception when sqlstate 'PR012' then
    get stacked diagnostics v_message = message_text, v_helps = pg_exception_hint;
    v_all := v_all || jsonb_build_object(
      'blocker', 'not_launchable', 'code', 'PR012', 'message', v_message, 'whatHelps', v_helps);
  end;
  begin
    perform postrider.require_connection_modes(p_campaign, 'live');
  exception when sqlstate 'PR012' then
    get stacked diagnostics v_message = message_text, v_helps = pg_exception_hint;
    v_all := v_all || jsonb_build_object(
      'blocker', 'connection_mode', 'code', 'PR012', 'message', v_message,
      'whatHelps', v_helps);
  end;
  if not p_arm then
    begin
      perform postrider.require_armed(p_campaign.organization_id, p_campaign.printer_name);
    exception when sqlstate 'PR015' then
      get stacked diagnostics v_message = message_text, v_helps = pg_exception_hint;
      v_all := v_all || jsonb_build_object(
        'blocker', 'printer_not_armed', 'code', 'PR015', 'message', v_message,
        'whatHelps', v_helps);
    end;
  end if;
  begin
    perform postrider.require_nobody_sending(p_campaign, coalesce(sum(t.people), 0)::bigint)
    from postrider.tallied() t
    where t.organization_id = p_campaign.organization_id
      and t.campaign_id = p_campaign.id
      and t.state = 'sending';
  exception when sqlstate 'PR017' then
    get stacked diagnostics v_message = message_text, v_helps = pg_exception_hint;
    v_all := v_all || jsonb_build_object(
      'blocker', 'test_at_printer', 'code', 'PR017', 'message', v_message, 'whatHelps', v_helps);
  end;
  return v_all;
end $$;

-- Lists what would stop every card although campaign and printer allow it, as refusals_of_launch
-- does. A campaign that follows its list may have nobody yet; of a one-off nobody else will come.
-- p_begin_again: how many begin again because a test ends; null where none does.
create function postrider.obstacles_of_launch(
  p_organization postrider.organization,
  p_campaign postrider.campaign,
  p_printer postrider.printer,
  p_connection postrider.connection,
  p_begin_again bigint
) returns jsonb language sql stable
begin atomic
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'blocker', x.blocker, 'code', 'PR012', 'message', x.message,
        'whatHelps', x.helps || '. Nothing was changed')
      order by x.n),
    '[]')
  from postrider.cards_to_mail(
    p_campaign, p_organization.time_zone,
    postrider.first_chance(p_campaign, p_begin_again), p_begin_again) k
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
      postrider.obstacle_meaning(
        'hold of the organization', p_organization, p_campaign, p_printer, p_connection),
      'release it: '
        || postrider.obstacle_help(
          'hold of the organization', p_campaign, p_connection, false)
    ),
    (
      2, p_printer.held_at is not null, 'printer_held',
      postrider.obstacle_meaning(
        'hold of the printer', p_organization, p_campaign, p_printer, p_connection),
      'release it: '
        || postrider.obstacle_help('hold of the printer', p_campaign, p_connection, false)
    ),
    (
      3, p_connection.held_at is not null, 'connection_held',
      postrider.obstacle_meaning(
        'hold of the connection', p_organization, p_campaign, p_printer, p_connection),
      'mend what the reason names, then release it: '
        || postrider.obstacle_help('hold of the connection', p_campaign, p_connection, false)
    ),
    (
      4, p_campaign.offer_ends_on < k.today + p_campaign.transit_days, 'offer_over',
      format(
        'the offer ends on %s, and a card that is posted today arrives on %s',
        to_char(p_campaign.offer_ends_on, 'YYYY-MM-DD'),
        to_char(k.today + p_campaign.transit_days, 'YYYY-MM-DD')),
      'give offer_ends_on a later day in the campaign file, or transit_days fewer days, and apply '
        'it again'
    ),
    (
      5, k.left_in_all = 0, 'total_cap_reached',
      format(
        'the campaign has opened %s cards, and its total cap is %s',
        k.opened_in_all, p_campaign.total_cap),
      'raise total_cap in the campaign file, and apply it again'
    ),
    (
      6, k.paid_by_budget = 0, 'budget_spent',
      'what is left of the budget does not pay one card',
      'raise budget.amount in the campaign file, and apply it again'
    ),
    (
      7,
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

-- Refuses what would stop every card of a campaign, by the first of them. The detail has all.
create function postrider.require_no_blocker(p_campaign postrider.campaign) returns void
language plpgsql stable as $$
declare
  v_blockers jsonb;
begin
  select postrider.obstacles_of_launch(o, p_campaign, p, x, null)
  into v_blockers
  from postrider.organization o
  join postrider.printer p
    on p.organization_id = o.id
    and p.name = p_campaign.printer_name
  left join postrider.connection x
    on x.organization_id = p.organization_id
    and x.id = p.connection_id
  where o.id = p_campaign.organization_id;
  if v_blockers <> '[]' then
    perform postrider.fail(
      v_blockers #>> '{0,code}',
      v_blockers #>> '{0,message}',
      v_blockers #>> '{0,whatHelps}',
      jsonb_build_object('blockers', v_blockers));
  end if;
end $$;
