-- What a launch would do, for somebody who is about to launch. Nothing here changes anything.

-- Lists by state and reason whom the rules turned away: most first. Where a test ends, who is in
-- error by its printer begins again.
create function postrider.turned_away(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_ends_test boolean
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
    and not (p_ends_test and s.state = 'error' and exists (
      select from postrider.mailpiece m
      where m.organization_id = s.organization_id
        and m.recipient_id = s.recipient_id
        and m.mode = 'test'))
  group by 1, 2, 3
  order by 4 desc, 1, 2;
end;

-- Counts what the end of a test puts aside: its mailpieces, and the people who would begin again.
-- Some of these may be turned away then, by rules that came to stand against them meanwhile.
create function postrider.test_so_far(
  p_organization_id uuid,
  p_campaign_id uuid
) returns table (
  pieces bigint,
  begin_again bigint
) language sql stable
begin atomic
  select
    count(*),
    count(distinct m.recipient_id) filter (
      where s.state in ('sent', 'received', 'returned', 'error')
        or s.state = 'skipped' and s.reason = 'bad_address' and m.status = 'rejected')
  from postrider.mailpiece m
  join postrider.recipient_state s
    on s.organization_id = m.organization_id
    and s.recipient_id = m.recipient_id
  where m.organization_id = p_organization_id
    and m.campaign_id = p_campaign_id
    and m.mode = 'test'
    and (m.made_mode is distinct from 'live' or postrider.piece_is_closed(m.status))
    and m.status <> 'voided';
end;

-- Counts the people of a campaign who are to get a card and whose name is longer than its printer
-- prints: {longest, shortened, examples: [{name, printed}]}.
create function postrider.shortened_names(p_campaign postrider.campaign) returns jsonb
language sql stable
begin atomic
  with long as materialized (
    select r.id,
      postrider.name_on_card(r.first_name, r.last_name, null) as name,
      postrider.name_on_card(r.first_name, r.last_name, p_campaign.longest_name) as printed
    from postrider.recipient_state s
    join postrider.recipient r
      on r.organization_id = s.organization_id
      and r.id = s.recipient_id
    where s.organization_id = p_campaign.organization_id
      and s.campaign_id = p_campaign.id
      and s.state in ('pending', 'proofing_staged', 'proofing', 'proofed', 'sending_staged')
      and char_length(concat_ws(' ', r.first_name, r.last_name)) > p_campaign.longest_name
  )
  select jsonb_build_object(
    'longest', p_campaign.longest_name,
    'shortened', (select count(*) from long l where l.printed <> l.name),
    'examples', (
      select coalesce(
        jsonb_agg(jsonb_build_object('name', x.name, 'printed', x.printed) order by x.id), '[]')
      from (
        select l.*
        from long l
        where l.printed <> l.name
        order by l.id
        limit 5) x));
end;

-- Says what a launch would do, and changes nothing. Returns {campaign, status, mode, people:
-- {<state>: n}, turnedAway: [{state, reason, sentence, people}], cards: {people, held, later, now,
-- inAll, tooLate, days}, caps: {daily, openedToday, total, opened, left}, budget, printer, names,
-- mail, test, blockers: [{blocker, code, message, whatHelps}]}.
-- cards.people: who is to get one, without those who are held one by one. cards.now: today, by the
-- organization's clock; cards.inAll: as caps and budget allow; tooLate: of these, so many would
-- arrive after the offer's end, and are skipped. blockers: what would stop every card.
-- Live of a campaign that was launched in test mode, it says what go_live() would do. test: {cards:
-- what is put aside, beginAgain: people at most}, else null. They are among cards.people.
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
  v_connection postrider.connection;
  v_people jsonb;
  v_ends_test boolean;
  v_pieces bigint;
  v_begin_again bigint;
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
  select * into v_connection
  from postrider.connection
  where organization_id = p_organization_id
    and id = v_printer.connection_id;
  v_ends_test := p_mode = 'live'
    and v_campaign.mode = 'test'
    and v_campaign.launched_at is not null;
  if v_ends_test then
    select t.pieces, t.begin_again
    into v_pieces, v_begin_again
    from postrider.test_so_far(p_organization_id, p_campaign_id) t;
  end if;
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
          select coalesce(jsonb_agg(to_jsonb(a)), '[]')
          from postrider.turned_away(p_organization_id, p_campaign_id, v_ends_test) a)
        else '[]'::jsonb
      end,
      'printer', jsonb_build_object(
        'name', v_printer.name,
        'kind', v_printer.kind,
        'armed', v_printer.armed_at is not null,
        'held', v_printer.held_at is not null,
        'heldWhy', v_printer.held_why,
        'connection', v_connection.name),
      'names', case
        when v_campaign.longest_name is not null then postrider.shortened_names(v_campaign)
      end,
      'test', case
        when v_ends_test then jsonb_build_object('cards', v_pieces, 'beginAgain', v_begin_again)
      end,
      'blockers', case
          when v_ends_test then postrider.refusals_of_going_live(v_campaign, p_arm)
          else postrider.refusals_of_launch(v_campaign, p_mode, p_arm)
        end
        || postrider.obstacles_of_launch(
          v_organization, v_campaign, v_printer, v_connection, v_begin_again))
    || postrider.figures_of_launch(v_campaign, v_organization.time_zone, v_begin_again);
end $$;
