-- Events that came before anybody knew which mailpiece they are of.

-- Applies the events of an organization whose mailpiece is known by now, and returns how many
-- mailpieces that were. The event and the answer that names its piece do not see each other's open
-- transactions: so they are tried again.
create function postrider.match_events(p_organization_id uuid) returns int
language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('track');
  v_pieces int := postrider.apply_unmatched_events(p_organization_id);
begin
  perform postrider.act_as(v_before);
  return v_pieces;
end $$;

-- Does what match_events() promises, and returns the same. The caller has claimed track.
create function postrider.apply_unmatched_events(p_organization_id uuid) returns int
language plpgsql as $$
declare
  v_pieces uuid[];
  v_people uuid[];
begin
  select array_agg(distinct m.id), array_agg(distinct m.recipient_id)
  into v_pieces, v_people
  from postrider.mailpiece_event e
  join postrider.mailpiece m
    on m.organization_id = e.organization_id
    and m.id = postrider.piece_of_provider_id(e.organization_id, e.printer_name, e.provider_id)
  where e.organization_id = p_organization_id and e.mailpiece_id is null;
  if v_pieces is not null then
    -- People before their events, as record_evidence locks them. People whose rows another session
    -- holds are left to the next beat, which has more to do.
    v_people := array(
      select recipient_id
      from postrider.recipient_state
      where organization_id = p_organization_id and recipient_id = any (v_people)
      order by recipient_id
      for no key update skip locked);
    v_pieces := array(
      select m.id
      from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.id = any (v_pieces)
        and m.recipient_id = any (v_people));
    perform postrider.assign_events(p_organization_id, v_pieces);
    perform postrider.follow_mailpieces(p_organization_id, v_pieces);
  end if;
  return coalesce(cardinality(v_pieces), 0);
end $$;

-- Gives these mailpieces their events that came before their id was known. Tells whether there were
-- any.
create function postrider.assign_events(p_organization_id uuid, p_pieces uuid[]) returns boolean
language plpgsql as $$
begin
  update postrider.mailpiece_event e
  set mailpiece_id = m.id
  from postrider.mailpiece m
  where e.organization_id = p_organization_id
    and e.mailpiece_id is null
    and m.organization_id = e.organization_id
    and m.printer_name = e.printer_name
    and m.provider_id = e.provider_id
    and (m.mode = 'live'
      or m.id = postrider.piece_of_provider_id(
        e.organization_id, e.printer_name, e.provider_id))
    and m.id = any (p_pieces);
  return found;
end $$;
