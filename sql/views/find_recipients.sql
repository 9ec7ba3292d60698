-- Finds people by whatever one has in hand: id, e-mail, external id, reference from the card,
-- mailpiece, the printer's id.
-- What the source calls somebody is somebody else's name in another organization: p_organization_id
-- looks into one.
create function postrider.find_recipients(p_who text, p_organization_id uuid default null)
returns table (organization_id uuid, recipient_id uuid)
language plpgsql stable as $$
#variable_conflict use_column
declare
  v_who text := postrider.trimmed(p_who);
  v_id uuid;
  v_keys text[] := postrider.email_keys(p_who);
  -- As an array, and in every condition: each key starts with the organization, and so do the
  -- indexes.
  v_mine uuid[] := postrider.my_organizations();
begin
  if p_organization_id is not null then
    v_mine := case
      when p_organization_id = any (v_mine) then array[p_organization_id]
      else '{}' end;
  end if;
  if v_who ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then
    v_id := v_who::uuid;
  end if;
  -- An id of ours is nobody's e-mail, and there is no need to look for it as one.
  if v_id is not null then
    return query
    select r.organization_id, r.id
    from postrider.recipient r
    where r.organization_id = any (v_mine) and r.id = v_id
    union
    select m.organization_id, m.recipient_id
    from postrider.mailpiece m
    where m.organization_id = any (v_mine) and m.id = v_id;
    if found then
      return;
    end if;
  end if;
  if v_who like '%@%' then
    return query
    select r.organization_id, r.id
    from postrider.recipient r
    where r.organization_id = any (v_mine) and r.email_key = any (v_keys)
    union
    select o.organization_id, o.recipient_id
    from postrider.recipient_other_email o
    where o.organization_id = any (v_mine) and o.email_key = any (v_keys)
    union
    select r.organization_id, r.id
    from postrider.recipient r
    where r.organization_id = any (v_mine) and r.external_id = v_who;
    return;
  end if;
  return query
  select r.organization_id, r.id
  from postrider.recipient r
  where r.organization_id = any (v_mine) and r.external_id = v_who
  union
  select r.organization_id, r.id
  from postrider.recipient r
  where r.organization_id = any (v_mine) and r.reference = upper(v_who)
  union
  select m.organization_id, m.recipient_id
  from postrider.mailpiece m
  join postrider.printer p
    on p.organization_id = m.organization_id and p.name = m.printer_name
  where m.organization_id = any (v_mine) and m.provider_id = v_who and m.mode = 'live'
  union
  select m.organization_id, m.recipient_id
  from postrider.mailpiece m
  join postrider.printer p
    on p.organization_id = m.organization_id and p.name = m.printer_name
  where m.organization_id = any (v_mine) and m.provider_id = v_who and m.mode = 'test';
end $$;
