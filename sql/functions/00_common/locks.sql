-- Names an advisory lock. Begins take it shared and hold() takes it exclusively, in one key space.
create function postrider.lock_key(
  p_kind text,
  p_organization_id uuid,
  p_id text default ''
) returns bigint language sql immutable parallel safe
return hashtextextended('postrider:' || p_kind || ':' || p_organization_id || ':' || p_id, 0);

-- Locks people, by id, and returns those that it got. Where that takes longer than its caller
-- waits, those whom somebody else has, an open psql session for example, are left out.
create function postrider.lock_people_or_leave(
  p_organization_id uuid,
  p_people uuid[]
) returns uuid[] language plpgsql as $$
begin
  return array(
    select recipient_id
    from postrider.recipient_state
    where organization_id = p_organization_id
      and recipient_id = any (p_people)
    order by recipient_id
    for no key update);
exception when lock_not_available then
  return array(
    select recipient_id
    from postrider.recipient_state
    where organization_id = p_organization_id
      and recipient_id = any (p_people)
    order by recipient_id
    for no key update skip locked);
end $$;

-- Gives a piece of work to one session at a time. Returns true to the session that has it, until
-- its transaction ends. The turn is a row: an advisory lock may be taken by any role that can log
-- in, and the work would stand still.
create function postrider.try_lock_work(p_work text) returns boolean language plpgsql volatile as $$
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
