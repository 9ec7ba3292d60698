-- Gives a mail cohort to one runner, with an open mailpiece for each of its people.
--
-- Returns {campaign: {…}, pieces: [{recipientId, mailpieceId, moveNo, idempotencyKey, mode,
-- printerName, repeatForMs, request}], watermark}; repeatForMs: how long the request may be
-- repeated for the sake of its key; null where it is no repeat. Campaign and pieces are left out
-- where this database is not the one that the runner knew. Null where there is nothing to do.
-- p_remembered: what the runner keeps outside of the database, see check_watermark.
create function postrider.begin_mail(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_runner_id uuid,
  p_lease interval,
  p_remembered jsonb default null
) returns json language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('mail');
  v_begun json;
begin
  v_begun := postrider.begin_sending(
    p_organization_id, p_cohort_id, p_runner_id, p_lease, p_remembered);
  perform postrider.act_as(v_before);
  return v_begun;
end $$;

-- Moves the people of a cohort to sending, and returns what begin_mail returns.
-- The watermark is compared first: a hold of the printers comes before every lock of a begin, and
-- is obeyed by this one.
create function postrider.begin_sending(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_runner_id uuid,
  p_lease interval,
  p_remembered jsonb
) returns json language plpgsql as $$
declare
  v_watermark jsonb := postrider.check_watermark(p_remembered);
  v_now timestamptz := postrider.now();
  v_campaign_id uuid := postrider.take_cohort(
    p_organization_id, p_cohort_id, 'mail', p_runner_id, p_lease, v_now);
  v_pieces json;
begin
  if v_campaign_id is null then
    return case when v_watermark ->> 'noticed' is not null
      then json_build_object('watermark', v_watermark) end;
  end if;
  -- The printers were held when we asked, and somebody has released them since. The next runner
  -- that asks holds them again.
  if (v_watermark ->> 'superseded')::boolean then
    perform postrider.fail('PR017', v_watermark ->> 'noticed',
      'nobody was begun; end this server, '
      'or ask the printers: postrider reconcile --since, then release');
  end if;
  -- The printer is about to hear of these pieces: this commit must survive a crash of the server,
  -- also where others need not. It must survive a failover, too, where a standby is synchronous.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform postrider.turn_away_before_mail(p_organization_id, v_campaign_id, p_cohort_id, v_now);
  perform postrider.open_mailpieces(p_organization_id, p_cohort_id, v_now);
  v_pieces := postrider.send_open_mailpieces(
    p_organization_id, p_cohort_id, v_now, v_now + p_lease);
  perform postrider.fail_without_mailpiece(p_organization_id, p_cohort_id, v_now);
  if v_pieces is null then
    update postrider.cohort
    set closed_at = v_now, closed_why = 'empty'
    where organization_id = p_organization_id and id = p_cohort_id;
    return null;
  end if;
  return json_build_object(
    'pieces', v_pieces,
    'watermark', v_watermark,
    'campaign', postrider.campaign_brief(p_organization_id, v_campaign_id));
end $$;

