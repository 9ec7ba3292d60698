-- A move cannot be wrong and cannot be silent: one statement trigger checks legality and actor, writes the history, the tally and one wake-up.
--
-- The old and new rows are joined once and grouped into a handful of (from, to) pairs before they are held against the transition table:
-- the plain exists(join) re-reads the whole transition table per row and is quadratic (100,000 rows: 1.4 s grouped, more than 10 minutes not).
-- Everything happens in one statement, because its fixed costs are paid by every move of every size. It is planned once a session (planning it anew
-- costs more than moving ten rows), and never with a nested loop: a plan made for one row must serve a hundred thousand.
--
-- The actor is claimed by the function that moves, by act_as(), until it returns, and for one message of the client at most: whoever types an UPDATE by
-- hand, even in the same transaction, claims nothing and is an operator. (A SET clause of the function would be simpler, but only a superuser may create a
-- function that sets a parameter of our own.) session_user is recorded beside it.

-- Returns who acted before: a function gives the claim back when it returns.
create function postrider.act_as(p_actor text) returns text
language plpgsql volatile as $$
declare
  v_before text := postrider.acting();
  -- An assignment, not a query: it is evaluated without being planned.
  v_claim text := set_config('postrider.actor', p_actor || '@' || extract(epoch from statement_timestamp()), true);
begin
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') or current_setting('session_replication_role') = 'replica' then
    perform postrider.require_suitable_session();
  end if;
  return v_before;
end $$;

create function postrider.acting() returns text
language sql stable
return case when split_part(current_setting('postrider.actor', true), '@', 2) = extract(epoch from statement_timestamp())::text
  then split_part(current_setting('postrider.actor', true), '@', 1) else 'op' end;
