-- A printer that takes cards and fails to make them, minutes later or one after the other with the
-- same fault, says so card by card: nobody sees it before ten thousand are in error. A campaign of
-- which most cards fail is held by the machine.

-- Lists the running campaigns of which at least twenty cards failed at their printer, and as many
-- as half of those that were tried: within a day, and since somebody changed, launched or released
-- the campaign. why: the words that most of them have.
create function postrider.failing_campaigns(p_organization_id uuid, p_now timestamptz)
returns table (
  campaign_id uuid,
  failed bigint,
  tried bigint,
  why text
) language sql stable
begin atomic
  select c.id, f.failed, f.rejected + t.accepted, f.why
  from postrider.campaign c
  cross join lateral (
    select greatest(p_now - interval '1 day', max(i.at)) as at
    from postrider.intervention i
    where i.organization_id = c.organization_id
      and i.campaign_id = c.id
      and i.recipient_id is null
      and i.action in ('apply', 'launch', 'release')) since
  cross join lateral (
    select count(*) as failed, count(*) filter (where s.reason = 'rejected') as rejected,
      mode() within group (order by s.detail) as why
    from postrider.recipient_state s
    where s.organization_id = c.organization_id
      and s.campaign_id = c.id
      and s.state = 'error'
      and s.since > since.at
      and s.reason in ('rejected', 'failed_at_printer')) f
  cross join lateral (
    select coalesce(sum(k.accepted), 0)::bigint as accepted
    from postrider.cohort k
    where k.organization_id = c.organization_id
      and k.campaign_id = c.id
      and k.accepted > 0
      and k.begun_at > since.at - interval '1 hour') t
  where c.organization_id = p_organization_id
    and c.status in ('pending', 'active')
    and f.failed >= 20
    and f.failed * 2 >= f.rejected + t.accepted;
end;

-- Holds them, each once and with an alarm. The errors stand: somebody mends the cause, releases the
-- campaign, and tries these people again. Returns how many were held.
create function postrider.hold_failing_campaigns(p_organization_id uuid) returns int
language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_failing record;
  v_why text;
  v_held int := 0;
begin
  for v_failing in
    select *
    from postrider.failing_campaigns(p_organization_id, v_now)
    order by campaign_id
  loop
    v_why := left(
      format(
        '%s of %s cards failed at the printer: %s',
        v_failing.failed, v_failing.tried, coalesce(v_failing.why, 'it could not make them')),
      500);
    perform postrider.hold(
      p_organization_id, 'campaign', v_failing.campaign_id::text, v_why);
    perform postrider.alarm_campaign_refused(p_organization_id, v_failing.campaign_id, v_why);
    v_held := v_held + 1;
  end loop;
  return v_held;
end $$;
