-- Whether addresses can be mailed: the one rule, for lists, the library, look-ups and enrichers.

-- Writes addresses as the post wants them, and says what is wrong with each: the field, its value,
-- and why. A state's name becomes its code, and a territory a state of its country. fault is null
-- where nothing is wrong, and where there is no address.
-- All of them at once, by hash: one by one, each would read the countries again (500 took 700 ms).
-- p_addresses: [{line1, line2, city, region, postalCode, country}]. n: the place in it, from 1.
-- p_longest_line: of what the campaign prints, in letters; null: any.
create function postrider.postal_addresses(
  p_addresses jsonb,
  p_longest_line int
) returns table (
  n bigint,
  region text,
  country text,
  fault text
) language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
  with written as materialized (
    select
      x.n, x.line1, x.line2, x.city, x."postalCode" as postal_code,
      upper(postrider.trimmed(x.country) collate "C") as country,
      nullif(postrider.trimmed(x.region), '') as region,
      upper(regexp_replace(x."postalCode", '[^A-Za-z0-9]', '', 'g') collate "C") as digits
    from rows from (
      jsonb_to_recordset(p_addresses) as (
        line1 text, line2 text, city text, region text, "postalCode" text, country text))
      with ordinality as x (line1, line2, city, region, "postalCode", country, n)
    where x.line1 is not null
  ), at_home as materialized (
    select
      a.n, a.line1, a.line2, a.city, a.postal_code, a.digits,
      coalesce(w.part_of, a.country) as country,
      case when w.part_of is null then a.region else w.code end as region
    from written a
    left join postrider.country w on w.code = a.country
  ), folded as materialized (
    select
      h.*,
      upper(regexp_replace(
        normalize(h.region, nfd), '[^A-Za-z]', '', 'g') collate "C") as region_name
    from at_home h
  )
  select
    f.n,
    coalesce(r.code, f.region),
    f.country,
    case
      when c.code is null
        then format('country: %s is no country (ISO 3166)', left(f.country, 40))
      when btrim(f.line1) = '' then 'line1: it is blank'
      when coalesce(btrim(f.city), '') = '' then 'city: it is blank'
      when c.needs_region and f.region is null
        then format('region: it is blank, and mail to %s needs the %s', c.code, c.region_word)
      when c.region_word is not null and f.region is not null and r.code is null
        then format('region: %s is no %s of %s', left(f.region, 40), c.region_word, c.code)
      when c.needs_postal_code and f.digits = ''
        then format('postal_code: it is blank, and mail to %s needs one', c.code)
      when f.digits <> '' and f.digits !~ c.postal_code
        then format('postal_code: %s is no postal code of %s', left(f.postal_code, 40), c.code)
      when r.code is not null and not f.digits like any (r.postal_codes)
        then format('postal_code: %s is not in %s', f.postal_code, r.name)
      when greatest(length(f.line1), length(f.line2), length(f.city)) > p_longest_line
        then (
          select format('%s: %s letters, and a card of this format prints %s in a line',
            l.name, l.letters, p_longest_line)
          from (values
            (1, 'line1', length(f.line1)),
            (2, 'line2', length(f.line2)),
            (3, 'city', length(f.city))) as l (place, name, letters)
          where l.letters > p_longest_line
          order by l.place
          limit 1)
    end
  from folded f
  left join postrider.country c on c.code = f.country
  left join postrider.region_name s on s.country = f.country and s.name = f.region_name
  left join postrider.region r on r.country = s.country and r.code = s.code;
end $$;

-- Says of each address what keeps it from being mailed, and the key of its household, as a sync
-- would have them.
-- p_addresses, p_longest_line: as in postal_addresses(). Rows in their order.
create function postrider.judge_addresses(
  p_addresses jsonb,
  p_longest_line int
) returns table (
  fault text,
  household_key text
) language plpgsql stable security definer as $$
#variable_conflict use_column
begin
  perform postrider.require_list('the addresses', jsonb_typeof(p_addresses));
  return query
  select
    a.fault,
    postrider.household_key(
      g.line1, g.line2, g."postalCode", coalesce(a.country, g.country))
  from rows from (
    jsonb_to_recordset(p_addresses) as (
      line1 text, line2 text, "postalCode" text, country text))
    with ordinality as g (line1, line2, "postalCode", country, n)
  left join postrider.postal_addresses(p_addresses, p_longest_line) a on a.n = g.n
  order by g.n;
end $$;
