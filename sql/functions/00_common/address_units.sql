-- The units of an address: apartments, flats, floors, suites, rooms.

-- Takes the units out of the words of a line. A word announces a unit at the beginning of a line,
-- and after a number and a name: the street of "12 Front St" is no unit. Returns the words that are
-- left, and the units, each with its kind. named: those of the kind # with the first letter of the
-- word that announced them.
create function postrider.split_units(
  p_words text[],
  out rest text[],
  out units text[],
  out named text[]
) language plpgsql immutable parallel safe as $$
declare
  c_words constant int := cardinality(p_words);
  v_at int := 1;
  v_kind text;
  v_value text;
  v_next int;
begin
  rest := '{}';
  units := '{}';
  named := '{}';
  while v_at <= c_words loop
    v_kind := postrider.unit_kind(p_words[v_at]);
    -- "Apt Basement": what kind it is, the next word says.
    if v_kind = '#' and cardinality(rest) <> 1
      and postrider.unit_kind(p_words[v_at + 1]) in ('BSMT', 'REAR', 'FRNT', 'UPPR', 'LOWR')
    then
      v_at := v_at + 1;
      continue;
    end if;
    if v_kind is null and p_words[v_at] ~ '^[0-9]+(ST|ND|RD|TH)?$'
      and postrider.unit_kind(p_words[v_at + 1]) = 'FL'
      and (v_at + 1 = c_words or postrider.unit_kind(p_words[v_at + 2]) is not null)
    then
      -- "2nd Floor" at the end.
      units := units || ('FL ' || substring(p_words[v_at] from '^[0-9]+'));
      v_at := v_at + 2;
      continue;
    end if;
    if v_kind is not null and (cardinality(rest) = 0 or cardinality(rest) >= 2) then
      select u.value, u.next
      into v_value, v_next
      from postrider.unit_value(p_words, v_at, v_kind, cardinality(rest) = 0) u;
      if v_value is not null then
        units := units || btrim(v_kind || ' ' || v_value);
        if v_kind = '#' then
          named := named || (translate(left(p_words[v_at], 1), 'N', '#') || ' ' || v_value);
        end if;
        v_at := v_next;
        if v_value = '' and v_at = c_words and postrider.unit_kind(p_words[v_at]) = 'FL' then
          -- "Lower Level"
          v_at := v_at + 1;
        end if;
        continue;
      end if;
    end if;
    rest := rest || p_words[v_at];
    v_at := v_at + 1;
  end loop;
end $$;

-- Reads the value of the unit that the word at p_at announces, and where the words go on. A kind
-- such as a basement needs none: the value is empty then. Null: that word is no unit.
-- p_begins: nothing stands before it. A number that follows the value is the house's then.
create function postrider.unit_value(
  p_words text[],
  p_at int,
  p_kind text,
  p_begins boolean,
  out value text,
  out next int
) language plpgsql immutable parallel safe as $$
declare
  c_words constant int := cardinality(p_words);
  c_numbers constant text[] := '{ONE,TWO,THREE,FOUR,FIVE,SIX,SEVEN,EIGHT,NINE,TEN,ELEVEN,TWELVE}';
begin
  value := '';
  next := p_at + 1;
  -- "Suite #200", "Apt No 4"
  while next <= c_words and postrider.unit_kind(p_words[next]) = '#' loop
    next := next + 1;
  end loop;
  -- "Rear 12 Elm St"
  if p_begins and p_kind in ('BSMT', 'FRNT', 'REAR', 'UPPR', 'LOWR', 'SIDE')
    and next + 1 < c_words and p_words[next] ~ '^[0-9]'
    and p_words[next + 1] !~ '^[0-9]' and postrider.unit_kind(p_words[next + 1]) is null
  then
    return;
  end if;
  while next <= c_words
    and not (
      p_begins and value <> '' and next < c_words
      and postrider.unit_kind(p_words[next + 1]) is null)
    and (
      p_words[next] ~ '^([0-9]+[A-Z]{0,2}|[A-Z]{1,2}[0-9]+|[0-9/]+|[A-Z]|[0-9]F[0-9]+)$'
      or value = '' and next = c_words and p_words[next] <> all (c_numbers)
        and p_kind in ('#', 'BLDG', 'TOWER', 'WING', 'DEPT'))
  loop
    -- "4-B" is 4B, but "4-12" is not 412.
    value := value
      || case
        when value <> '' and value ~ '[0-9]$' and p_words[next] ~ '^[0-9]' then '-'
        else ''
      end
      || p_words[next];
    next := next + 1;
  end loop;
  value := regexp_replace(value, '^0+(?=[0-9A-Z])', '');
  if value = '' and p_kind = '#' and p_words[next] = any (c_numbers) then
    -- "Flat Two"
    value := array_position(c_numbers, p_words[next]);
    next := next + 1;
  end if;
  if value = '' and not (
    p_kind in ('BSMT', 'FRNT', 'REAR', 'UPPR', 'LOWR', 'LBBY', 'OFC', 'PH', 'SIDE')
    and (next > c_words or postrider.unit_kind(p_words[next]) is not null))
  then
    value := null;
  end if;
end $$;

