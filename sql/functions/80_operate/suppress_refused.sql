-- What suppress() refuses: a key that nobody has would be reported as standing, and the person
-- would be mailed.

-- Refuses a suppression in a campaign that is not there.
create function postrider.require_suppressible(
  p_organization_id uuid,
  p_campaign_id uuid
) returns void language plpgsql stable as $$
begin
  perform postrider.require_organization(p_organization_id);
  if p_campaign_id is not null and not exists (
    select from postrider.campaign
    where organization_id = p_organization_id
      and id = p_campaign_id)
  then
    perform postrider.fail(
      'PR010',
      'there is no such campaign',
      'select name, id from postrider.campaigns; null suppresses in all of them. '
      'Nothing was changed');
  end if;
end $$;

-- Makes the keys of the e-mail addresses in a text. One that cannot be read is refused: a key that
-- nobody has would be reported as standing, and the person would be mailed.
create function postrider.required_email_keys(p_email text) returns text[]
language plpgsql stable as $$
declare
  v_email_keys text[];
  v_unread text;
begin
  select e.keys, e.unread
  into v_email_keys, v_unread
  from postrider.read_emails(p_email) e;
  if v_unread is not null then
    perform postrider.fail(
      'PR020',
      format('%L cannot be read as an e-mail address', left(v_unread, 40)),
      'give one address by itself, as ann@example.com, or several with commas between them; '
      'nothing was changed');
  end if;
  return v_email_keys;
end $$;

-- Makes the key of the household at an address; null where there is none. One of which none can be
-- made is refused.
create function postrider.required_household_key(
  p_line1 text,
  p_line2 text,
  p_postal_code text,
  p_country text
) returns text language plpgsql stable as $$
declare
  v_household_key text;
begin
  if p_line1 is null and p_postal_code is null then
    return null;
  end if;
  if p_line1 is null or p_postal_code is null then
    perform postrider.fail(
      'PR020',
      'an address needs line1 and postal code',
      'nothing was changed');
  end if;
  if not exists (
    select from postrider.country
    where code = upper(postrider.trimmed(p_country) collate "C"))
  then
    perform postrider.fail(
      'PR020',
      format('%L is not a country', p_country),
      'give the two letters of ISO 3166, as US; nothing was changed');
  end if;
  v_household_key := postrider.household_key(p_line1, p_line2, p_postal_code, p_country);
  if v_household_key is null then
    perform postrider.fail(
      'PR020',
      'the address has neither letters nor digits',
      'it would match nobody; leave it out, or give line1 and postal code. Nothing was changed');
  end if;
  return v_household_key;
end $$;
