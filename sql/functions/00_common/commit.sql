-- Lets this transaction commit without waiting for the disk. Its caller is a function whose work
-- can be done again from what is on disk: if the server itself crashes, the last moments are
-- undone as a whole, and the beats find the work again. It spares the caller the wait for the
-- disk, and everybody else the wait behind its notifications.
--
-- It is never called where somebody outside has been told, or will be: a printer, a webhook's
-- sender, an operator.
create function postrider.commit_asynchronously() returns void language plpgsql volatile as $$
declare
  -- An assignment, not a query: it is evaluated without being planned.
  v_commit text := set_config('synchronous_commit', 'off', true);
begin
  return;
end $$;
