-- What stands beside street and number outside of the countries that write in English.

-- Reads the unit at a place: its kind, empty where the value alone counts and null where it is
-- none, its value, and where the words go on.
create function postrider.read_unit(
  p_words text[],
  p_marks text[],
  p_at int,
  out kind text,
  out value text,
  out next int
) language plpgsql immutable parallel safe as $$
declare
  c_mark constant text := p_marks[p_at];
  c_kind constant text := left(c_mark, 1);
begin
  value := p_words[p_at];
  next := p_at + 1;
  if value = ',' or c_mark = '!' and p_at = 1 then
    kind := ',';
    return;
  elsif c_kind in ('=', '<') and p_marks[next] = '#' and postrider.is_number(p_words[next + 1]) then
    -- "apto. nº 12"
    kind := substr(c_mark, 2);
    next := next + 1;
  elsif c_kind in ('=', '<') and postrider.is_unit_value(p_words[next]) then
    kind := substr(c_mark, 2);
  elsif c_mark = '@' and postrider.is_number(p_words[next]) then
    kind := 'BOX';
  elsif c_mark = 'S' and postrider.is_number(p_words[next])
    and left(p_marks[next + 1], 1) is distinct from '<'
  then
    -- "Hinterhaus 2"
    kind := value;
  elsif left(p_marks[next], 1) = '<' and postrider.is_number(value) then
    -- "3e étage"
    kind := substr(p_marks[next], 2);
    value := regexp_replace(ltrim(value, '0'), '(?<=[0-9])(E|EME|IEME|ER|ERE|O|A)$', '');
    next := next + 1;
    return;
  end if;
  if kind is not null then
    value := p_words[next];
    next := next + 1;
  end if;
  if postrider.is_number(value) and value <> 'SN' then
    value := ltrim(value, '0');
    if coalesce(kind, '') = '' and value !~ '^[0-9]*$' then
      value := regexp_replace(value, '[-/]|(?<=[0-9])(?=[A-Z])', ' ', 'g');
    end if;
  end if;
end $$;

-- Reads what stands beside street and number: flats and floors by their kind and other words as
-- they follow each other, in any order; numbers and letters without a kind with their place, so
-- that "5/2" may be "5/2/4", and "5/2/4" is not "5/4/2". A comma divides lines.
create function postrider.read_others(
  p_words text[],
  p_marks text[]
) returns text language plpgsql immutable parallel safe as $$
declare
  c_words constant int := cardinality(p_words);
  v_found text[] := '{}';
  v_kinds text[] := '{}';
  v_run text;
  v_unit record;
  v_value text;
  v_place int := 0;
  v_at int := 1;
begin
  if c_words = 0 then
    return '';
  end if;
  while v_at <= c_words loop
    v_value := p_words[v_at];
    v_unit := postrider.read_unit(p_words, p_marks, v_at);
    if v_unit.kind is null and v_value <> ','
      and (length(v_value) > 1 or left(v_run, 1) = '~') and not postrider.is_number(v_value)
      and p_marks[v_at] is distinct from 'S'
    then
      -- A name, which goes on.
      v_run := coalesce(v_run || ' ', '') || case
        when left(p_marks[v_at], 1) = '~' and v_run is null then '~'
        else ''
      end || coalesce(nullif(substr(p_marks[v_at], 2), ''), v_value);
      v_at := v_at + 1;
      continue;
    end if;
    v_found := v_found || ltrim(v_run, '~');
    v_run := null;
    v_at := v_unit.next;
    if v_unit.kind = ',' then
      continue;
    elsif v_unit.kind <> '' and v_unit.kind <> all (v_kinds) then
      v_kinds := v_kinds || v_unit.kind;
      v_found := v_found || (v_unit.kind || ' ' || v_unit.value);
    elsif p_marks[v_at - 1] = 'S' and v_unit.kind is null then
      v_found := v_found || v_value;
    else
      -- "2A" is "2 A".
      foreach v_value in array string_to_array(
        concat_ws(' ', nullif(v_unit.kind, ''), v_unit.value), ' ')
      loop
        v_place := v_place + 1;
        v_found := v_found || (v_place || ' ' || v_value);
      end loop;
    end if;
  end loop;
  v_found := v_found || ltrim(v_run, '~');
  return array_to_string(array(
    select distinct f.found collate "C"
    from unnest(v_found) as f (found)
    where f.found is not null
    order by 1), ',');
end $$;
