-- Says whether a recipient follows the source: up to pending. From proofing_staged on a recipient
-- is frozen. One who was skipped for want of an address revives when an address comes, and one
-- whose address could not be mailed when another one comes, also where the printer refused it.
create function postrider.follows_source(
  p_state text,
  p_reason text
) returns boolean language sql immutable
return p_state in ('address_enrichable', 'pending')
  or p_state = 'skipped' and p_reason in ('no_address', 'bad_address');

-- Takes over what the source says of people that we know, and counts who changed. It is called by
-- apply_sync_page with the organization's sync row locked. What an operator has amended stays while
-- the row says what it said then. People who have come ahead of the live mailing follow the source
-- as well: they would be printed as they stand, so their proof is made anew. A person who is sent
-- in a test begins again when it goes live, and before that only where the rules of admission are
-- asked. A person who failed in a test begins again with the changed row.
-- p_known: members as in recognise_members(), with id.
-- told: which amendments the rows have replaced, as notes_of_replaced() tells them, and whose row
-- has changed while the test's printer is asked.
create function postrider.apply_source_changes(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_known jsonb,
  p_now timestamptz,
  out changed int,
  out told jsonb
) language plpgsql as $$
#variable_conflict use_column
declare
  v_known jsonb;
  v_moved jsonb;
  v_replaced jsonb;
  v_again uuid[];
  v_ids uuid[] := array(select (k ->> 'id')::uuid from jsonb_array_elements(p_known) as k);
  v_tested uuid[] := postrider.ahead_of_live(p_organization_id, p_campaign_id, v_ids);
begin
  perform from postrider.recipient_state s
  where s.organization_id = p_organization_id
    and s.recipient_id = any (v_ids)
    and (postrider.follows_source(s.state, s.reason) or s.recipient_id = any (v_tested))
  order by s.recipient_id
  for no key update;
  -- A webhook may have moved them before the lock.
  if cardinality(v_tested) > 0 then
    v_tested := postrider.ahead_of_live(p_organization_id, p_campaign_id, v_tested);
  end if;
  v_known := postrider.rows_beside_amendments(p_organization_id, p_campaign_id, p_known);

  with known as materialized (
    select k.*, e.told
    from jsonb_array_elements(v_known) as e (told)
    cross join lateral jsonb_to_record(e.told) as k (
      id uuid, n int, "row" bigint, "externalId" text, email text, "otherEmails" text[],
      "firstName" text, "lastName" text, line1 text, line2 text, city text, region text,
      "postalCode" text, country text, merge jsonb, email_keys text[], household_key text,
      name_key text, address_fault text, read_beside boolean, amended jsonb, replaced jsonb)
  ), before as materialized (
    select r.*, s.reason, s.state
    from postrider.recipient r
    join known k on r.id = k.id
    join postrider.recipient_state s
      on s.organization_id = r.organization_id and s.recipient_id = r.id
    where r.organization_id = p_organization_id
      and r.erased_at is null
      -- Said twice, or a planner without statistics reads everybody who waits.
      and s.recipient_id = any (array(select k.id from known k))
      and (postrider.follows_source(s.state, s.reason) or s.recipient_id = any (v_tested))
  ), followed as (
    update postrider.recipient r
    set
      (email, other_emails, email_key, first_name, last_name, merge, line1, line2, city, region,
        postal_code, country, household_key) = (
        select t.* from postrider.told_row(r, k.told) t
      ),
      lot_key = case when k.line1 is null or k.household_key = r.household_key then r.lot_key end,
      address_from = case when k.line1 is null then r.address_from else 'source' end,
      amended = case when k.read_beside then k.amended else r.amended end
    from known k
    join before b on b.id = k.id
    where r.organization_id = p_organization_id
      and r.id = k.id
      and (
        (b.email, b.other_emails, b.first_name, b.last_name, b.merge)
          is distinct from (
            k.email, k."otherEmails", k."firstName", k."lastName", coalesce(k.merge, '{}'))
        or (
          k.line1 is not null
          and (b.line1, b.line2, b.city, b.region, b.postal_code, b.country)
            is distinct from (k.line1, k.line2, k.city, k.region, k."postalCode", k.country))
        or k.read_beside and b.amended is distinct from k.amended)
    returning
      r.id, b.state, r.household_key, k.n, k."row", k."externalId", k.email_keys, k.name_key,
      k.address_fault, k.replaced,
      (b.email_key, b.other_emails, b.household_key)
          is distinct from (r.email_key, r.other_emails, r.household_key)
        or k.address_fault is not null
        -- Where the state or the town was wrong, the household's key stays.
        or (b.reason = 'bad_address'
          and (b.line1, b.line2, b.city, b.region, b.postal_code, b.country)
            is distinct from (r.line1, r.line2, r.city, r.region, r.postal_code, r.country))
        as to_be_judged
  )
  select
    count(*),
    jsonb_agg(
      jsonb_build_object(
        'n', n, 'id', id, 'externalId', "externalId", 'emailKeys', email_keys,
        'householdKey', household_key, 'nameKey', name_key, 'addressFault', address_fault)
      order by n)
      filter (where to_be_judged),
    jsonb_agg(
      jsonb_build_object('row', "row", 'externalId', "externalId", 'replaced', replaced)
      order by n)
      filter (where replaced <> '[]'),
    array_agg(id) filter (where id = any (v_tested)
      and (to_be_judged or state not in ('sent', 'received', 'returned')))
  into changed, v_moved, v_replaced, v_again
  from followed;
  told := coalesce(postrider.notes_of_replaced(v_replaced), '[]')
    || coalesce(postrider.notes_at_printer(p_organization_id, p_campaign_id, v_known), '[]');

  if v_again is not null then
    perform postrider.begin_test_again(p_organization_id, v_again, 'source_changed', p_now);
  end if;
  if v_moved is not null then
    perform postrider.keep_other_emails(p_organization_id, v_moved);
    perform postrider.check_changed_people(p_organization_id, p_campaign_id, v_moved, p_now);
  end if;
