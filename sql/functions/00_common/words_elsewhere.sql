-- The words of an address outside of the countries that write in English: what each means, and
-- which line is the street.

-- Says whether a word begins with a figure. "s/n" is the number of houses that have none.
create function postrider.is_number(p_word text) returns boolean
language sql immutable parallel safe
return strpos('0123456789', left(nullif(p_word, ''), 1)) > 0 or p_word = 'SN';

-- Says whether a word can be the value of a flat or a floor: a number, a letter, a Roman number.
create function postrider.is_unit_value(p_word text) returns boolean
language sql immutable parallel safe
return p_word <> ',' and (length(p_word) = 1 or postrider.is_number(p_word)
  or length(p_word) <= 3 and translate(p_word, 'IVX0123456789', '') in ('', 'A', 'B', 'C', 'D'));

-- Says whether a number that stands before a word is of a name: "ul. 3 Maja", "1-я Советская ул.".
create function postrider.is_of_a_name(p_word text) returns boolean
language sql immutable parallel safe
return p_word = any ('{JANUAR,FEBRUAR,MARZ,MAERZ,APRIL,MAI,JUNI,JULI,AUGUST,OKTOBER,NOVEMBER,DE,MAJA
  ,LISTOPADA,STYCZNIA,LIPCA,GRUDNIA,CZERWCA,KWIETNIA,SIERPNIA,MAGGIO,APRILE,SETTEMBRE,GIUGNO
  ,NOVEMBRE,MARZO,DECEMBRIE,MAYIS,EKIM,NISAN,KASIM
  ,МАЯ,МАРТА,ОКТЯБРЯ,ИЮЛЯ,ЛЕТ,Я,Й,ГО,ЛЕТИЯ,РОКІВ,БЕРЕЗНЯ
  ,ТРАВНЯ,ΟΚΤΩΒΡΙΟΥ,ΜΑΡΤΙΟΥ}'::text[]);

-- Says whether the number stands before the street in a language.
create function postrider.is_number_first(p_language text) returns boolean
language sql immutable parallel safe
return p_language in ('FR', 'VN', 'TH', 'KH', 'LA', 'MM');

-- Writes the signs of a folded address in one way: hyphens and slashes stay between figures only.
create function postrider.write_signs(
  p_text text,
  p_language text
) returns text language plpgsql immutable parallel safe as $$
declare
  -- As one word: the C would be the letter of a number.
  v_text text := replace(' ' || p_text, ' C/O ', ' CO ');
begin
  v_text := ltrim(replace(v_text, ' C O ', ' CO '));
  if p_language = 'JP' or p_language = 'CN' or p_language = 'KR' then
    v_text := postrider.write_east_asian(v_text, p_language);
  elsif p_language = 'DE' then
    if strpos(v_text, '-STR') > 0 then
      -- "Goethe-Straße" is "Goethestraße"; "Karl-Marx-Straße" has words.
      v_text := regexp_replace(v_text,
        '(?<=(?:^|[ ,])[^-, ]+)-STR(?:ASSE)?(?=[ ,]|$)', 'STRASSE', 'g');
    end if;
    if strpos('0123456789 ', substr(v_text, 2, 1)) > 0
      and v_text ~ '^[A-U] ?[0-9]{1,2}(?= |$)'
    then
      -- "Q 7, 12" in Mannheim: the block, and its house.
      v_text := regexp_replace(v_text, '^([A-U]) ?([0-9])', '\1\2');
    elsif v_text like any (array['PF %', '%, PF %', '%POSTF%']) then
      -- "PF 12 34" is Postfach 1234: the post writes it in pairs of figures.
      v_text := regexp_replace(v_text,
        '(?<=(?:POSTFACH|PF|POSTF) [0-9 ]*[0-9]) (?=[0-9])', '', 'g');
    end if;
  elsif p_language in ('ES', 'PT', 'IT', 'GR', 'RO') then
    v_text := replace(v_text, ' - ', ' , ');
    v_text := replace(v_text, 'R/C', 'RC');
  elsif p_language = 'NL' and v_text ~ '[0-9][- ]I' then
    -- The second floor of Damstraat 5 is 5-II.
    v_text := regexp_replace(v_text, '(?<=[0-9][- ])III(?= |$)', '3');
    v_text := regexp_replace(v_text, '(?<=[0-9][- ])II(?= |$)', '2');
    v_text := regexp_replace(v_text, '(?<=[0-9][- ])I(?= |$)', '1');
  elsif p_language in ('RU', 'UA') then
    v_text := regexp_replace(v_text, '(?<= [0-9]+[А-Я]?)([КС])(?=[0-9])', ' \1 ', 'g');
  end if;
  if strpos(v_text, '-') = 0 and strpos(v_text, '/') = 0 and strpos(v_text, '#') = 0 then
    return btrim(replace(v_text, '  ', ' '));
  end if;
  v_text := regexp_replace(v_text, '(?<=[0-9][A-Z]?) ?([-/]) ?(?=[0-9])', '\1', 'g');
  v_text := regexp_replace(v_text, '(?<![0-9][A-Z]?)[-/]|[-/](?![0-9])', ' ', 'g');
  v_text := replace(v_text, '#', ' NO ');
  return btrim(regexp_replace(v_text, ' +', ' ', 'g'));
