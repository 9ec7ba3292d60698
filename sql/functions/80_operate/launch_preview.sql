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
