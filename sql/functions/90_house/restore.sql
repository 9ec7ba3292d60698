-- After a restored backup, pieces that were opened since it was taken are known to their printers
-- only. Each printer lists what it made since, and what it says is recorded as evidence for the
-- person who is meant by it.

-- Records what a printer lists of this organization. p_pieces: [{mailpieceId, recipientId,
-- campaignId, providerId, idempotencyKey, mode, createdAt, person}], on paper or about to be.
-- Returns {moved, adopted, strangers}: people who are sent now; pieces that were unknown here; live
-- pieces of people who are unknown here, and who are kept from a second card by their digest when
-- they come back.
create function postrider.adopt_pieces(
  p_organization_id uuid,
  p_printer_name text,
  p_pieces jsonb
) returns jsonb language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('mail');
  v_recorded jsonb;
begin
  perform postrider.require_list('the pieces', jsonb_typeof(p_pieces));
  v_recorded := postrider.record_listed(p_organization_id, p_printer_name, p_pieces);
  perform postrider.act_as(v_before);
  return v_recorded;
end $$;

-- Does what adopt_pieces() promises, and returns the same. The caller has claimed mail.
create function postrider.record_listed(
  p_organization_id uuid,
  p_printer_name text,
  p_pieces jsonb
) returns jsonb language plpgsql as $$
declare
  v_known jsonb;
  v_counting uuid[];
  v_adopted uuid[];
  v_new int;
  v_moved int := 0;
  v_strangers int;
begin
  v_counting := postrider.lock_listed(p_organization_id, p_pieces);
  select jsonb_agg(jsonb_build_object('mailpieceId', m.id, 'providerId', l."providerId"))
  into v_known
  from jsonb_to_recordset(p_pieces) as l ("mailpieceId" uuid, "providerId" text)
  join postrider.mailpiece m
    on m.organization_id = p_organization_id
    and m.id = l."mailpieceId";
  if v_known is not null then
    v_moved := postrider.record_evidence(p_organization_id, v_known, 'late_evidence');
  end if;

  perform postrider.close_replaced(p_organization_id, p_pieces);
  select array_agg(o.mailpiece_id) filter (where o.is_open), count(*)
  into v_adopted, v_new
  from postrider.open_listed(p_organization_id, p_printer_name, p_pieces) o;
  if v_new > 0 then
    v_moved := v_moved + postrider.bring_to_sent(
      p_organization_id, coalesce(v_adopted, '{}'), 'found_after_restore', true);
    perform postrider.match_events(p_organization_id);
    perform postrider.count_opened(p_organization_id, c)
    from unnest(v_counting) c;
  end if;

  v_strangers := postrider.suppress_unknown_people(p_organization_id, p_pieces);
  return jsonb_build_object(
    'moved', v_moved,
    'adopted', coalesce(cardinality(v_adopted), 0),
    'strangers', v_strangers);
end $$;

-- Locks the campaigns of listed pieces that count what they open, then the people of listed pieces,
-- each by id: that is the lock order. Returns the campaigns.
create function postrider.lock_listed(
  p_organization_id uuid,
  p_pieces jsonb
) returns uuid[] language plpgsql as $$
declare
  v_counting uuid[] := array(
    select c.id
    from postrider.campaign c
    where c.organization_id = p_organization_id
      and (c.daily_cap is not null or c.total_cap is not null or c.budget_minor is not null)
      and c.id = any (array(
        select l."campaignId"
        from jsonb_to_recordset(p_pieces) as l ("campaignId" uuid)))
    order by c.id
    for update);
begin
  perform from postrider.recipient_state s
  where s.organization_id = p_organization_id
    and s.recipient_id = any (array(
      select l."recipientId"
      from jsonb_to_recordset(p_pieces) as l ("recipientId" uuid)
      union all
      select m.recipient_id
      from jsonb_to_recordset(p_pieces) as l ("mailpieceId" uuid)
      join postrider.mailpiece m
        on m.organization_id = p_organization_id
        and m.id = l."mailpieceId"))
  order by s.recipient_id
  for no key update;
  return v_counting;
end $$;

-- Closes open pieces that a later one has replaced. A listed piece that was opened after one which
-- is open here took its place: that one was refused, called back or spoilt after the backup was
-- taken.
create function postrider.close_replaced(
  p_organization_id uuid,
  p_pieces jsonb
) returns void language plpgsql as $$
begin
  update postrider.mailpiece o
  set status = case when o.provider_id is null then 'cancelled' else 'failed' end,
    available_at = null,
    outcome_detail = 'replaced after the backup that was restored, as the printer tells'
  from jsonb_to_recordset(p_pieces) as l (
    "mailpieceId" uuid, "recipientId" uuid, mode text, "createdAt" timestamptz)
  where o.organization_id = p_organization_id
    and o.recipient_id = l."recipientId"
    and o.mode = l.mode
    and o.opened_at < l."createdAt"
    and o.id <> l."mailpieceId"
    and not postrider.piece_is_closed(o.status)
    and not exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.id = l."mailpieceId");
end $$;

-- Opens listed pieces that are unknown here, of people who are known. Returns them; is_open: it is
-- the accepted card of its person now. The latest of a person is the one that counts; earlier ones
-- were given up. Where another one is open that is younger, mailing went on before the printer was
-- asked, or the printer has two cards of one person: an alarm says so.
create function postrider.open_listed(
  p_organization_id uuid,
  p_printer_name text,
  p_pieces jsonb
) returns table (
  mailpiece_id uuid,
  is_open boolean
) language plpgsql as $$
#variable_conflict use_column
declare
  v_now timestamptz := postrider.now();