end $$;

-- Says whose row has changed while the printer of a test is asked for their card: the row is not
-- taken, and the next sync takes it. As keep_notes() takes them; null where nobody is.
-- p_known: as in apply_source_changes().
create function postrider.notes_at_printer(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_known jsonb
) returns jsonb language plpgsql as $$
declare
  v_sending jsonb := (
    select jsonb_agg(k.told)
    from postrider.campaign c
    cross join jsonb_array_elements(p_known) as k (told)
    cross join lateral (
      select s.state
      from postrider.recipient_state s
      where s.organization_id = p_organization_id
        and s.recipient_id = (k.told ->> 'id')::uuid
      limit 1
    ) s
    where c.organization_id = p_organization_id
      and c.id = p_campaign_id
      and c.mode = 'test'
      and s.state = 'sending');
begin
  if v_sending is null then
    return null;
  end if;
  return (
    select jsonb_agg(
      jsonb_build_object(
        'row', t."row", 'externalId', t."externalId",
        'notes', jsonb_build_array(jsonb_build_object(
          'column', null, 'reason', 'at_printer',
          'message', format('The row has another %s, and the person is %s: the card of the test '
            'is at the printer. The next sync takes the row.',
            array_to_string(t.changed, ', '), t.was))))
      order by t.n)
    from jsonb_to_recordset(
      postrider.people_to_amend(p_organization_id, p_campaign_id, v_sending)) as t (
      n int, "row" bigint, "externalId" text, outcome text, was text, changed text[])
    where t.outcome <> 'unchanged');
end $$;

-- Keeps by which further addresses people are known now. p_people: as in check_eligibility().
create function postrider.keep_other_emails(
  p_organization_id uuid,
  p_people jsonb
) returns void language plpgsql as $$
begin
  delete from postrider.recipient_other_email o
  using jsonb_to_recordset(p_people) as p (id uuid, "emailKeys" text[])
  where o.organization_id = p_organization_id
    and o.recipient_id = p.id
    and not o.of_repeat
    and o.email_key <> all (p."emailKeys"[2:]);
  insert into postrider.recipient_other_email (organization_id, recipient_id, email_key)
  select p_organization_id, p.id, e.email_key
  from jsonb_to_recordset(p_people) as p (id uuid, "emailKeys" text[])
  cross join lateral unnest(p."emailKeys"[2:]) as e (email_key)
  on conflict do nothing;
end $$;

-- Keeps the e-mails of further rows with the id of a person: each of them is the person's too.
-- p_repeats: as in recognise_members().
create function postrider.keep_emails_of_repeats(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_repeats jsonb
) returns void language sql
begin atomic
  insert into postrider.recipient_other_email (
    organization_id, recipient_id, email_key, of_repeat)
  select p_organization_id, r.id, e.email_key, true
  from jsonb_to_recordset(p_repeats) as p ("externalId" text, "emailKeys" text[])
  -- One look-up a row: a planner without statistics would read the whole campaign.
  cross join lateral (
    select x.id, x.email_key
    from postrider.recipient x
    where x.organization_id = p_organization_id
      and x.campaign_id = p_campaign_id
      and x.external_id = p."externalId"
      and x.erased_at is null
    limit 1
  ) r
  cross join lateral unnest(p."emailKeys") as e (email_key)
  where e.email_key is distinct from r.email_key
  on conflict do nothing;
end;

-- Judges people whose e-mail or household has become another one, or whose address went bad or was
-- bad: they meet the rules of admission again. A recipient who was skipped stays so, unless the
-- verdict is pending.
-- p_people: as in check_eligibility().
create function postrider.check_changed_people(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people jsonb,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  update postrider.recipient_state s
  set
    state = case
      when s.state = 'skipped' and j.verdict <> 'pending' then s.state
      else j.verdict
    end,
    move_no = s.move_no + case
      when s.state = j.verdict or s.state = 'skipped' and j.verdict <> 'pending' then 0
      else 1
    end,
    since = case when s.state = j.verdict then s.since else p_now end,
    attempt = case when s.state = 'skipped' then 0 else s.attempt end,
    losses = case when s.state = 'skipped' then 0 else s.losses end,
    available_at = j.available_at,
    reason = case
      when s.state = 'address_enrichable' and j.verdict = 'pending' and j.reason = 'new'
        or s.state = 'skipped' and j.verdict = 'pending'
        then 'address_came'
      when s.state = 'skipped' and j.verdict = 'address_enrichable' then s.reason
      else j.reason
    end,
    detail = j.detail
  from postrider.check_eligibility(p_organization_id, p_campaign_id, p_people) j
  where s.organization_id = p_organization_id
    and s.recipient_id = j.id
    -- Said twice, or a planner without statistics reads everybody who waits.
    and s.recipient_id = any (
      array(select (k ->> 'id')::uuid from jsonb_array_elements(p_people) as k))
    and postrider.follows_source(s.state, s.reason);
end $$;
