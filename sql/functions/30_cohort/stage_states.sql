-- Names the state in which people wait for a stage.
create function postrider.waiting_state_of(
  p_stage text
) returns text language sql immutable
return case p_stage when 'proof' then 'pending' when 'mail' then 'proofed' end;

-- Names what keeps cards of this mode from a printer: the first that is to be taken away; null
-- where it takes them. p_connection, p_breaker: null where there is none.
create function postrider.obstacle_at_printer(
  p_printer postrider.printer,
  p_connection postrider.connection,
  p_breaker postrider.connection_breaker,
  p_mode text
) returns text language sql immutable
return case
  when p_printer.held_at is not null then 'hold of the printer'
  when p_connection.held_at is not null then 'hold of the connection'
  when p_mode = 'live' and p_printer.armed_at is null then 'arming'
  when p_connection.mode <> p_mode then 'mode of the connection'
  when p_breaker.state <> 'closed' then 'breaker'
end;

-- Says whether a printer takes cards now that are printed in this mode.
create function postrider.takes_cards(
  p_printer postrider.printer,
  p_connection postrider.connection,
  p_breaker postrider.connection_breaker,
  p_mode text
) returns boolean language sql immutable
return postrider.obstacle_at_printer(p_printer, p_connection, p_breaker, p_mode) is null;

-- Names the state of people who are in a cohort of a stage that has not begun.
create function postrider.staged_state_of(
  p_stage text
) returns text language sql immutable
return case p_stage when 'proof' then 'proofing_staged' when 'mail' then 'sending_staged' end;
