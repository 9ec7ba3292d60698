-- The actor of a move. The function that moves people claims it by act_as(), until it returns, and
-- for one message of the client at most. An UPDATE that is typed by hand claims nothing, even in
-- the same transaction: it is an operator's. (A SET clause of the function would be simpler, but
-- only a superuser may create a function that sets a parameter of our own.) session_user is
-- recorded beside the claim.

-- Claims an actor. Returns the one before: a function gives that back when it returns.
create function postrider.act_as(p_actor text) returns text language plpgsql volatile as $$
declare
  v_before text := postrider.acting();
  -- An assignment, not a query: it is evaluated without being planned.
  v_claim text := set_config(
    'postrider.actor', p_actor || '@' || extract(epoch from statement_timestamp()), true);
begin
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable')
    or current_setting('session_replication_role') = 'replica'
  then
    perform postrider.require_suitable_session();
  end if;
  return v_before;
end $$;

-- Says whether an actor is claimed for the statement that the client sent.
create function postrider.actor_is_claimed() returns boolean language sql stable
return split_part(current_setting('postrider.actor', true), '@', 2)
  = extract(epoch from statement_timestamp())::text;

-- Names the actor of a move that is made now.
create function postrider.acting() returns text language sql stable
return case
  when postrider.actor_is_claimed()
    then split_part(current_setting('postrider.actor', true), '@', 1)
  else 'op'
end;
