-- What a printer tells of a piece beside its answer: what it charges, until when the piece can be
-- called back, where people see it, and in which mode it has made it.

-- Notes it for the accepted ones of these results, and raises an alarm for each that was made in
-- another mode than it was asked for. Evidence is never fenced, nor is this.
-- A promise of delivery is among it: the evidence brings it only with the id of a piece that has
-- none yet, and a webhook may have told the id before.
-- p_results: [{mailpieceId, outcome, providerId, expectedDelivery, details: {price: {amount, scale,
-- currency, tax}, mode, cancellableUntil, links: {status, proof, thumbnail}}}]; what is not told is
-- missing or null.
create function postrider.note_details(
  p_organization_id uuid,
  p_results json,
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_pieces uuid[];
  v_linked boolean;
  v_otherwise boolean;
begin
  select array_agg(r."mailpieceId"), bool_or(json_typeof(r.details -> 'links') = 'object')
  into v_pieces, v_linked
  from json_to_recordset(p_results)
    as r ("mailpieceId" uuid, outcome text, "expectedDelivery" date, details json)
  where r.outcome = 'accepted'
    and (json_typeof(r.details) = 'object' or r."expectedDelivery" is not null);

  with told as (
    update postrider.mailpiece m
    set price_amount = coalesce(p.amount, m.price_amount),
      price_scale = coalesce(p.scale, m.price_scale),
      price_currency = coalesce(p.currency, m.price_currency),
      price_tax = case when p.amount is null then m.price_tax else p.tax end,
      price_source = case when p.amount is null then m.price_source else 'acceptance' end,
      made_mode = coalesce(r.details ->> 'mode', m.made_mode),
      cancellable_until = coalesce(
        (r.details ->> 'cancellableUntil')::timestamptz, m.cancellable_until),
      expected_delivery = coalesce(m.expected_delivery, r."expectedDelivery")
    from json_to_recordset(p_results)
      as r ("mailpieceId" uuid, outcome text, "providerId" text, "expectedDelivery" date,
        details json)
    cross join lateral (
      select (r.details #>> '{price,amount}')::bigint as amount,
        (r.details #>> '{price,scale}')::smallint as scale,
        r.details #>> '{price,currency}' as currency,
        (r.details #>> '{price,tax}')::bigint as tax) p
    where m.organization_id = p_organization_id
      and m.id = r."mailpieceId"
      and m.id = any (v_pieces)
      and r.outcome = 'accepted'
      -- Details of another card than this one are left out.
      and m.provider_id = r."providerId"
    returning m.made_mode <> m.mode as otherwise
  )
  select bool_or(t.otherwise) into v_otherwise
  from told t;

  if v_linked then
    insert into postrider.mailpiece_link as l (
      organization_id, mailpiece_id, status, proof, thumbnail, told_at)
    select distinct on (m.id) p_organization_id, m.id, r.details #>> '{links,status}',
      r.details #>> '{links,proof}', r.details #>> '{links,thumbnail}', p_now
    from json_to_recordset(p_results)
      as r ("mailpieceId" uuid, outcome text, "providerId" text, details json)
    join postrider.mailpiece m
      on m.organization_id = p_organization_id
      and m.id = r."mailpieceId"
      and m.provider_id = r."providerId"
      and m.erased_at is null
    where r.outcome = 'accepted' and json_typeof(r.details -> 'links') = 'object'
    on conflict (organization_id, mailpiece_id) do update
      set status = excluded.status,
        proof = excluded.proof,
        thumbnail = excluded.thumbnail,
        told_at = excluded.told_at;
  end if;
  if v_otherwise then
    perform postrider.alarm_wrong_mode(p_organization_id, v_pieces, p_now);
  end if;
end $$;

-- Raises an alarm for each of these pieces that was made in another mode than it was asked for,
-- once. A test that was made live is the worst of it: it costs money, and is posted.
create function postrider.alarm_wrong_mode(
  p_organization_id uuid,
  p_pieces uuid[],
  p_now timestamptz
) returns void language plpgsql as $$
begin
  insert into postrider.alarm (
    organization_id, id, kind, campaign_id, recipient_id, mailpiece_id, detail, raised_at)
  select p_organization_id, postrider.new_id(), 'wrong_mode', m.campaign_id, m.recipient_id, m.id,
    jsonb_build_object('printer', m.printer_name, 'asked', m.mode, 'made', m.made_mode,
      'told', m.provider_id), p_now
  from postrider.mailpiece m
  where m.organization_id = p_organization_id
    and m.id = any (p_pieces)
    and m.made_mode <> m.mode
    and not exists (
      select from postrider.alarm a
      where a.organization_id = p_organization_id
        and a.recipient_id = m.recipient_id
        and a.mailpiece_id = m.id
        and a.kind = 'wrong_mode');
end $$;

-- Counts the people whose card a webhook told of before its answer came: nobody moves by the answer
-- any more. p_accepted: as record_evidence takes it.
create function postrider.count_overtaken(p_organization_id uuid, p_accepted jsonb) returns int
language sql stable
begin atomic
  select count(*)::int
  from jsonb_to_recordset(p_accepted) as a ("recipientId" uuid)
  -- One look by key for each: a join, made while statistics are old, reads all who are sent.
  cross join lateral (
    select x.state, x.reason
    from postrider.recipient_state x
    where x.organization_id = p_organization_id
      and x.recipient_id = a."recipientId"
    limit 1) s
  where s.state = 'sent'
    and s.reason = 'late_evidence';
end;
