-- One key space for the advisory locks of begin (shared) and hold (exclusive).
create function postrider.lock_key(p_kind text, p_organization_id uuid, p_id text default '') returns bigint
language sql immutable parallel safe
return hashtextextended('postrider:' || p_kind || ':' || p_organization_id || ':' || p_id, 0);

-- One session at a time does this work: true for whoever has it, until the transaction ends. A row, because an advisory lock may be taken by any role that
-- can log in, and the work would stand still.
create function postrider.take_turn(p_work text) returns boolean
language plpgsql volatile as $$
begin
  perform from postrider.turn where work = p_work for update skip locked;
  if found then
    return true;
  elsif exists (select from postrider.turn where work = p_work) then
    return false;
  end if;
  insert into postrider.turn (work) values (p_work) on conflict do nothing;
  return found;
end $$;
