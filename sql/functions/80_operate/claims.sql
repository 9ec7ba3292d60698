-- Claim packs: what a printer asks for with a claim for a refund, by card. It tells what was asked
-- and answered as it is kept; what is of other people in it is taken out by who makes the pack.

-- The cards that a selection names: live ones that the printer has accepted. result says what
-- became of a card: delivered, returned, failed, cancelled, overdue, silent (assumed to be there
-- without a word of its delivery), or on_its_way.
-- p_selection: see claim_preview.
create function postrider.claimed_pieces(
  p_organization_id uuid,
  p_selection jsonb
) returns table (
  mailpiece_id uuid,
  recipient_id uuid,
  campaign_id uuid,
  printer_name text,
  result text,
  due_at timestamptz,
  expected_days int,
  basis text
) language sql stable
begin atomic
  select f.mailpiece_id, f.recipient_id, f.campaign_id, f.printer_name, f.result, f.due_at,
    f.expected_days, f.basis
  from (
    select m.id as mailpiece_id, m.recipient_id, m.campaign_id, m.printer_name, m.accepted_at,
      x.due_at, x.expected_days, x.basis,
      case
        when m.status in ('delivered', 'returned', 'failed', 'cancelled') then m.status
        when s.state = 'received' then 'silent'
        when x.due_at < postrider.now() then 'overdue'
        else 'on_its_way'
      end as result
    from (
      select (e.id)::uuid as id
      from jsonb_array_elements_text(p_selection -> 'mailpieceIds') as e (id)
      union
      select m.id
      from postrider.recipient r
      join postrider.mailpiece m
        on m.organization_id = r.organization_id
        and m.recipient_id = r.id
      where p_selection -> 'mailpieceIds' is null
        and r.organization_id = p_organization_id
        and r.campaign_id = (p_selection ->> 'campaignId')::uuid
    ) named
    join postrider.mailpiece m
      on m.organization_id = p_organization_id
      and m.id = named.id
      and m.mode = 'live'
      and m.accepted_at is not null
    join postrider.campaign c
      on c.organization_id = m.organization_id
      and c.id = m.campaign_id
    join postrider.recipient_state s
      on s.organization_id = m.organization_id
      and s.recipient_id = m.recipient_id
    left join postrider.delivery_window w
      on w.organization_id = m.organization_id
      and w.printer_name = m.printer_name
      and w.mail_class = c.mail_class
      and w.country = m.request #>> '{to,address,country}'
    cross join lateral (
      select v.expected_days, postrider.window_basis(w) as basis,
        m.accepted_at + make_interval(days => v.expected_days) + postrider.overdue_grace()
          as due_at
      from (
        select postrider.expected_days(c, m.request #>> '{to,address,country}', w)
          as expected_days) v) x
  ) f
  where (p_selection -> 'which' is null or p_selection -> 'which' ? f.result)
    and (p_selection ->> 'campaignId' is null
      or f.campaign_id = (p_selection ->> 'campaignId')::uuid)
    and (p_selection ->> 'printer' is null or f.printer_name = p_selection ->> 'printer')
    and (p_selection ->> 'since' is null
      or f.accepted_at >= (p_selection ->> 'since')::timestamptz)
    and (p_selection ->> 'until' is null
      or f.accepted_at < (p_selection ->> 'until')::timestamptz);
end;

-- Refuses a selection that is none. Returns it without what is null.
create function postrider.require_claim_selection(
  p_organization_id uuid,
  p_selection jsonb
) returns jsonb language plpgsql as $$
declare
  v_selection jsonb := jsonb_strip_nulls(coalesce(p_selection, '{}'));
  v_wrong text;
  v_time text;
begin
  perform postrider.require_organization(p_organization_id);
  if jsonb_typeof(v_selection) <> 'object'
    or not v_selection ?| array['campaignId', 'mailpieceIds']
  then
    perform postrider.fail(
      'PR020',
      'the selection names neither a campaign nor cards',
      'for example {"campaignId": "…", "which": ["overdue"]}, or {"mailpieceIds": ["…"]}; '
      'nothing was changed');
  end if;
  select string_agg(f.key, ', ' order by f.key)
  into v_wrong
  from jsonb_each(v_selection) f
  where case f.key
    when 'campaignId' then jsonb_typeof(f.value) <> 'string'
      or not f.value #>> '{}' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    when 'mailpieceIds' then jsonb_typeof(f.value) <> 'array' or exists (
      select from jsonb_array_elements(f.value) as e (id)
      where jsonb_typeof(e.id) <> 'string'
        or not e.id #>> '{}' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
    when 'which' then jsonb_typeof(f.value) <> 'array' or exists (
      select from jsonb_array_elements_text(f.value) as e (name)
      where e.name not in ('delivered', 'returned', 'failed', 'cancelled', 'overdue', 'silent',
        'on_its_way'))
    when 'printer' then jsonb_typeof(f.value) <> 'string'
    when 'since' then jsonb_typeof(f.value) <> 'string'
    when 'until' then jsonb_typeof(f.value) <> 'string'
    else true
  end;
  if v_wrong is not null then
    perform postrider.fail(
      'PR020',
      format('the selection cannot be read by %s', v_wrong),
      'it has campaignId, mailpieceIds, which (delivered, returned, failed, cancelled, overdue, '
      'silent, on_its_way), printer, since and until; nothing was changed');
  end if;
  foreach v_time in array array['since', 'until'] loop
    begin
      perform (v_selection ->> v_time)::timestamptz;
    exception when others then
      perform postrider.fail(
        'PR020',
        format('%s is no time: %s', v_time, left(v_selection ->> v_time, 100)),
        'give one as 2026-11-30T09:00:00Z; nothing was changed');
    end;
  end loop;
  if v_selection ? 'campaignId' and not exists (
    select from postrider.campaign c
    where c.organization_id = p_organization_id
      and c.id = (v_selection ->> 'campaignId')::uuid)
  then
    perform postrider.fail(
      'PR010',
      'there is no such campaign',
      'select name, id from postrider.campaigns; nothing was changed');
  end if;
  select string_agg(e.id, ', ' order by e.id)
  into v_wrong
  from jsonb_array_elements_text(v_selection -> 'mailpieceIds') as e (id)
  where not exists (
    select from postrider.mailpiece m
    where m.organization_id = p_organization_id
      and m.id = e.id::uuid
      and m.mode = 'live'
      and m.accepted_at is not null);
  if v_wrong is not null then
    perform postrider.fail(
      'PR010',
      format('these are no live cards that a printer accepted: %s', left(v_wrong, 500)),
      'a test costs nothing, and what was not accepted was not made: '
      'select id, mode, status from postrider.mailpieces; nothing was changed');
  end if;
  return v_selection;
end $$;

-- Counts what a claim pack of these cards would hold, and changes nothing. p_selection:
-- {campaignId, mailpieceIds: […], which: [delivered, returned, failed, cancelled, overdue, silent,
-- on_its_way], printer, since: accepted then or later, until: accepted before then}, of which a
-- campaign or cards are named.
-- Returns {pieces, printers: [{printer, pieces}], results: {<result>: pieces}, from, to: when the
-- first and the last were accepted, prices: what the printers charge for them: [{currency, cards,
-- amount}]}.
create function postrider.claim_preview(
  p_organization_id uuid,
  p_selection jsonb
) returns jsonb language plpgsql security definer as $$
declare
  v_selection jsonb := postrider.require_claim_selection(p_organization_id, p_selection);
begin
  return (
    with piece as materialized (
      select p.printer_name, p.result, m.accepted_at, m.price_currency,
        round(m.price_amount / 10::numeric ^ m.price_scale, m.price_scale) as price
      from postrider.claimed_pieces(p_organization_id, v_selection) p
      join postrider.mailpiece m
        on m.organization_id = p_organization_id
        and m.id = p.mailpiece_id
    )
    select jsonb_build_object(
      'pieces', count(*),
      'printers', (
        select coalesce(jsonb_agg(to_jsonb(n) order by n.printer), '[]')
        from (
          select x.printer_name as printer, count(*) as pieces
          from piece x
          group by 1) n),
      'results', (
        select coalesce(jsonb_object_agg(n.result, n.pieces), '{}')
        from (
          select x.result, count(*) as pieces
          from piece x
          group by 1) n),
      'from', min(p.accepted_at),
      'to', max(p.accepted_at),
      'prices', (
        select coalesce(jsonb_agg(to_jsonb(n) order by n.currency), '[]')
        from (
          select x.price_currency as currency, count(*) as cards, sum(x.price) as amount
          from piece x
          where x.price is not null
          group by 1) n))
    from piece p);
end $$;

-- Tells all that is known of these cards, by their ids, p_limit of them after one: a list of
-- objects, of which docs/reference/sql.md says what they hold. Requests, answers and webhooks are
-- as they are kept: without secrets, and perhaps with other people in them.
create function postrider.claim_pieces(
  p_organization_id uuid,
  p_selection jsonb,
  p_after uuid default null,
  p_limit int default 200
) returns jsonb language plpgsql security definer as $$
declare
  v_selection jsonb := postrider.require_claim_selection(p_organization_id, p_selection);
begin
  perform postrider.require_within('the limit', p_limit, 1, 1000);
  return (
    with page as materialized (
      select p.*
      from postrider.claimed_pieces(p_organization_id, v_selection) p
      where p_after is null or p.mailpiece_id > p_after
      order by p.mailpiece_id
      limit p_limit
    )
    select coalesce(
      jsonb_agg(
        postrider.claim_piece(p_organization_id, p.mailpiece_id)
          || jsonb_build_object(
            'result', p.result,
            'dueAt', p.due_at,
            'expectedDays', p.expected_days,
            'basis', p.basis)
        order by p.mailpiece_id),
      '[]')
    from page p);
end $$;
