-- Brings people back from error: together they meet the rules of admission again. Returns each with
-- the state that follows. The caller has locked them, and none of them is known to have a card.
-- A piece that is still submitting is taken up again, with its key. A recipient with a cancel mark
-- is cancelled now, and keeps no duplicate out. For a recipient who may not be mailed any more, and
-- whose card may exist, the printer is asked first.
create function postrider.retry_people(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people uuid[]
) returns table (recipient_id uuid, state text) language plpgsql as $$
#variable_conflict use_column
declare
  v_now timestamptz := postrider.now();
  v_verdicts jsonb;
  v_asked uuid[] := '{}';
  v_group record;
begin
  if cardinality(p_people) = 0 then
    return;
  end if;
  v_verdicts := postrider.check_retried_people(p_organization_id, p_campaign_id, p_people, v_now);
  for v_group in
    select case j.verdict when 'address_enrichable' then 'no_address' else j.reason end as reason,
      array_agg(j.id) as people
    from jsonb_to_recordset(v_verdicts) as j (id uuid, verdict text, reason text)
    where j.verdict <> 'pending'
    group by 1
  loop
    v_asked := v_asked || postrider.ask_before_stopping(
      p_organization_id, v_group.people, '{error}', v_group.reason, null);
  end loop;

  return query
  select x, 'sending'
  from unnest(v_asked) x;
  return query
  update postrider.recipient_state s
  set state = case
      when j.askable then j.verdict
      when j.verdict <> 'pending' then 'skipped'
      when m.id is not null then 'proofed'
      else 'pending'
    end,
    since = v_now,
    move_no = s.move_no + 1,
    attempt = 0,
    losses = 0,
    available_at = greatest(v_now, j.available_at),
    held_at = null,
    cancel_requested_at = null,
    reason = case
      when j.verdict = 'pending' or j.askable then 'retried'
      when j.verdict = 'address_enrichable' then 'no_address'
      else j.reason
    end,
    detail = j.detail
  from jsonb_to_recordset(v_verdicts) as j (
    id uuid, verdict text, reason text, detail text, available_at timestamptz, askable boolean)
  left join postrider.mailpiece m
    on m.organization_id = p_organization_id
    and m.recipient_id = j.id
    and m.status = 'submitting'
  where s.organization_id = p_organization_id
    and s.recipient_id = j.id
    and s.state = 'error'
  returning s.recipient_id, s.state;

  perform postrider.cancel_open_mailpieces(p_organization_id, array_agg(j.id), j.reason)
  from jsonb_to_recordset(v_verdicts) as j (id uuid, verdict text, reason text)
  where j.verdict <> 'pending'
  group by j.reason;
end $$;

-- Judges people who are in error as a sync judges newcomers. Returns [{id, verdict, reason, detail,
-- available_at, askable}]. askable: an enricher can be asked for the address, since there is an
-- e-mail to ask by. A person who is erased has none.
create function postrider.check_retried_people(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people uuid[],
  p_now timestamptz
) returns jsonb language plpgsql as $$
declare
  v_marked uuid[] := array(
    select s.recipient_id
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.recipient_id = any (p_people)
      and s.cancel_requested_at is not null);
  v_asked jsonb;
  v_longest_line int := (
    select longest_address_line
    from postrider.campaign
    where organization_id = p_organization_id
      and id = p_campaign_id);
begin
  with asked as materialized (
    select row_number() over (order by created_at, source_row, id) as n, x.*
    from postrider.recipient x
    where x.organization_id = p_organization_id
      and x.id = any (p_people)
      and not x.id = any (v_marked)
  )
  select jsonb_agg(
    jsonb_build_object(
      'n', r.n,
      'id', r.id,
      'externalId', r.external_id,
      'emailKeys', postrider.email_keys_of(p_organization_id, r.id),
      'householdKey', r.household_key,
      'nameKey', postrider.name_key(r.first_name, r.last_name),
      'addressFault', w.fault,
      'doNotMail', r.do_not_mail))
  into v_asked
  from asked r
  left join postrider.postal_addresses(
    (
      select jsonb_agg(
        jsonb_build_object(
          'line1', a.line1,
          'line2', a.line2,
          'city', a.city,
          'region', a.region,
          'postalCode', a.postal_code,
          'country', a.country) order by a.n)
      from asked a),
    v_longest_line) w
    on w.n = r.n;
  return (
    select jsonb_agg(to_jsonb(j))
    from (
      select
        j.id, j.verdict, j.reason, j.detail, j.available_at,
        j.verdict = 'address_enrichable' and cardinality(a."emailKeys") > 0 as askable
      from postrider.check_eligibility(p_organization_id, p_campaign_id, v_asked) j
      join jsonb_to_recordset(v_asked) as a (id uuid, "emailKeys" text[])
        on a.id = j.id
      union all
      select x, 'skipped', 'cancelled', null, p_now, false
      from unnest(v_marked) x
    ) j);
end $$;
