-- The parts of an address outside of the countries that write in English. The street is the line
-- with a kind of street, or with a name and a number; all other lines follow, wherever they stood.
-- Nothing is dropped but words that say no more than "number" or "flat".

-- Finds the number of the house among the words of a street; null where there is none.
create function postrider.place_of_number(
  p_words text[],
  p_marks text[],
  p_language text
) returns int language plpgsql immutable parallel safe as $$
declare
  v_first int;
  v_named boolean := false;
begin
  for n in 1 .. cardinality(p_words) loop
    if not postrider.is_number(p_words[n]) then
      v_named := v_named or p_marks[n] is null or p_marks[n] = 'K';
    elsif v_named and postrider.is_of_a_name(p_words[n + 1]) and n < cardinality(p_words) - 1 then
      v_first := coalesce(v_first, n);
    elsif v_named or postrider.is_number_first(p_language) then
      return n;
    else
      v_first := coalesce(v_first, n);
    end if;
  end loop;
  return v_first;
end $$;

-- Writes a street in one way, from its words: abbreviations as whole words. spelling: as it stands
-- then. street: without what people leave out or write in several ways; equal ones are possibly
-- one.
create function postrider.write_street(
  p_words text[],
  p_language text,
  out street text,
  out spelling text
) language plpgsql immutable parallel safe as $$
declare
  c_names constant jsonb := postrider.street_name_words(p_language);
  c_loose constant jsonb := postrider.loose_street_words(p_language);
  c_kinds constant jsonb := postrider.street_kinds(p_language);
  v_words text[] := case when p_words[1] = '' then p_words[2:] else p_words end;
  v_last int := cardinality(v_words);
  v_word text := v_words[v_last];
begin
  if c_names is not null then
    for n in 1 .. v_last loop
      v_words[n] := coalesce(c_names ->> v_words[n], v_words[n]);
    end loop;
    for n in 1 .. 4 loop
      if length(v_word) > n + 2 and c_names ->> (right(v_word, n) || '-') is not null then
        v_words[v_last] := left(v_word, -n) || (c_names ->> (right(v_word, n) || '-'));
      end if;
    end loop;
  end if;
  if p_language in ('RU', 'UA') and v_last > 1
    and c_kinds ->> v_words[v_last] is not null
  then
    -- "Ленина ул."
    v_words := (c_kinds ->> v_words[v_last]) || v_words[:v_last - 1];
  end if;
  spelling := array_to_string(v_words, ' ');
  if p_language = 'DE' and v_last = 2 and v_words[2] in ('STRASSE', 'PLATZ', 'WEG', 'GASSE')
    and v_words[1] ~ '^[A-Z]{4,}$' and v_words[1] !~ '(E|E[RNSM]|M)$'
  then
    -- "Haupt Str.": two words are written where the first one is declined, as in "Neue Str.", or is
    -- the name of a place, as in "Berliner Str.". Here it is neither.
    spelling := v_words[1] || v_words[2];
  end if;
  if c_loose is not null then
    for n in 1 .. v_last loop
      v_words[n] := coalesce(c_loose ->> v_words[n], v_words[n]);
    end loop;
  end if;
  street := array_to_string(v_words, '');
  if p_language = 'DE' then
    street := replace(replace(replace(street, 'AE', 'A'), 'OE', 'O'), 'UE', 'U');
  end if;
  if street = '' then
    street := spelling;
  end if;
end $$;

-- Reads the number of a house: its figures, and what makes it another house of these, as units:
-- the letter, "bis", the second number of a range. What a slash divides, and in some languages a
-- hyphen, is a flat: words of others.
create function postrider.read_house_number(
  p_number text,
  p_letter text,
  p_language text,
  out number text,
  out units text,
  out others text[]
) language plpgsql immutable parallel safe as $$
declare
  c_flats_by_hyphen constant text[] := '{RU,UA,NL,JP,CN,KR,LT,LV,EE}';
  v_figures text := substring(p_number from '^[0-9]+');
  v_tail text := substr(p_number, length(v_figures) + 1);
  v_letter text;
  v_part text;
