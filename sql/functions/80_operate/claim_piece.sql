-- What a claim pack tells of one card.

-- Tells all that is known of one card but what became of it. Names of operators and what they wrote
-- are no business of a printer. documents: the addresses of its documents, to be taken out wherever
-- they stand: others' cards are in them.
create function postrider.claim_piece(
  p_organization_id uuid,
  p_mailpiece_id uuid
) returns jsonb language sql stable
return (
  select jsonb_build_object(
    'mailpieceId', m.id,
    'providerId', m.provider_id,
    'campaign', c.name,
    'printer', m.printer_name,
    'provider', coalesce(x.provider, p.kind),
    'connection', x.name,
    'status', m.status,
    'mode', m.mode,
    'idempotencyKey', m.idempotency_key,
    'format', m.request ->> 'format',
    'mailClass', m.request ->> 'mailClass',
    'to', m.request -> 'to',
    'from', m.request -> 'from',
    'artwork', jsonb_build_object(
      'front', (m.request #> '{artwork,front}') - 'url',
      'back', (m.request #> '{artwork,back}') - 'url'),
    'documents', array_remove(
      array[m.request #>> '{artwork,front,url}', m.request #>> '{artwork,back,url}'], null),
    'openedAt', m.opened_at,
    'acceptedAt', m.accepted_at,
    'cancellableUntil', m.cancellable_until,
    'expectedDelivery', m.expected_delivery,
    'price', case
      when m.price_amount is not null then jsonb_build_object(
        'amount', round(m.price_amount / 10::numeric ^ m.price_scale, m.price_scale)::text,
        'tax', round(m.price_tax / 10::numeric ^ m.price_scale, m.price_scale)::text,
        'currency', m.price_currency,
        'source', m.price_source) end,
    'rerouted', m.rerouted,
    'outcomeDetail', m.outcome_detail,
    'erasedAt', m.erased_at,
    'history', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'at', h.at,
            'from', h.from_state,
            'to', h.to_state,
            'reason', h.reason)
          order by h.move_no),
        '[]')
      from postrider.recipient_event h
      where h.organization_id = m.organization_id
        and h.recipient_id = m.recipient_id),
    'events', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'eventId', e.event_id,
            'status', e.status,
            'providerStatus', e.provider_status,
            'confidence', e.confidence,
            'occurredAt', e.occurred_at,
            'receivedAt', e.received_at,
            'webhookId', e.inbox_id)
          order by e.received_at, e.occurred_at, e.event_id),
        '[]')
      from postrider.mailpiece_event e
      where e.organization_id = m.organization_id
        and e.mailpiece_id = m.id),
    'webhooks', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'id', w.id,
            'deliveryId', w.delivery_id,
            'receivedAt', w.received_at,
            'body', encode(w.body, 'base64'))
          order by w.received_at, w.id),
        '[]')
      from postrider.provider_event w
      where w.organization_id = m.organization_id
        and w.id in (
          select e.inbox_id
          from postrider.mailpiece_event e
          where e.organization_id = m.organization_id
            and e.mailpiece_id = m.id)),
    'calls', (
      select coalesce(
        jsonb_agg(
          jsonb_build_object(
            'id', k.id,
            'route', k.route,
            'startedAt', k.started_at,
            'durationMs', round(extract(epoch from k.duration) * 1000),
            'outcome', k.outcome,
            'status', k.status,
            'providerRequestId', k.provider_request_id,
            'error', k.error,
            'request', k.request,
            'answer', k.answer,
            'others', (
              select count(*)
              from unnest(k.about) as a (id)
              where a.id is distinct from m.id::text
                and a.id is distinct from m.provider_id),
            'erasedAt', k.erased_at)
          order by k.started_at, k.id),
        '[]')
      from postrider.provider_call k
      where k.organization_id = m.organization_id
        and k.who = m.printer_name
        and k.started_at >= m.opened_at - interval '1 day'
        and k.about && array_remove(array[m.id::text, m.provider_id], null)))
  from postrider.mailpiece m
  join postrider.campaign c
    on c.organization_id = m.organization_id
    and c.id = m.campaign_id
  join postrider.printer p
    on p.organization_id = m.organization_id
    and p.name = m.printer_name
  left join postrider.connection x
    on x.organization_id = p.organization_id
    and x.id = p.connection_id
  where m.organization_id = p_organization_id
    and m.id = p_mailpiece_id);
