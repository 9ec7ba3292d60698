-- How sure it is that a mailpiece was delivered.

-- The surest word that a mailpiece was delivered; no row where there is none.
create function postrider.best_delivery_evidence(p_organization_id uuid, p_mailpiece_id uuid)
returns table (confidence text)
language sql stable
begin atomic
  select e.confidence
  from postrider.mailpiece_event e
  where e.organization_id = p_organization_id
    and e.mailpiece_id = p_mailpiece_id
    and e.status = 'delivered'
  order by array_position('{scan,assumed,logical,estimated}'::text[], e.confidence)
  limit 1;
end;

-- Gives people who are received the surest word for it, whichever came first: a scan after an
-- estimate, or after it was assumed.
create function postrider.confirm_deliveries(p_organization_id uuid, p_pieces uuid[]) returns void
language plpgsql as $$
begin
  update postrider.recipient_state s
  set reason = d.confidence
  from postrider.mailpiece m
  cross join lateral postrider.best_delivery_evidence(p_organization_id, m.id) d
  where s.organization_id = p_organization_id
    and m.organization_id = p_organization_id
    and m.id = any (p_pieces)
    and m.recipient_id = s.recipient_id
    and m.status = 'delivered'
    and s.state = 'received'
    and s.reason <> d.confidence;
end $$;