-- Marks flats that a floor names, and those of Scotland: "First Floor Flat", "GFF", "2/1", "2F1".
-- p_text: abbreviated, with a comma before it.
create function postrider.mark_british_flats(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  c_floor constant text := '((?:(?:LOWER|UPPER) )?(?:BASEMENT|GDN|GROUND|TOP|1ST|2ND|3RD|4TH|5TH'
    || '|LOWER|UPPER|FRONT|REAR|ATTIC))(?: (?:FLOOR|FLR|FL))?';
  v_text text := p_text;
begin
  if v_text like '% , _FF %' then
    -- "GFF 12 High St": the flat on the ground floor.
    v_text := regexp_replace(v_text, '(?<= , )GFF(?= )', 'GROUND FLOOR FLT', 'g');
    v_text := regexp_replace(v_text, '(?<= , )FFF(?= )', '1ST FLOOR FLT', 'g');
    v_text := regexp_replace(v_text, '(?<= , )SFF(?= )', '2ND FLOOR FLT', 'g');
    v_text := regexp_replace(v_text, '(?<= , )TFF(?= )', 'TOP FLOOR FLT', 'g');
    v_text := regexp_replace(v_text, '(?<= , )BFF(?= )', 'BASEMENT FLT', 'g');
  end if;
  if v_text like any (array['%/%', '% , _F_ ,%', '% , _F_']) then
    -- "2F1" in Edinburgh: the first flat on the second floor.
    v_text := regexp_replace(v_text,
      '(?<= , )([0-9]+/[0-9]+|[0-9PGB]F[0-9]+)(?= ,|$)', '# \1', 'g');
  end if;
  if v_text like any (array[
    '%FLT%', '%APT%', '%APARTMENT%', '%MAISONETTE%', '%FLOOR%'])
    and v_text like any (array[
      '%BASEMENT%', '%GDN%', '%GROUND%', '%TOP%', '%1ST%', '%2ND%', '%3RD%', '%4TH%', '%5TH%',
      '%LOWER%', '%UPPER%', '%FRONT%', '%REAR%', '%ATTIC%'])
  then
    v_text := regexp_replace(v_text, '(?<= , )' || c_floor || '(?<=FLOOR)(?= ,|$)', '# \1', 'g');
    v_text := regexp_replace(v_text,
      '(?<= , )' || c_floor || ' (?:FLT|APARTMENT|APT|MAISONETTE)(?= ,|$| [0-9])',
      '# \1 , ', 'g');
    v_text := regexp_replace(v_text,
      '(?<= , )(?:FLT|APARTMENT|APT) ' || c_floor || '(?= ,|$)', '# \1 , ', 'g');
    -- The value of a unit is one word.
    v_text := regexp_replace(v_text, '# (LOWER|UPPER) (?=GROUND|BASEMENT|GDN)', '# \1', 'g');
  end if;
  return v_text;
end $$;

-- Marks the units that a country writes in a way of its own by a number sign: "4-12 Elm St" in
-- Canada, "4/12 Elm St" in Australia, "First Floor Flat" in Britain. p_text: abbreviated, with a
-- comma before it.
create function postrider.mark_units(
  p_text text,
  p_country text
) returns text language plpgsql immutable parallel safe as $$
declare
  v_text text := p_text;
begin
  if p_country = 'CA' then
    v_text := postrider.write_in_english(v_text);
    if translate(v_text, '123456789', '000000000') like any (array[
      '%0 0% AVE%', '%0 0% ST%', '%0 - 0% AVE%', '%0 - 0% ST%'])
    then
      -- "4 1234 17 Ave SW"
      v_text := regexp_replace(v_text,
        '(?<= , )([0-9]+[A-Z]?) ([0-9]+)(?= [0-9]+(?:ST|ND|RD|TH)? (?:AVE|ST)(?: |$))',
        '# \1 , \2', 'g');
      -- "1234 - 17 Avenue SW" in Calgary is number 1234 of 17th Avenue.
      v_text := regexp_replace(v_text,
        '(?<= , )([0-9]+) - ([0-9]+)(?= (?:AVE|ST)(?: [NS]?[EW]| [NS])?(?: ,| #|$))', '\1 \2');
    end if;
    return case
      when v_text like '% - %'
        then regexp_replace(v_text,
          '(?<= , )(?:# )?([0-9A-Z]+) - ([0-9]+[A-Z]?)(?= )', '# \1 , \2', 'g')
      else v_text
    end;
  elsif p_country in ('AU', 'NZ', 'GB', 'IE', 'GG', 'JE', 'IM') then
    if v_text like '%/%' and p_country not in ('AU', 'NZ') then
      -- "3/2 10 Elm Rd"; the ground floor is G or 0.
      v_text := regexp_replace(v_text, '(?<= )G/(?=[0-9])', '0/', 'g');
      v_text := regexp_replace(v_text,
        '(?<= , )([0-9]+/[0-9]+)(?= [0-9]+[A-Z]? [^ ,])', '# \1 , ', 'g');
    end if;
    if v_text like '%/%' then
      v_text := regexp_replace(v_text,
        '(?<= , )(?:U|UNIT|APT|FLT|SHOP|VILLA)? ?([0-9]+[A-Z]?|[A-Z]) ?/ ?([0-9]+[A-Z]?)(?= [^ ,])',
        '# \1 , \2', 'g');
    end if;
    if v_text like '% , U%' then
      v_text := regexp_replace(v_text,
        '(?<= , )U ?([0-9]+[A-Z]?)(?: ,)? ([0-9]+[A-Z]?)(?= [^ ,])', '# \1 , \2', 'g');
    end if;
    if v_text like '% , THE %' then
      v_text := regexp_replace(v_text,
        '(?<= , )THE (?=[^ ,]+ [^ ,]|MAISONETTE|ANNEXE|ANX|STUDIO|STABLES)', '', 'g');
    end if;
  end if;
  return case
    when p_country in ('GB', 'IE', 'GG', 'JE', 'IM') then postrider.mark_british_flats(v_text)
    else v_text
  end;
end $$;
