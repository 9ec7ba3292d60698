-- Records what an operator did, in the transaction that does it: what was refused leaves nothing.
--
-- p_people: one entry each; null where nothing was done to people. An erased person's entry keeps
-- no reason: a name may stand in it. application_name is the only thing that a caller without a
-- login of their own can say of themselves: the command line puts its user there.
create function postrider.note_intervention(
  p_organization_id uuid,
  p_action text,
  p_why text,
  p_campaign_id uuid default null,
  p_printer_name text default null,
  p_people uuid[] default null,
  p_connection_id uuid default null
) returns void language plpgsql as $$
begin
  insert into postrider.intervention (
    organization_id, id, at, action, campaign_id, printer_name, recipient_id, why, by_role,
    application, connection_id)
  select
    p_organization_id, postrider.new_id(), postrider.now(), p_action,
    coalesce(p_campaign_id, s.campaign_id), p_printer_name, who.recipient_id,
    case when r.erased_at is null then left(nullif(btrim(p_why), ''), 500) end,
    session_user, nullif(current_setting('application_name'), ''), p_connection_id
  from unnest(coalesce(p_people, array[null::uuid])) as who (recipient_id)
  left join postrider.recipient_state s
    on s.organization_id = p_organization_id and s.recipient_id = who.recipient_id
  left join postrider.recipient r
    on r.organization_id = p_organization_id and r.id = who.recipient_id;
end $$;

-- Returns what an operator writes of a person, or null where the person is erased.
create function postrider.unless_erased(
  p_organization_id uuid,
  p_recipient_id uuid,
  p_text text
) returns text language sql stable
return (
  select p_text
  from postrider.recipient
  where organization_id = p_organization_id
    and id = p_recipient_id
    and erased_at is null);
