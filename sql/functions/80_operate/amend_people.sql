-- Amends people: name, address and merge data become other ones before the printer has the card.
-- One person of an operator, and a page of people of a list, come this way alike.
--
-- A person who was rendered is pending again, and out of the cohort: what a runner settles of the
-- old card finds nobody. The old proof is gone, so that no move brings it to a printer.

-- Amends people by their rows, and says of each what became of them. The caller has claimed op, and
-- holds the organization's sync row.
-- p_rows: members as in recognise_members(), with n, id, email_keys, household_key, name_key and
-- address_fault. Without line1 the address stays.
-- p_by: operator, whose amendments hold against the source; or source, which is the list itself.
-- Returns [{n, row, recipientId, externalId, outcome: amended|unchanged|refused, refused, was,
-- state, reason, detail, changed, before, after}].
create function postrider.amend_people(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_rows jsonb,
  p_by text,
  p_why text
) returns jsonb language plpgsql as $$
declare
  v_people jsonb;
  v_amended uuid[];
  v_tested uuid[];
begin
  perform from postrider.recipient_state s
  where s.organization_id = p_organization_id
    and s.recipient_id = any (
      array(select (k ->> 'id')::uuid from jsonb_array_elements(p_rows) as k))
  order by s.recipient_id
  for no key update;
  v_people := postrider.people_to_amend(
    p_organization_id,
    p_campaign_id,
    case p_by
      when 'source'
        then postrider.rows_beside_amendments(p_organization_id, p_campaign_id, p_rows)
      else p_rows
    end);
  v_amended := array(
    select (p ->> 'recipientId')::uuid
    from jsonb_array_elements(v_people) p
    where p ->> 'outcome' = 'amended');
  if cardinality(v_amended) > 0 then
    perform postrider.write_amendments(p_organization_id, p_campaign_id, v_people, p_by);
    delete from postrider.proof
    where organization_id = p_organization_id
      and recipient_id = any (v_amended);
    perform postrider.cancel_open_mailpieces(p_organization_id, v_amended, 'amended');
    v_tested := postrider.ahead_of_live(p_organization_id, p_campaign_id, v_amended);
    perform postrider.begin_test_again(
      p_organization_id, v_tested, 'amended', postrider.now());
    perform postrider.move_amended(p_organization_id, p_campaign_id, v_people);
    perform postrider.note_intervention(
      p_organization_id, 'amend',
      concat_ws(' · ', 'changed: ' || g.changed, nullif(btrim(p_why), '')),
      p_people => g.people)
    from (
      select
        (
          select string_agg(f, ', ')
          from jsonb_array_elements_text(p.changed) f
        ) as changed,
        array_agg(p."recipientId") as people
      from jsonb_to_recordset(v_people) as p ("recipientId" uuid, outcome text, changed jsonb)
      where p.outcome = 'amended'
      group by 1
    ) g;
  end if;
  return postrider.outcomes_of_amending(p_organization_id, v_people);
end $$;

-- Compares people with their rows: who is to be amended in which fields, and whom it is refused.
-- Adds to each the row itself. The caller has locked them.
create function postrider.people_to_amend(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_rows jsonb
) returns jsonb language plpgsql as $$
declare
  v_tested uuid[] := postrider.ahead_of_live(
    p_organization_id,
    p_campaign_id,
    array(select (k ->> 'id')::uuid from jsonb_array_elements(p_rows) as k));
begin
  return (
    select jsonb_agg(
      jsonb_build_object(
        'n', k.n, 'row', k."row", 'recipientId', r.id, 'externalId', r.external_id,
        'outcome', case
          when c.changed = '{}' then 'unchanged'
          when f.refused is not null then 'refused'
          else 'amended'
        end,
        'refused', case when c.changed <> '{}' then f.refused end,
        'was', s.state, 'changed', c.changed, 'told', k.told,
        'before', postrider.content_of(r), 'household', r.household_key)
      order by k.n)
    from (
      select x.*, p.told
      from jsonb_array_elements(p_rows) as p (told)
      cross join lateral jsonb_to_record(p.told) as x (
        n int, id uuid, "row" bigint, email text, "otherEmails" text[], "firstName" text,
        "lastName" text, line1 text, line2 text, city text, region text, "postalCode" text,
        country text, merge jsonb)
    ) k
    join postrider.recipient r
      on r.organization_id = p_organization_id and r.id = k.id
    join postrider.recipient_state s
      on s.organization_id = p_organization_id and s.recipient_id = k.id
    left join lateral (
      select x as piece
      from postrider.mailpiece x
      where x.organization_id = p_organization_id
        and x.recipient_id = k.id
        and not postrider.piece_is_closed(x.status)
      order by x.status = 'submitting', x.attempt desc
      limit 1
    ) m on true
    cross join lateral (
      select array(
        select d.field
        from (values
          (1, 'first_name', r.first_name is distinct from k."firstName"),
          (2, 'last_name', r.last_name is distinct from k."lastName"),
          (3, 'line1', k.line1 is not null and r.line1 is distinct from k.line1),
          (4, 'line2', k.line1 is not null and r.line2 is distinct from k.line2),
          (5, 'city', k.line1 is not null and r.city is distinct from k.city),
          (6, 'region', k.line1 is not null and r.region is distinct from k.region),
          (7, 'postal_code', k.line1 is not null and r.postal_code is distinct from k."postalCode"),
          (8, 'country', k.line1 is not null and r.country is distinct from k.country),
          (9, 'email', (r.email, r.other_emails) is distinct from (k.email, k."otherEmails"))
        ) as d (place, field, differs)
        where d.differs
        order by d.place)
        || array(
          select 'merge.' || coalesce(o.key, w.key)
          from jsonb_each(r.merge) o
          full join jsonb_each(coalesce(k.merge, '{}')) w on w.key = o.key
          where w.value is distinct from o.value
          order by coalesce(o.key, w.key)) as changed
    ) c
    cross join lateral (
      select postrider.amend_refused(
        r, s, m.piece, s.recipient_id = any (v_tested)) as refused
    ) f);