begin
  others := '{}';
  if v_figures is null then
    number := p_number;
    return;
  end if;
  number := coalesce(nullif(ltrim(v_figures, '0'), ''), '0');
  v_letter := coalesce(nullif(split_part(translate(v_tail, '/', '-'), '-', 1), ''), p_letter);
  if v_letter is not null then
    -- "5 bis" may be "5B". A Greek and a Latin A are one.
    v_letter := translate(v_letter, 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХ', 'ABEZHIKMNOPTYXABEKMHOPCTYX');
    units := case
      when v_letter in ('BIS', 'TER', 'QUATER') then left(v_letter, 1) || ',' || v_letter
      else v_letter
    end;
  end if;
  if strpos(v_tail, '-') > 0 or strpos(v_tail, '/') > 0 then
    v_tail := replace(replace(v_tail, '-', ' -'), '/', ' /');
    foreach v_part in array string_to_array(substr(v_tail, strpos(v_tail, ' ') + 1), ' ') loop
      if left(v_part, 1) = '-' and p_language <> all (c_flats_by_hyphen)
        or left(v_part, 1) = '/' and p_language in ('RU', 'UA')
      then
        units := concat_ws(',', units, left(v_part, 1) || ' ' || substr(v_part, 2));
      else
        others := others || substr(v_part, 2);
      end if;
    end loop;
  end if;
end $$;

-- Divides an address of a country that does not write in English. p_text: folded.
create function postrider.address_elsewhere(
  p_text text,
  p_country text,
  out number text,
  out street text,
  out spelling text,
  out units text,
  out others text
) language plpgsql immutable parallel safe as $$
declare
  c_language constant text := postrider.address_language(p_country, p_text);
  v_words text[];
  v_marks text[];
  v_street int;
  v_number int;
  v_next int;
  v_from int := 1;
  v_letter text;
  v_flats text[] := '{}';
  v_found record;
begin
  v_found := postrider.mark_words(postrider.write_signs(p_text, c_language), c_language);
  if cardinality(v_found.starts) > 1 then
    v_found := postrider.street_before_others(
      v_found.words, v_found.marks, v_found.starts, c_language);
    v_street := v_found.of_street;
  else
    v_street := cardinality(v_found.words);
  end if;
  v_words := v_found.words;
  v_marks := v_found.marks;

  v_number := postrider.place_of_number(v_words[:v_street], v_marks[:v_street], c_language);
  if v_number is null then
    v_street := postrider.end_of_street(v_words[:v_street], v_marks, 1, c_language);
    v_next := v_street + 1;
  else
    v_next := v_number + 1;
    -- "5 A", and not the D of "5 D 3" in Turkey, nor the C of "5A-C".
    if v_next <= v_street
      and strpos('0123456789', right(v_words[v_number], 1)) > 0
      and (v_words[v_next] in ('BIS', 'TER', 'QUATER')
        or length(v_words[v_next]) = 1 and not postrider.is_number(v_words[v_next])
          and v_marks[v_next] is distinct from 'K'
          and not (v_marks[v_next] is not null and postrider.is_number(v_words[v_next + 1])))
    then
      v_letter := v_words[v_next];
      v_next := v_next + 1;
    end if;
    v_found := postrider.read_house_number(v_words[v_number], v_letter, c_language);
    number := v_found.number;
    units := v_found.units;
    v_flats := v_found.others;
    if array_to_string(v_marks[:v_number - 1], '') in ('', '#') and v_number <= 2
      and v_next <= v_street and (v_number = 1 or v_marks[1] = '#')
    then
      -- The number stands before the street.
      v_from := v_next;
      v_street := postrider.end_of_street(v_words[:v_street], v_marks, v_from, c_language);
      v_next := v_street + 1;
    else
      v_street := v_number - 1;
    end if;
  end if;
  v_found := postrider.write_street(
    v_words[v_from : v_street - (v_marks[v_street] is not distinct from '#')::int], c_language);
  street := v_found.street;
  spelling := v_found.spelling;
  spelling := nullif(spelling, street);
  others := postrider.read_others(
    v_flats || v_words[v_next:],
    array_fill(null::text, array[cardinality(v_flats)]) || v_marks[v_next:]);
  if number is null and street = '' and others = '' then
    -- Nothing but a word for "number".
    street := p_text;
  end if;
end $$;
