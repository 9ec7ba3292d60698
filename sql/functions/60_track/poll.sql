-- Polling printers: those that tell nothing by themselves, and each now and then, since a webhook
-- may be lost or refused while others come.

-- Lists the printers at which cards are on their way, also those that their campaigns have left for
-- another. In each campaign some people who are sent are looked at: the first and the last whose
-- time is over. At a printer that was left are those who were sent first, and those whose card is
-- not printed yet. An index of such cards would be one more on the way of every card.
create function postrider.printers_of_cards_on_their_way(p_organization_id uuid)
returns table (printer_name text, mode text) language sql stable
begin atomic
  select distinct m.printer_name, m.mode
  from postrider.campaign c
  cross join lateral (
    (
      select s.recipient_id
      from postrider.recipient_state s
      where s.organization_id = c.organization_id
        and s.campaign_id = c.id
        and s.waiting_state = 'sent'
      order by s.available_at
      limit 100
    )
    union all
    (
      select s.recipient_id
      from postrider.recipient_state s
      where s.organization_id = c.organization_id
        and s.campaign_id = c.id
        and s.waiting_state = 'sent'
      order by s.available_at desc
      limit 100
    )) s
  -- One look by key for each: a join, made while statistics are old, reads all cards.
  cross join lateral (
    select x.printer_name, x.mode
    from postrider.mailpiece x
    where x.organization_id = c.organization_id
      and x.recipient_id = s.recipient_id
      and not postrider.piece_is_closed(x.status)
    offset 0) m
  where c.organization_id = p_organization_id;
end;

-- Gives a runner the printers with cards on their way that are to be polled: that have told nothing
-- for p_silence, have not been polled to the end for a day, or had a webhook refused for its age
-- since. That others come does not tell that none is missing. Each is taken for p_silence.
create function postrider.claim_printers_to_poll(p_silence interval)
returns table (organization_id uuid, printer_name text, cursor text)
language sql volatile security definer as $$
  select postrider.require_within('the silence', p_silence, interval '0', interval '1 year');
  insert into postrider.printer_feed as f (organization_id, printer_name, polled_at)
  select p.organization_id, p.name, postrider.now()
  from postrider.printer p
  left join postrider.printer_feed n
    on n.organization_id = p.organization_id and n.printer_name = p.name
  where not exists (
      select from postrider.connection_breaker b
      where b.organization_id = p.organization_id
        and b.connection_id = p.connection_id
        and b.state <> 'closed')
    and (n.polled_at is null or n.polled_at < postrider.now() - p_silence)
    and (n.told_at is null or n.told_at < postrider.now() - p_silence
      or n.caught_up_at is null or n.caught_up_at < postrider.now() - interval '1 day'
      or n.refused_at > n.caught_up_at)
    and p.name in (
      select w.printer_name
      from postrider.printers_of_cards_on_their_way(p.organization_id) w)
  on conflict (organization_id, printer_name) do update set polled_at = excluded.polled_at
  returning f.organization_id, f.printer_name, f.poll_cursor
$$;

-- Keeps how far a printer was polled.
create function postrider.note_polled(
  p_organization_id uuid,
  p_printer_name text,
  p_cursor text
) returns void language sql volatile security definer
begin atomic
  update postrider.printer_feed
  set poll_cursor = p_cursor
  where organization_id = p_organization_id and printer_name = p_printer_name;
end;

-- Lets the next poll of a printer begin at the top: it has failed again where it was read to,
-- perhaps because the printer knows the place no more. Not where it was read on meanwhile.
create function postrider.restart_poll(
  p_organization_id uuid,
  p_printer_name text,
  p_cursor text
) returns void language sql volatile security definer
begin atomic
  update postrider.printer_feed
  set poll_cursor = null
  where organization_id = p_organization_id
    and printer_name = p_printer_name
    and poll_cursor = p_cursor;
end;

-- Notes that a poll has come to its end: the printer has told what it had to tell when it began.
create function postrider.note_caught_up(
  p_organization_id uuid,
  p_printer_name text
) returns void language sql volatile security definer
begin atomic
  update postrider.printer_feed
  set caught_up_at = polled_at
  where organization_id = p_organization_id and printer_name = p_printer_name;
end;

-- Notes that a webhook of a printer was refused because it was signed too long ago. Once a minute
-- is enough: a printer that sends all of an hour again writes no row for each.
create function postrider.note_refused_webhook(
  p_organization_id uuid,
  p_printer_name text
) returns void language sql volatile security definer
begin atomic
  insert into postrider.printer_feed as f (organization_id, printer_name, refused_at)
  select p.organization_id, p.name, postrider.now()
  from postrider.printer p
  where p.organization_id = p_organization_id
    and p.name = p_printer_name
    and not exists (
      select from postrider.printer_feed n
      where n.organization_id = p.organization_id
        and n.printer_name = p.name
        and n.refused_at > postrider.now() - interval '1 minute')
  on conflict (organization_id, printer_name) do update set refused_at = excluded.refused_at;
end;
