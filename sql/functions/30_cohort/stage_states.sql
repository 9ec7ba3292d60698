-- Names the state in which people wait for a stage.
create function postrider.waiting_state_of(
  p_stage text
) returns text language sql immutable
return case p_stage when 'proof' then 'pending' when 'mail' then 'proofed' end;

-- Names the state of people who are in a cohort of a stage that has not begun.
create function postrider.staged_state_of(
  p_stage text
) returns text language sql immutable
return case p_stage when 'proof' then 'proofing_staged' when 'mail' then 'sending_staged' end;