end $$;

-- Names why a person cannot be amended any more; null where they can. Until the printer may have
-- the card, and of a test also afterwards: nothing was printed, and the card is made anew. A piece
-- that it was proven not to have made is called off, and the next one has a key of its own: that is
-- safe after an answer of the printer, and only then. A piece of which nobody knew for a time keeps
-- its key whatever it turned out to be, so that even a mistake makes no second card.
create function postrider.amend_refused(
  p_recipient postrider.recipient,
  p_state postrider.recipient_state,
  p_open postrider.mailpiece,
  p_ahead_of_live boolean
) returns text language sql immutable
return case
  when p_recipient.erased_at is not null then 'erased'
  when p_ahead_of_live
    then case when p_state.cancel_requested_at is not null then 'cancelled' end
  when p_state.state in ('sent', 'received', 'returned') or p_open.accepted_at is not null
    then 'printed'
  when p_state.state = 'error' and p_state.reason = 'outcome_unknown' then 'outcome_unknown'
  when p_state.state = 'sending' then 'at_printer'
  when p_open.id is not null and (p_open.status <> 'submitting' or p_open.attempt > 0)
    then 'key_in_use'
  when p_state.cancel_requested_at is not null then 'cancelled'
  when p_state.state in ('holdout', 'blacklisted') then 'over'
  when p_state.state = 'skipped' and p_state.reason not in ('no_address', 'bad_address')
    then 'over'
end;

-- Returns what can be amended of a person: by an operator, and an e-mail by their row.
create function postrider.content_of(p_recipient postrider.recipient) returns jsonb
language sql immutable
return jsonb_build_object(
  'email', p_recipient.email, 'otherEmails', coalesce(p_recipient.other_emails, '{}'),
  'firstName', p_recipient.first_name, 'lastName', p_recipient.last_name,
  'line1', p_recipient.line1, 'line2', p_recipient.line2, 'city', p_recipient.city,
  'region', p_recipient.region, 'postalCode', p_recipient.postal_code,
  'country', p_recipient.country, 'merge', p_recipient.merge);

-- Tells what became of people, with what they were and are.
create function postrider.outcomes_of_amending(
  p_organization_id uuid,
  p_people jsonb
) returns jsonb language plpgsql as $$
declare
  v_people uuid[] := array(
    select (k ->> 'recipientId')::uuid from jsonb_array_elements(p_people) as k);
begin
  return coalesce((
    select jsonb_agg(
      jsonb_build_object(
        'n', p.n, 'row', p."row", 'recipientId', p."recipientId", 'externalId', p."externalId",
        'outcome', p.outcome, 'refused', p.refused, 'was', p.was, 'state', s.state,
        'reason', s.reason, 'detail', s.detail, 'changed', p.changed,
        'newHousehold', r.household_key is distinct from p.household,
        'before', p.before || jsonb_build_object('householdKey', p.household),
        'after', postrider.content_of(r) || jsonb_build_object('householdKey', r.household_key),
        'replaced', coalesce(p.told -> 'replaced', '[]'))
      order by p.n)
    from jsonb_to_recordset(p_people) as p (
      n int, "row" bigint, "recipientId" uuid, "externalId" text, outcome text, refused text,
      was text, changed jsonb, before jsonb, household text, told jsonb)
    join postrider.recipient r
      on r.organization_id = p_organization_id and r.id = p."recipientId"
    join postrider.recipient_state s
      on s.organization_id = p_organization_id and s.recipient_id = p."recipientId"
    -- Said twice, or a planner without statistics reads everybody.
    where r.id = any (v_people)
      and s.recipient_id = any (v_people)), '[]');
end $$;
