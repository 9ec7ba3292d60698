-- Mail that came back.

-- Locks the households of people, in one order. Returned mail suppresses households, and the entry
-- of one household is written by one transaction after the other.
create function postrider.lock_households(p_organization_id uuid, p_people uuid[]) returns void
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(k.key)
  from (
    select distinct postrider.lock_key('household', p_organization_id, r.household_key) as key
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.id = any (p_people)
      and r.household_key is not null
    order by 1) k;
end $$;

-- Suppresses the households of people whose mail came back. Returned mail tells that the address is
-- bad: nobody of the organization mails there again, and whose address it is waits for another one.
-- Called only when it came back: a transaction
-- that tells more of it later has not locked its household.
create function postrider.suppress_returned(
  p_organization_id uuid,
  p_people uuid[],
  p_now timestamptz
) returns void language plpgsql as $$
begin
  perform postrider.lock_households(p_organization_id, p_people);
  insert into postrider.suppression (
    organization_id, id, kind, digest, value, address, reason, source, returned, added_by,
    created_at)
  select distinct on (r.household_key) p_organization_id, postrider.new_id(), 'household',
    postrider.digest_of(p_organization_id, 'household', r.household_key), r.household_key,
    postrider.address_of(r.line1, r.line2, r.postal_code, r.country),
    'returned mail', 'track', true, session_user, p_now
  from postrider.recipient r
  where r.organization_id = p_organization_id
    and r.id = any (p_people)
    and r.household_key is not null
  on conflict on constraint suppression_key do update
  set expires_at = null
  where suppression.expires_at is not null;
end $$;