end $$;

-- Divides a folded address into words, says of each what it means, and where lines begin.
-- A kind of street counts at the beginning of a line, also behind a number; its mark is K, and the
-- word is its whole form. Other marks: address_terms(), and S for a word that has several forms.
create function postrider.mark_words(
  p_text text,
  p_language text,
  out words text[],
  out marks text[],
  out starts int[]
) language plpgsql immutable parallel safe as $$
declare
  c_kinds constant jsonb := postrider.street_kinds(p_language);
  c_terms constant jsonb := postrider.address_terms(p_language);
  c_common constant jsonb := postrider.common_address_terms();
  c_words constant text[] := string_to_array(p_text, ' ');
  v_line_begins boolean := true;
  v_begins boolean := true;
  v_at int := 1;
  v_word text;
  v_two text;
  v_mark text;
begin
  words := '{}';
  marks := '{}';
  starts := '{}';
  while v_at <= cardinality(c_words) loop
    v_word := c_words[v_at];
    v_at := v_at + 1;
    if v_word = ',' then
      v_begins := true;
      v_line_begins := true;
      continue;
    end if;
    if postrider.is_number(v_word) and v_word <> 'SN' then
      v_mark := null;
    else
      -- "5 C" in Spain has a letter, "5 r. Foch" in France a street.
      v_mark := case
        when v_begins and (v_line_begins or length(v_word) > 1
            or postrider.is_number_first(p_language) and length(c_words[v_at]) > 1)
          then c_kinds ->> v_word
      end;
      if left(v_mark, 1) = '+' then
        v_two := c_kinds ->> (v_word || ' ' || c_words[v_at]);
        v_at := v_at + (v_two is not null)::int;
        v_mark := coalesce(v_two, nullif(substr(v_mark, 2), ''));
      end if;
      if v_mark is not null then
        v_word := v_mark;
        v_mark := 'K';
      else
        v_mark := coalesce(c_terms ->> v_word, c_common ->> v_word);
        if left(v_mark, 1) = '+' then
          v_two := coalesce(c_terms ->> (v_word || ' ' || c_words[v_at]),
            c_common ->> (v_word || ' ' || c_words[v_at]));
          v_at := v_at + (v_two is not null)::int;
          v_mark := coalesce(v_two, nullif(substr(v_mark, 2), ''));
        end if;
        if strpos('#!=<~@', left(v_mark, 1)) = 0 then
          v_word := v_mark;
          v_mark := case when v_word <> 'SN' then 'S' end;
        elsif v_mark = '@' then
          v_word := 'BOX';
        end if;
      end if;
    end if;
    words := words || v_word;
    marks := marks || v_mark;
    if v_line_begins then
      starts := starts || cardinality(words);
      v_line_begins := false;
    end if;
    v_begins := v_begins and (v_mark = '#' or v_mark is null
      and (postrider.is_number(v_word) or v_word in ('BIS', 'TER', 'QUATER')
        or length(v_word) = 1 and v_at > 2 and postrider.is_number(c_words[v_at - 2])));
  end loop;
end $$;

-- Puts the line of the street first, with the number that stands alone in the line beside it.
-- p_starts: the place where each line begins. of_street: how many words are the street's.
create function postrider.street_before_others(
  inout words text[],
  inout marks text[],
  p_starts int[],
  p_language text,
  out of_street int
) language plpgsql immutable parallel safe as $$
declare
  c_lines constant int := cardinality(p_starts);
  c_number_first constant boolean := postrider.is_number_first(p_language);
  c_names constant jsonb := postrider.street_name_words(p_language);
  c_starts constant int[] := p_starts || (cardinality(words) + 1);
  -- 1 a kind of street, 2 a name and its number, 3 a name, 4 a box, 5 a flat or a person, 6 a
  -- number alone.
  v_ranks int[] := '{}';
  v_rank int;
  v_numbered boolean[] := '{}';
  v_has_number boolean;
  v_best int := 1;
  v_beside int;
  v_order int[];
  v_words text[] := '{}';
  v_marks text[] := '{}';
