-- The street of an address: its number, directionals, name and suffix, and where it ends.

-- Writes a number as an ordinal: 42 and 42D as 42ND.
create function postrider.ordinal(p_number text) returns text
language sql immutable parallel safe
return rtrim(p_number, 'D') || case
  when p_number ~ '1[123]D?$' then 'TH'
  when p_number ~ '1D?$' then 'ST'
  when p_number ~ '2D?$' then 'ND'
  when p_number ~ '3D?$' then 'RD'
  else 'TH'
end;

-- Divides the words of a street into number, directionals, name and suffix.
create function postrider.split_street(
  p_words text[],
  out number text,
  out predirectional text,
  out street text,
  out suffix text,
  out postdirectional text
) language plpgsql immutable parallel safe as $$
declare
  c_directionals constant text[] := '{N,S,E,W,NE,NW,SE,SW}';
  v_words text[] := p_words;
begin
  if v_words[1] ~ '^[0-9]' then
    number := regexp_replace(v_words[1], '^0+(?=.)', '');
    v_words := v_words[2:];
    if v_words[1] ~ '^[0-9]+/[0-9]+$' then
      number := number || ' ' || v_words[1];
      v_words := v_words[2:];
    elsif v_words[1] ~ '^[A-Z]$' and v_words[1] <> all (c_directionals)
      and number ~ '^[0-9]+$' and cardinality(v_words) >= 3
      -- "12 A Avenue" has a letter for a name, "12 A rue Foch" has none.
      and (not postrider.is_street_suffix(v_words[2])
        or v_words[2] = 'RUE' and not postrider.is_street_suffix(v_words[cardinality(v_words)]))
      and (v_words[1] <> 'O' or length(v_words[2]) < 3)
    then
      number := number || v_words[1];
      v_words := v_words[2:];
    end if;
  end if;
  if cardinality(v_words) >= 2 and v_words[cardinality(v_words)] = any (c_directionals) then
    postdirectional := v_words[cardinality(v_words)];
    v_words := v_words[:cardinality(v_words) - 1];
  end if;
  -- "100 E St": there E is the name.
  if cardinality(v_words) >= 2 and v_words[1] = any (c_directionals)
    and not (cardinality(v_words) = 2 and postrider.is_street_suffix(v_words[2]))
  then
    predirectional := v_words[1];
    v_words := v_words[2:];
  end if;
  if v_words[1] = 'O' and length(v_words[2]) > 2 and not postrider.is_street_suffix(v_words[2]) then
    -- "12 O Brien St"
    v_words := ('O' || v_words[2]) || v_words[3:];
  end if;
  if cardinality(v_words) >= 2 and postrider.is_street_suffix(v_words[cardinality(v_words)]) then
    suffix := v_words[cardinality(v_words)];
    v_words := v_words[:cardinality(v_words) - 1];
  end if;
  -- "42 St" is 42nd Street, and "36.1 Rd" is none.
  if suffix is not null and v_words[1] <> 'HWY'
    and strpos('0123456789', left(v_words[cardinality(v_words)], 1)) > 0
    and v_words[cardinality(v_words)] ~ '^[0-9]+D?$'
    and coalesce(v_words[cardinality(v_words) - 1], 'A') !~ '^[0-9]'
  then
    v_words[cardinality(v_words)] := postrider.ordinal(v_words[cardinality(v_words)]);
  end if;
  street := array_to_string(v_words, ' ');
  if suffix = 'ST' and postdirectional is null and street ~ '^[0-9]+ [NSEW]$' then
    -- "842 E 1700 South St" is a street of a grid, as "842 E 1700 S".
    postdirectional := right(street, 1);
    street := left(street, -2);
    suffix := null;
  end if;
end $$;

-- Finds the word by which the street of a line ends, if other words follow: "12 Elm St Boston MA"
-- ends by its third. A suffix at the end of the line is the street's: "12 Elm Street Court".
create function postrider.end_of_line(p_words text[]) returns int
language plpgsql immutable parallel safe as $$
declare
  c_words constant int := cardinality(p_words);
  c_directionals constant text[] := '{N,S,E,W,NE,NW,SE,SW}';
  c_suffixes constant text[] := '{ST,AVE,RD,DR,LN,BLVD,CT,PL,CIR,WAY,TER,PKWY}';
  v_next int;
begin
  if c_words < 4 or p_words[1] !~ '^[0-9]' or p_words[c_words] = any (c_directionals)
    or postrider.is_street_suffix(p_words[c_words])
  then
    return c_words;
  end if;
  for n in 3 .. c_words - 1 loop
    if p_words[n] = any (c_suffixes)
      and (n > 3 or p_words[2] <> all (c_directionals))
    then
      v_next := n + 1;
      if p_words[v_next] = any (c_directionals) then
        v_next := v_next + 1;
      end if;
      -- "County Road 12" has a number for a name.
      if v_next <= c_words and length(p_words[v_next]) > 1 and p_words[v_next] !~ '^[0-9]'
        and p_words[v_next] not in ('OF', 'DE', 'AND', 'DU', 'THE')
      then
        return v_next - 1;
      end if;
    end if;
  end loop;
  return c_words;
end $$;
