-- Refuses a move that contradicts its mailpiece. A move to sent needs a mailpiece that was
-- accepted. Nobody goes back while one is open. A state in which a card may have been printed is
-- left only where a test mailpiece was voided: a live one cannot be. This is apart from the
-- trigger, and asks by sub-selects that use an index: the trigger's plan has no nested loops, and
-- would read every mailpiece there is.
create function postrider.check_mailpieces(
  p_actor text,
  p_organizations uuid[],
  p_people uuid[],
  p_from text[],
  p_reasons text[],
  p_to text[]
) returns void language plpgsql stable security definer as $$
declare
  v_unproven boolean;
  v_open boolean;
  v_mailed boolean;
begin
  select
    bool_or(p.to_state = 'sent' and not exists (
      select from postrider.mailpiece m
      where m.organization_id = p.organization_id
        and m.recipient_id = p.recipient_id
        and m.accepted_at is not null
        and m.status <> 'voided')),
    -- A piece that is submitting was proven not printed, and is taken up again from proofed.
    bool_or(
      (p.from_state in ('error', 'proofed', 'sent', 'received', 'returned', 'skipped')
          and p.to_state in ('pending', 'proofed')
        or p.from_state = 'sending_staged' and p.to_state = 'pending')
      and exists (
        select from postrider.mailpiece m
        where m.organization_id = p.organization_id
          and m.recipient_id = p.recipient_id
          and not postrider.piece_is_closed(m.status)
          and (p.to_state = 'pending' or m.status <> 'submitting'))),
    bool_or(
      p_actor = 'op'
      and p.from_state in ('sent', 'received', 'returned', 'skipped')
      and p.to_state = 'pending'
      -- An operator may give the address that kept somebody out.
      and not (p.from_state = 'skipped' and p.reason in ('no_address', 'bad_address'))
      and not exists (
        select from postrider.mailpiece m
        where m.organization_id = p.organization_id
          and m.recipient_id = p.recipient_id
          and m.status = 'voided'))
  into v_unproven, v_open, v_mailed
  from unnest(p_organizations, p_people, p_from, p_reasons, p_to)
    as p (organization_id, recipient_id, from_state, reason, to_state);
  if v_unproven then
    perform postrider.fail(
      'PR005',
      'nobody is sent without a mailpiece that the printer accepted',
      'record what the printer said first: postrider.resolve(mailpiece, ''printed'', evidence)');
  end if;
  if v_open then
    perform postrider.fail(
      'PR017',
      'nobody goes back while a mailpiece of theirs is open: the card may exist',
      'use postrider.retry(recipient), '
      'or postrider.resolve(mailpiece, ''printed'' or ''not_printed'', evidence); '
      'nothing was changed');
  end if;
  if v_mailed then
    perform postrider.fail(
      'PR017',
      'nobody begins again without a test mailpiece that was voided',
      'a test is put aside as a whole: postrider.go_live(organization, campaign); '
      'nothing was changed');
  end if;
end $$;