begin
  for v_line in 1 .. c_lines loop
    v_has_number := false;
    v_rank := case
      when left(marks[c_starts[v_line]], 1) in ('=', '<', '~', 'S')
        or postrider.is_number(words[c_starts[v_line]])
          and left(marks[c_starts[v_line] + 1], 1) = '<'
        then 5
      when marks[c_starts[v_line]] = '@' then 4
      else 6
    end;
    for n in c_starts[v_line] .. c_starts[v_line + 1] - 1 loop
      if marks[n] = 'K' and v_rank <> 5 then
        v_rank := 1;
      elsif postrider.is_number(words[n]) then
        v_has_number := v_has_number
          or n + 1 = c_starts[v_line + 1] or not postrider.is_of_a_name(words[n + 1]);
        -- Behind a name, such as one in -strasse.
        if v_rank = 3 and not c_number_first then
          v_rank := case
            when c_names ?| array[
              right(words[n - 1], 2) || '-', right(words[n - 1], 3) || '-',
              right(words[n - 1], 4) || '-', right(words[n - 1], 5) || '-',
              right(words[n - 1], 7) || '-']
              then 1
            else 2
          end;
        end if;
      elsif marks[n] is null and v_rank = 6 and length(words[n]) > 1 then
        v_rank := case when c_number_first and v_has_number then 2 else 3 end;
      end if;
    end loop;
    v_ranks := v_ranks || v_rank;
    v_numbered := v_numbered || v_has_number;
    if v_rank < v_ranks[v_best] then
      v_best := v_line;
    end if;
  end loop;
  if not v_numbered[v_best] then
    v_beside := case
      when c_number_first and v_ranks[v_best - 1] = 6 then v_best - 1
      when v_ranks[v_best + 1] = 6 then v_best + 1
      when v_ranks[v_best - 1] = 6 then v_best - 1
    end;
  end if;
  v_order := case
    when v_beside is null then array[v_best]
    when c_number_first then array[v_beside, v_best]
    else array[v_best, v_beside]
  end;
  for v_line in 1 .. c_lines loop
    if v_line <> v_best and v_line is distinct from v_beside then
      v_order := v_order || v_line;
    end if;
  end loop;
  for n in 1 .. c_lines loop
    v_best := v_order[n];
    if n > 1 + (v_beside is not null)::int or n = 2 and v_beside is null then
      v_words := v_words || ','::text;
      v_marks := v_marks || ','::text;
    end if;
    v_words := v_words || words[c_starts[v_best] : c_starts[v_best + 1] - 1];
    v_marks := v_marks || marks[c_starts[v_best] : c_starts[v_best + 1] - 1];
  end loop;
  of_street := c_starts[v_order[1] + 1] - c_starts[v_order[1]];
  if v_beside is not null then
    of_street := c_starts[v_order[1] + 1] - c_starts[v_order[1]]
      + c_starts[v_order[2] + 1] - c_starts[v_order[2]];
  end if;
  words := v_words;
  marks := v_marks;
end $$;

-- Finds where the words of a street end that stands behind its number: at a flat, a floor, a
-- person.
create function postrider.end_of_street(
  p_words text[],
  p_marks text[],
  p_from int,
  p_language text
) returns int language plpgsql immutable parallel safe as $$
declare
  c_loose constant jsonb := postrider.loose_street_words(p_language);
begin
  for n in p_from + 1 .. cardinality(p_words) loop
    if (postrider.is_number(p_words[n]) and length(p_words[n]) > 4
        or left(p_marks[n], 1) in ('=', '<') and postrider.is_unit_value(p_words[n + 1])
        or left(p_marks[n], 1) = '~'
        or p_marks[n] = '@' and postrider.is_number(p_words[n + 1])
        or postrider.is_number(p_words[n]) and left(p_marks[n + 1], 1) = '<')
      -- "avenue de la Porte 5" has a name.
      and coalesce(c_loose ->> p_words[n - 1], '-') <> ''
    then
      return n - 1;
    end if;
  end loop;
  return cardinality(p_words);
end $$;
