-- Called by functions whose work can be done again from what is on disk: if the server itself crashes, the last moments of it are undone as a whole, and
-- are found by the beats. It spares them the wait for the disk, and everybody else the wait behind their notifications. Never where somebody outside
-- has been told, or will be: a printer, a webhook's sender, an operator.
create function postrider.redoable() returns void
language plpgsql volatile as $$
declare
  v_commit text := set_config('synchronous_commit', 'off', true);
begin
  return;
end $$;
