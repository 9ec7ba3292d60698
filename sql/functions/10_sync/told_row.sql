-- Writes what a source or an operator tells of a person into their row. A source that knows no
-- address any more does not take away one that was found.
-- p_told: a member as in recognise_members(), with email_keys and household_key.
create function postrider.told_row(
  p_before postrider.recipient,
  p_told jsonb
) returns table (
  email text,
  other_emails text[],
  email_key text,
  first_name text,
  last_name text,
  merge jsonb,
  line1 text,
  line2 text,
  city text,
  region text,
  postal_code text,
  country text,
  household_key text
) language sql stable
begin atomic
  select t.email, t."otherEmails", t.email_keys[1], t."firstName", t."lastName",
    coalesce(t.merge, '{}'),
    case when t.line1 is null then (p_before).line1 else t.line1 end,
    case when t.line1 is null then (p_before).line2 else t.line2 end,
    case when t.line1 is null then (p_before).city else t.city end,
    case when t.line1 is null then (p_before).region else t.region end,
    case when t.line1 is null then (p_before).postal_code else t."postalCode" end,
    case when t.line1 is null then (p_before).country else t.country end,
    case when t.line1 is null then (p_before).household_key else t.household_key end
  from jsonb_to_record(p_told) as t (
    email text, "otherEmails" text[], email_keys text[], "firstName" text, "lastName" text,
    line1 text, line2 text, city text, region text, "postalCode" text, country text, merge jsonb,
    household_key text);
end;