begin
  return query
  with listed as (
    select distinct on (l."mailpieceId")
      l.*, r.campaign_id,
      l.mode = 'test' and c.mode = 'live' as is_voided,
      row_number() over (
        partition by l."recipientId", l.mode
        order by l."createdAt" desc, l."mailpieceId") = 1
      and not exists (
        select from postrider.mailpiece o
        where o.organization_id = p_organization_id
          and o.recipient_id = l."recipientId"
          and o.mode = l.mode
          and not postrider.piece_is_closed(o.status))
      and (l.mode = 'live' or c.mode = 'test') as is_open
    from jsonb_to_recordset(p_pieces) as l (
      "mailpieceId" uuid, "recipientId" uuid, "providerId" text, "idempotencyKey" uuid, mode text,
      "createdAt" timestamptz)
    join postrider.recipient r
      on r.organization_id = p_organization_id
      and r.id = l."recipientId"
    join postrider.campaign c
      on c.organization_id = r.organization_id
      and c.id = r.campaign_id
    where not exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.id = l."mailpieceId")
    order by l."mailpieceId"
  ), opened as (
    insert into postrider.mailpiece (
      organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key, request,
      status, provider_id, opened_at, accepted_at, outcome_detail)
    select
      p_organization_id, l."mailpieceId", l."recipientId", l.campaign_id, p_printer_name, l.mode,
      coalesce(l."idempotencyKey", gen_random_uuid()), '{}',
      case
        when l.is_voided then 'voided'
        when l.is_open then 'accepted'
        else 'cancelled' end,
      l."providerId", l."createdAt", l."createdAt",
      'opened after the backup that was restored, as the printer tells'
    from listed l
    on conflict do nothing
    returning id, status
  ), doubled as (
    insert into postrider.alarm (
      organization_id, id, kind, campaign_id, recipient_id, mailpiece_id, detail, raised_at)
    select
      p_organization_id, postrider.new_id(), 'evidence_for_closed_piece', l.campaign_id,
      l."recipientId", l."mailpieceId",
      jsonb_build_object(
        'told', l."providerId",
        'status', 'opened after the backup that was restored'),
      v_now
    from listed l
    where not l.is_voided
      and not exists (
        select from opened o
        where o.id = l."mailpieceId"
          and o.status = 'accepted')
      and not exists (
        select from postrider.alarm a
        where a.organization_id = p_organization_id
          and a.mailpiece_id = l."mailpieceId")
  )
  select o.id, o.status = 'accepted'
  from opened o;
end $$;

-- Suppresses people who are unknown here and have a live card. Somebody who was synced after the
-- backup comes back with the next sync, under a new id, but is known by the digest that travelled
-- with the card. Returns how many there are.
create function postrider.suppress_unknown_people(
  p_organization_id uuid,
  p_pieces jsonb
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_strangers int;
begin
  with stranger as (
    select distinct l.person, c.id as campaign_id
    from jsonb_to_recordset(p_pieces) as l (
      "recipientId" uuid, "campaignId" uuid, mode text, person text)
    left join postrider.campaign c
      on c.organization_id = p_organization_id
      and c.id = l."campaignId"
    where l.mode = 'live'
      and not exists (
        select from postrider.recipient r
        where r.organization_id = p_organization_id
          and r.id = l."recipientId")
  ), noted as (
    insert into postrider.suppression as x (
      organization_id, id, campaign_id, kind, digest, value, reason, source, added_by, created_at,
      expires_at)
    select
      p_organization_id, postrider.new_id(), s.campaign_id, 'external_id',
      decode(s.person, 'hex'), null, 'has a card from before the restore', 'reconcile',
      session_user, v_now,
      -- Where this database does not know the campaign either, the entry counts in all of them, for
      -- a year.
      case when s.campaign_id is null then v_now + interval '1 year' end
    from stranger s
    where s.person ~ '^[0-9a-f]{64}$'
    on conflict on constraint suppression_key do update
    set expires_at = case
      when excluded.expires_at is null then null
      else greatest(x.expires_at, excluded.expires_at)
    end
    where x.expires_at is not null
  )
  select count(*)
  into v_strangers
  from stranger;
  return v_strangers;
end $$;

-- Lists a printer's pieces that have no id of it yet, opened since; a page, by id.
create function postrider.pieces_opened_since(
  p_organization_id uuid,
  p_printer_name text,
  p_since timestamptz,
  p_after uuid,
  p_limit int
) returns table (
  "mailpieceId" uuid,
  "recipientId" uuid,
  "campaignId" uuid,
  "printerName" text,
  "idempotencyKey" uuid,
  attempt int,
  "openedAt" timestamptz
) language sql stable security definer as $$
  select postrider.require_within('the limit', p_limit, 0, 1000000);
  select
    m.id, m.recipient_id, m.campaign_id, m.printer_name, m.idempotency_key, m.attempt, m.opened_at
  from postrider.mailpiece m
  where m.organization_id = p_organization_id
    and m.printer_name = p_printer_name
    and m.provider_id is null
    and m.id > p_after
    and m.opened_at + interval '1 day' > p_since
  order by m.id
  limit p_limit
$$;
