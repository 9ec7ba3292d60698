-- Keeps the paper trail: refuses to change or delete history, and what a mailpiece was opened with.
--
-- The triggers are for whole statements and named columns: statements that move people and cards
-- pay nothing for them. erase() blanks what a name may stand in. It is known by the actor that it
-- claims; an UPDATE that is typed by hand claims none.
create function postrider.protect_record() returns trigger language plpgsql as $$
begin
  if tg_argv[0] = 'unless erased' and postrider.actor_is_claimed() then
    return null;
  end if;
  perform postrider.fail(
    'PR004',
    format(
      '%s of %s is refused: what happened, and what was sent to a printer, stays on record',
      lower(tg_op), tg_table_name),
    'to forget somebody use postrider.erase(recipient), '
    'to stop a card postrider.cancel(recipient); nothing was changed');
  return null;
end $$;

create trigger mailpiece_kept
  before delete or truncate on postrider.mailpiece
  for each statement execute function postrider.protect_record();
create trigger mailpiece_unchanged
  before update of
    organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key, opened_at
  on postrider.mailpiece
  for each statement execute function postrider.protect_record();
create trigger mailpiece_request_unchanged
  before update of request on postrider.mailpiece
  for each statement execute function postrider.protect_record('unless erased');

create trigger intervention_kept
  before delete or truncate on postrider.intervention
  for each statement execute function postrider.protect_record();
create trigger intervention_unchanged
  before update of
    organization_id, id, at, action, campaign_id, printer_name, recipient_id, connection_id,
    by_role, application
  on postrider.intervention
  for each statement execute function postrider.protect_record();
create trigger intervention_why_unchanged
  before update of why on postrider.intervention
  for each statement execute function postrider.protect_record('unless erased');

create trigger recipient_event_kept
  before delete or truncate on postrider.recipient_event
  for each statement execute function postrider.protect_record();
create trigger recipient_event_unchanged
  before update of
    organization_id, recipient_id, move_no, at, campaign_id, from_state, to_state, actor, reason,
    cohort_id, by_role
  on postrider.recipient_event
  for each statement execute function postrider.protect_record();
create trigger recipient_event_detail_unchanged
  before update of detail on postrider.recipient_event
  for each statement execute function postrider.protect_record('unless erased');