-- Opens a mailpiece for each recipient of a cohort who has none. An open piece is taken up again:
-- its key, printer and request stay as they are.
create function postrider.open_mailpieces(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_secret text := (
    select secret::text from postrider.organization_key
    where organization_id = p_organization_id);
begin
  insert into postrider.mailpiece (
    organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key, request,
    opened_at, counted_minor)
  select p_organization_id, postrider.new_id(), r.id, c.id, c.printer_name, c.mode,
    gen_random_uuid(),
    jsonb_build_object(
      'format', c.format,
      'mailClass', c.mail_class,
      'to', jsonb_build_object(
        'name', postrider.name_on_card(r.first_name, r.last_name, c.longest_name),
        'address', jsonb_build_object(
          'line1', r.line1,
          'line2', r.line2,
          'city', r.city,
          'region', r.region,
          'postalCode', r.postal_code,
          'country', r.country)),
      'from', c.return_address,
      'person', encode(
        sha256(convert_to(v_secret || ':external_id:' || r.external_id, 'UTF8')), 'hex'),
      'artwork', jsonb_build_object(
        'front', jsonb_build_object(
          'url', p.front_url, 'page', p.front_page, 'hash', p.front_hash),
        'back', jsonb_build_object('url', p.back_url, 'page', p.back_page, 'hash', p.back_hash))),
    p_now, c.price_minor
  from postrider.recipient_state s
  join postrider.recipient r
    on r.organization_id = s.organization_id and r.id = s.recipient_id
  join postrider.proof p
    on p.organization_id = s.organization_id
    and p.recipient_id = s.recipient_id
    and p.removed_at is null
  join postrider.campaign c
    on c.organization_id = s.organization_id and c.id = s.campaign_id
  where s.organization_id = p_organization_id
    and s.cohort_id = p_cohort_id
    and s.state = 'sending_staged'
  on conflict (organization_id, recipient_id, mode)
    where status not in ('rejected', 'cancelled', 'failed', 'voided') do nothing;
end $$;

-- Moves the people of a cohort who have an open mailpiece to sending. Returns the pieces, as
-- begin_mail has them; null where there are none.
-- A piece may be sent again only because the printer honours its key: where the key expires before
-- p_until the piece is unknown instead, and the printer is asked for it first.
create function postrider.send_open_mailpieces(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_now timestamptz,
  p_until timestamptz
) returns json language plpgsql as $$
declare
  v_pieces json;
  v_too_old uuid[];
begin
  with begun as (
    update postrider.recipient_state s
    set state = 'sending', since = p_now, move_no = s.move_no + 1, reason = 'begun', detail = null
    from postrider.campaign c, postrider.mailpiece m
    where s.organization_id = p_organization_id
      and s.cohort_id = p_cohort_id
      and s.state = 'sending_staged'
      and c.organization_id = s.organization_id
      and c.id = s.campaign_id
      and m.organization_id = s.organization_id
      and m.recipient_id = s.recipient_id
      and m.mode = c.mode
      and m.status = 'submitting'
    returning m.*, s.move_no
  )
  select json_agg(json_build_object(
      'recipientId', recipient_id,
      'mailpieceId', id,
      'moveNo', move_no,
      'idempotencyKey', idempotency_key,
      'mode', mode,
      'printerName', printer_name,
      'repeatForMs', floor(extract(epoch from repeat_until - p_now) * 1000)::bigint,
      'request', request) order by recipient_id)
      filter (where repeat_until is null or repeat_until > p_until),
    array_agg(id) filter (where repeat_until <= p_until)
  into v_pieces, v_too_old
  from begun;
  if v_too_old is not null then
    update postrider.mailpiece
    set status = 'unknown', available_at = p_now,
      outcome_detail = 'its key is too old to be sent again: the printer is asked for it first'
    where organization_id = p_organization_id and id = any (v_too_old);
  end if;
  return v_pieces;
end $$;

-- Brings people to error who have no mailpiece. A recipient without one may not be at the printer:
-- nothing would ever bring them back.
create function postrider.fail_without_mailpiece(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  -- An UPDATE that finds nobody still pays for the trigger.
  if exists (
    select from postrider.recipient_state
    where organization_id = p_organization_id
      and cohort_id = p_cohort_id
      and state = 'sending_staged')
  then
    update postrider.recipient_state
    set state = 'error', since = p_now, move_no = move_no + 1, cohort_id = null,
      reason = 'render_failed', detail = 'its proof is gone'
    where organization_id = p_organization_id
      and cohort_id = p_cohort_id
      and state = 'sending_staged';
  end if;
end $$;

-- Tells the machine how long an unknown outcome must rest at a printer: longer than its time-out
-- and read lag together. A runner says it before it sends this printer anything.
-- A runner never shortens it: another one, or a request under way, may still work by the longer
-- time.
create function postrider.set_quiet_time(
  p_organization_id uuid,
  p_printer_name text,
  p_quiet interval
) returns void language sql volatile security definer
begin atomic
  select postrider.require_within(
    'how long an unknown outcome rests', p_quiet, interval '0', interval '30 days');
  update postrider.printer
  set quiet = p_quiet
  where organization_id = p_organization_id
    and name = p_printer_name
    and (quiet is null or quiet < p_quiet);
end;
