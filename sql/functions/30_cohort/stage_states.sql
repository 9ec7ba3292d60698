-- Names the state in which people wait for a stage.
create function postrider.waiting_state_of(
  p_stage text
) returns text language sql immutable
return case p_stage when 'proof' then 'pending' when 'mail' then 'proofed' end;

-- Says whether a printer takes cards now that are printed in this mode: neither it nor its
-- connection is held, the connection is of the mode, its breaker is closed, and for live cards the
-- printer is armed. p_connection, p_breaker: null where there is none.
create function postrider.takes_cards(
  p_printer postrider.printer,
  p_connection postrider.connection,
  p_breaker postrider.connection_breaker,
  p_mode text
) returns boolean language sql immutable
return p_printer.held_at is null
  and (p_mode = 'test' or p_printer.armed_at is not null)
  and p_connection.held_at is null
  and coalesce(p_breaker.state, 'closed') = 'closed'
  and (p_connection.mode is null or p_connection.mode = p_mode);

-- Names the state of people who are in a cohort of a stage that has not begun.
create function postrider.staged_state_of(
  p_stage text
) returns text language sql immutable
return case p_stage when 'proof' then 'proofing_staged' when 'mail' then 'sending_staged' end;
