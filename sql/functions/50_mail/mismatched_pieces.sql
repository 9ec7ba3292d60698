-- Answers of a printer that name another piece than was sent.

-- Notes pieces that a printer has answered with another piece, and raises an alarm for each: cards
-- may have been mixed up. From then on only a look-up by our reference tells of them.
create function postrider.note_mismatched(
  p_organization_id uuid,
  p_results json,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  update postrider.mailpiece m
  set answered_otherwise = true
  where m.organization_id = p_organization_id
    and m.id = any (array(
      select r."mailpieceId"
      from json_to_recordset(p_results) as r ("mailpieceId" uuid, outcome text)
      where r.outcome = 'mismatched'))
    and not m.answered_otherwise;

  insert into postrider.alarm (
    organization_id, id, kind, campaign_id, recipient_id, mailpiece_id, detail, raised_at)
  select p_organization_id, postrider.new_id(), 'piece_mismatched', m.campaign_id, m.recipient_id,
    m.id,
    jsonb_build_object(
      'printer', m.printer_name,
      'told', r.told,
      -- The person whose id that is, as far as it is known here.
      'of', postrider.piece_of_provider_id(m.organization_id, m.printer_name, r.told),
      'message', left(postrider.unless_erased(m.organization_id, m.recipient_id, r.message), 500)),
    p_now
  from (
    select distinct on (x."mailpieceId", x."providerId") x."mailpieceId" as id,
      x."providerId" as told, x.message
    from json_to_recordset(p_results)
      as x ("mailpieceId" uuid, outcome text, "providerId" text, message text)
    where x.outcome = 'mismatched') r
  join postrider.mailpiece m
    on m.organization_id = p_organization_id and m.id = r.id
  where not exists (
    select from postrider.alarm a
    where a.organization_id = p_organization_id
      and a.recipient_id = m.recipient_id
      and a.mailpiece_id = m.id
      and a.kind = 'piece_mismatched'
      and a.detail ->> 'told' is not distinct from r.told);
end $$;
