-- A one-off reads its list once. What is corrected in the list afterwards is taken as amendments of
-- the people who are in the campaign: nobody comes, and nobody leaves.

-- Applies one page of a list to the people of a one-off that was launched. The run was opened for
-- it: of kind amend, or amend_preview, which changes nobody and tells the same.
-- p_members, p_rejects: as in apply_sync_page().
-- Returns what amend_people() tells of those who were amended or refused, up to p_told of them.
create function postrider.apply_amended_page(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_token uuid,
  p_run_id uuid,
  p_members jsonb,
  p_rejects jsonb,
  p_waited_ms bigint default 0,
  p_told int default 20
) returns jsonb language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('op');
  v_told jsonb;
begin
  perform postrider.require_within('how many are told', p_told, 0, 100000);
  v_told := postrider.amend_listed(
    p_organization_id, p_campaign_id, p_token, p_run_id, p_members, p_rejects, p_waited_ms);
  perform postrider.act_as(v_before);
  return (
    select coalesce(jsonb_agg(x.told - '{refused,replaced,n}'::text[] order by x.n), '[]')
    from (
      select t.told, t.n
      from jsonb_array_elements(v_told) with ordinality as t (told, n)
      where t.told ->> 'outcome' = 'amended'
      order by t.n
      limit p_told
    ) x);
end $$;

-- Amends whom a page knows, and adds the page to the report of the run. Returns what
-- amend_people() tells of everybody.
create function postrider.amend_listed(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_token uuid,
  p_run_id uuid,
  p_members jsonb,
  p_rejects jsonb,
  p_waited_ms bigint
) returns jsonb language plpgsql as $$
declare
  v_campaign postrider.campaign;
  v_kind text := (
    select kind
    from postrider.sync_run
    where organization_id = p_organization_id
      and id = p_run_id);
  v_known jsonb;
  v_newcomers jsonb;
  v_repeated int;
  v_conflicts jsonb;
  v_unmailable jsonb;
  v_stopped uuid[];
  v_told jsonb := '[]';
begin
  if coalesce(v_kind, '') not in ('amend', 'amend_preview') then
    perform postrider.fail(
      'PR020',
      'the run was not opened to amend',
      'open_sync(…, ''amend'', …) opens one; nothing was changed');
  end if;
  -- Somebody may come back by it, and a campaign that was completed is active again.
  if v_kind = 'amend' then
    perform postrider.reopen_campaign(p_organization_id, p_campaign_id);
  end if;
  v_campaign := postrider.lock_for_sync(p_organization_id, p_campaign_id, p_token);
  if v_kind = 'amend_preview' and v_campaign.status = 'completed' then
    v_campaign.status := 'active';
  end if;
  perform postrider.require_page(v_campaign, p_members, p_rejects, p_waited_ms);
  select m.known, m.newcomers, m.repeated, m.conflicts, m.unmailable
  into v_known, v_newcomers, v_repeated, v_conflicts, v_unmailable
  from postrider.recognise_members(p_organization_id, p_campaign_id, p_run_id, p_members) m;
  begin
    v_stopped := postrider.keep_from_mail(p_organization_id, p_campaign_id, v_known, v_unmailable);
    if v_known is not null then
      v_told := postrider.amend_people(
        p_organization_id, p_campaign_id, v_known, 'source', 'by the list');
    end if;
    if v_kind = 'amend_preview' then
      raise exception using errcode = 'DRYRN', message = 'a dry run is taken back';
    end if;
  exception when sqlstate 'DRYRN' then
    null;
  end;
  perform postrider.count_amended_page(
    p_organization_id, p_run_id, p_members, p_rejects, v_newcomers, v_repeated, v_conflicts,
    v_told, v_stopped, p_waited_ms);
  return v_told;
end $$;

-- Adds a page to the report of a run that amends, and tells by row who was not amended and why.
-- p_stopped: whom the rows do not want to be mailed.
create function postrider.count_amended_page(
  p_organization_id uuid,
  p_run_id uuid,
  p_members jsonb,
  p_rejects jsonb,
  p_newcomers jsonb,
  p_repeated int,
  p_conflicts jsonb,
  p_told jsonb,
  p_stopped uuid[],
  p_waited_ms bigint
) returns void language plpgsql as $$
declare
  v_new int := coalesce(jsonb_array_length(p_newcomers), 0);
  v_amended int;
  v_unchanged int;
  v_late int;
  v_turned_away jsonb;
  v_notes jsonb;
begin
  -- A person who gets no card whatever the row says is not late.
  select
    count(*) filter (where t.outcome = 'amended'),
    count(*) filter (where t.outcome = 'unchanged' or t.reason = 'no_card'),
    count(*) filter (where t.reason = 'too_late'),
    jsonb_agg(
      jsonb_build_object(
        'row', t."row", 'externalId', t."externalId",
        'notes', jsonb_build_array(jsonb_build_object(
          'column', null, 'reason', t.reason,
          'message', format('The row has another %s, and the person is %s: %s.',
            array_to_string(t.changed, ', '), t.was, postrider.why_not_amended(t.refused)))))
      order by t.n)
      filter (where t.outcome = 'refused')
  into v_amended, v_unchanged, v_late, v_notes
  from (
    select
      x.*,
      case
        when x.outcome = 'refused' and x.refused in ('over', 'erased') then 'no_card'
        when x.outcome = 'refused' then 'too_late'
      end as reason
    from jsonb_to_recordset(p_told) as x (
      n int, "row" bigint, "externalId" text, outcome text, refused text, was text,
      changed text[])
  ) t;
  select jsonb_object_agg(g.reason, g.people)
  into v_turned_away
  from (
    select t.reason, count(*) as people
    from jsonb_to_recordset(p_told) as t (outcome text, state text, reason text)
    where t.outcome = 'amended'
      and t.state in ('skipped', 'blacklisted', 'holdout')
    group by 1
  ) g;
  v_notes := coalesce(v_notes, '[]')
    || coalesce(postrider.notes_of_replaced((
      select jsonb_agg(t)
      from jsonb_array_elements(p_told) t
      where t ->> 'outcome' = 'amended')), '[]')
    || coalesce((
      select jsonb_agg(
        jsonb_build_object(
          'row', x.member -> 'row', 'externalId', x."externalId",
          'notes', jsonb_build_array(jsonb_build_object(
            'column', null, 'reason', 'not_added',
            'message', 'The id is not in the campaign, which has read its list: '
              'the person was not added.')))
        order by x.n)
      from jsonb_to_recordset(p_newcomers) as x (n int, "externalId" text, member jsonb)
    ), '[]');
  perform postrider.count_sync_page(
    p_organization_id, p_run_id, jsonb_array_length(p_members), 0, v_amended, v_unchanged,
    p_repeated, null, postrider.with_stopped(v_turned_away, p_stopped), p_rejects, p_conflicts,
    p_waited_ms);
  update postrider.sync_run
  set
    not_added = not_added + v_new,
    too_late = too_late + v_late
  where organization_id = p_organization_id
    and id = p_run_id;
  perform postrider.keep_notes(p_organization_id, p_run_id, p_members || v_notes);
end $$;
