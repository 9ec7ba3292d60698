-- People of whom the source itself says that they are not to be mailed: a column of a list, a field
-- of an export. It holds for the campaign that reads the source, and is no suppression of the
-- organization (docs/adr/0028).

-- Returns by which words a row says that its person is not to be mailed; null: it does not say so.
create function postrider.said_do_not_mail(
  p_says boolean,
  p_because text
) returns text language sql immutable
return case
  when p_says then left(coalesce(nullif(btrim(p_because), ''), 'the source says so'), 500)
end;

-- Says that it was another row of the same person; null where there is none.
create function postrider.said_of_another_row(p_because text) returns text
language sql immutable
return 'another row of this person: ' || p_because;

-- Lists the people of a campaign whom such rows change: those with the row's id, and those who are
-- the same person by an e-mail or by household and name. A list says the same at every sync, so
-- that people are left out who are kept from mail already: to lock them each time would be a write.
-- p_unmailable: as in keep_from_mail().
create function postrider.people_not_to_mail(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_unmailable jsonb
) returns table (
  recipient_id uuid,
  because text,
  is_own boolean
) language sql stable
begin atomic
  with unmailable as materialized (
    select w.*
    from jsonb_to_recordset(p_unmailable) as w (
      n int, id uuid, "emailKeys" text[], "householdKey" text, "nameKey" text, because text)
  ), about as (
    select w.id, w.because, true as is_own, w.n
    from unmailable w
    where w.id is not null
    union all
    select d.recipient_id, postrider.said_of_another_row(w.because), false, w.n
    from unmailable w
    cross join lateral postrider.duplicates_of(
      p_organization_id, p_campaign_id, 'person', w.id, w."emailKeys", w."householdKey",
      w."nameKey", '{}') d
  )
  select distinct on (a.id) a.id, a.because, a.is_own
  from about a
  -- One look-up a person: a planner without statistics would read the whole campaign.
  cross join lateral (
    select r.do_not_mail, r.erased_at
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.id = a.id
    limit 1
  ) r
  cross join lateral (
    select s.state, s.reason
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.recipient_id = a.id
    limit 1
  ) s
  left join postrider.reason w on w.code = s.reason
  where r.erased_at is null
    and (
      a.is_own and r.do_not_mail is distinct from a.because
      or postrider.is_before_printer(s.state)
      or s.state = 'skipped' and not w.holds_place)
  order by a.id, a.is_own desc, a.n;
end;

-- The ids of people who are marked and whose rows say so no more. Few people are marked: where
-- nobody is, no row is looked at.
create function postrider.people_allowed_again(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_known jsonb
) returns uuid[] language plpgsql stable as $$
begin
  if not exists (
    select from postrider.recipient
    where organization_id = p_organization_id
      and campaign_id = p_campaign_id
      and do_not_mail is not null)
  then
    return '{}';
  end if;
  return array(
    select r.id
    from jsonb_array_elements(p_known) as k (told)
    join postrider.recipient r
      on r.organization_id = p_organization_id
      and r.id = (k.told ->> 'id')::uuid
      and r.do_not_mail is not null
    where k.told ->> 'do_not_mail' is null);
end $$;

-- Keeps from mail the people of whom the source says so, and remembers that it does. A person
-- before the printer is stopped, as by a suppression; one who is there already stays. Somebody who
-- was skipped and might come back is kept out too, and holds the place against another row of the
-- same person. Returns whom it stopped. The caller has claimed sync or op, and holds the
-- organization's sync row.
-- p_known: as in recognise_members(). A person whose row does not say so any more is not forbidden
-- any longer, and stays where they are, as after a suppression that is lifted.
-- p_unmailable: [{n, id, emailKeys, householdKey, nameKey, because}]; id is null for a person who
-- is new.
create function postrider.keep_from_mail(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_known jsonb,
  p_unmailable jsonb
) returns uuid[] language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_allowed uuid[] := postrider.people_allowed_again(p_organization_id, p_campaign_id, p_known);
  v_people jsonb;
  v_ids uuid[];
  v_because text;
  v_stopped uuid[] := '{}';
begin
  if p_unmailable is not null then
    select jsonb_agg(to_jsonb(p)), array_agg(p.recipient_id)
    into v_people, v_ids
    from postrider.people_not_to_mail(p_organization_id, p_campaign_id, p_unmailable) p;
  end if;
  if v_ids is null and cardinality(v_allowed) = 0 then
    return '{}';
  end if;
  -- Together with those whom the page may change after this, in one order: or two transactions
  -- that lock the same people could wait for each other.
  perform from postrider.recipient_state s
  where s.organization_id = p_organization_id
    and s.recipient_id = any (
      v_ids || array(select (k ->> 'id')::uuid from jsonb_array_elements(p_known) as k))
  order by s.recipient_id
  for no key update;
  update postrider.recipient r
  set do_not_mail = null
  where r.organization_id = p_organization_id
    and r.id = any (v_allowed);
  update postrider.recipient r
  set do_not_mail = p.because
  from jsonb_to_recordset(v_people) as p (recipient_id uuid, because text, is_own boolean)
  where r.organization_id = p_organization_id
    and r.id = p.recipient_id
    and r.id = any (v_ids)
    and p.is_own
    and r.erased_at is null
    and r.do_not_mail is distinct from p.because;
  for v_because, v_ids in
    select p.because, array_agg(p.recipient_id)
    from jsonb_to_recordset(v_people) as p (recipient_id uuid, because text)
    group by 1
    order by 1
  loop
    v_stopped := v_stopped || postrider.stop_before_printer(
      p_organization_id, v_ids, 'blacklisted', 'do_not_mail', v_because);
    with kept_out as (
      update postrider.recipient_state s
      set state = 'blacklisted',
        since = v_now,
        move_no = s.move_no + 1,
        reason = 'do_not_mail',
        detail = v_because
      from postrider.reason w
      where s.organization_id = p_organization_id
        and s.recipient_id = any (v_ids)
        and s.state = 'skipped'
        and w.code = s.reason
        and not w.holds_place
      returning s.recipient_id
    )
    select v_stopped || coalesce(array_agg(k.recipient_id), '{}')
    into v_stopped
    from kept_out k;
  end loop;
  return v_stopped;
end $$;
