-- The text of an address, folded and written in one way, before it is divided into its parts.

-- Folds the lines of an address: case, accents and punctuation go, letters of every script stay.
-- Commas, hyphens, slashes and number signs stay, since they divide. Letters are named one by one:
-- what upper() makes of them depends on the server's locale, and a key must not.
create function postrider.fold_address(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  -- "12½" is two numbers: the sign would become "121/2".
  v_text text := normalize(replace(normalize(
    regexp_replace(p_text, '([¼½¾⅐-⅞])', ' \1', 'g'), nfkc), '⁄', '/'), nfd);
begin
  -- Letters that nobody sees, apostrophes, and the accents of Latin and Greek letters.
  v_text := regexp_replace(v_text,
    E'[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff''‘’ʼ`´]', '', 'g');
  v_text := regexp_replace(v_text, '([A-Za-zΑ-ω])[\u0300-\u036f]+', '\1', 'g');
  v_text := translate(upper(v_text collate "C"),
    'αβγδεζηθικλμνξοπρςστυφχψωабвгдежзиклмнопрстуфхцчшщъыьэюяђєѕіјљњћџґғҙқңөүұһәӏ'
    'աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆøðđłħıſŧŋØÐĐŁĦŦŊ‐‑‒–—―−',
    'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΣΤΥΦΧΨΩАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЂЄЅІЈЉЊЋЏҐҒҘҚҢӨҮҰҺӘӀ'
    'ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖODDLHISTNODDLHTN-------');
  if v_text ~ '[ßẞæÆœŒþÞ]' then
    v_text := regexp_replace(v_text, '[ßẞ]', 'SS', 'g');
    v_text := regexp_replace(v_text, '[æÆ]', 'AE', 'g');
    v_text := regexp_replace(v_text, '[œŒ]', 'OE', 'g');
    v_text := regexp_replace(v_text, '[þÞ]', 'TH', 'g');
  end if;
  -- A point ends an abbreviation; between single letters it is an initial's: N.W. is NW.
  v_text := regexp_replace(v_text, '(?<![A-Z])([A-Z])\.(?=[A-Z]\M)', '\1', 'g');
  v_text := translate(v_text, E'\n\r;', ',,,');
  v_text := regexp_replace(v_text,
    E'[\\s!-"$-+.:<-@[-`{-~\u0080-\u00bf\u2000-\u206f\u3000-\u3004\u3008-\u303f]+', ' ', 'g');
  v_text := replace(replace(v_text, '#', ' # '), ',', ' , ');
  return btrim(regexp_replace(normalize(v_text, nfc), ' +', ' ', 'g'));
end $$;

-- Abbreviates the words of a folded address, and writes ordinal numbers in figures. Hyphens stand
-- apart then.
create function postrider.abbreviate_address(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  c_tens constant text[] := '{TWENTY,THIRTY,FORTY,FIFTY,SIXTY,SEVENTY,EIGHTY,NINETY}';
  v_text text := array_to_string(array(
    select postrider.abbreviate(w.word)
    from unnest(string_to_array(replace(p_text, '-', ' - '), ' ')) with ordinality as w (word, n)
    where w.word <> ''
    order by w.n), ' ');
begin
  if v_text ~ 'TY (- )?[1-9](ST|ND|RD|TH)' then
    for n in 1 .. 8 loop
      v_text := regexp_replace(v_text,
        c_tens[n] || ' (?:- )?([1-9])(?=ST|ND|RD|TH)', (n + 1) || '\1', 'g');
    end loop;
  end if;
  return v_text;
end $$;

-- Writes boxes, rural and highway contract routes and military mail in one way, as Publication 28
-- has them: " , PO BOX , @BOX 12". p_text: abbreviated, without hyphens, with a comma before it.
create function postrider.write_routes(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  c_number constant text := '(?: ,)?(?: (?:#|NO|NUM|NUMBER))* 0*([0-9A-Z]+(?: [0-9A-Z](?= |$))?)';
  c_box constant text := '(?: ,)? (?:BOX|BX)' || c_number;
  v_text text := p_text;
begin
  v_text := regexp_replace(v_text,
    ' , (?:RURAL (?:RTE|RD)|R R|RR|R F D|RFD|RURAL|RD|RTE)' || c_number || c_box,
    ' , RR \1 , @BOX \2', 'g');
  v_text := regexp_replace(v_text,
    ' , (?:(?:HWY|H) CONTRACT(?: RTE)?|STAR RTE|H C|HCR|HC)' || c_number || c_box,
    ' , HC \1 , @BOX \2', 'g');
  v_text := regexp_replace(v_text,
    ' , (PSC|CMR|UNIT)' || c_number || c_box, ' , @\1 \2 , @BOX \3', 'g');
  v_text := regexp_replace(v_text,
    ' (?:(?:POST OFFICE|POST OFC|P O|PO|POSTAL) ?(?:BOX|BX|B|DRAWER|LOCKBOX)|POB|POBOX|LOCKBOX'
      || '|CALLER|(?<= , )(?:BOX|BX|DRAWER))' || c_number, ' , PO BOX , @BOX \1', 'g');
  return regexp_replace(v_text, ' (?:GENERAL|GEN) (?:DELIVERY|DEL)(?= |$)',
    ' , GENERAL DELIVERY , @BOX 0', 'g');
end $$;

-- Marks the units that a country writes in a way of its own by a number sign: "4-12 Elm St" in
-- Canada, "4/12 Elm St" in Australia, "First Floor Flat" in Britain. p_text: abbreviated, with a
-- comma before it.
create function postrider.mark_units(
  p_text text,
  p_country text
) returns text language plpgsql immutable parallel safe as $$
declare
  c_floor constant text := '((?:(?:LOWER|UPPER) )?(?:BASEMENT|GDN|GROUND|TOP|1ST|2ND|3RD|4TH|5TH'
    || '|LOWER|UPPER|FRONT|REAR|ATTIC))(?: (?:FLOOR|FLR|FL))?';
  v_text text := p_text;
begin
  if p_country = 'CA' then
    return regexp_replace(v_text,
      '(?<= , )(?:# )?([0-9A-Z]+) - ([0-9]+[A-Z]?)(?= )', '# \1 , \2', 'g');
  elsif p_country in ('AU', 'NZ', 'GB', 'IE', 'GG', 'JE', 'IM') then
    v_text := regexp_replace(v_text,
      '(?<= , )(?:U|UNIT)? ?([0-9]+[A-Z]?) ?/ ?([0-9]+[A-Z]?)(?= )', '# \1 , \2', 'g');
  end if;
  if p_country in ('GB', 'IE', 'GG', 'JE', 'IM') and v_text ~ '(FLT|APT|APARTMENT|MAISONETTE)'
  then
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

-- Merges a directional of two words where a name follows it, or where a street ends with it: "1600
-- Elm Ave North West". "100 N West St" stays as it is: West is the name.
create function postrider.merge_directionals(p_street text) returns text
language sql immutable parallel safe
return regexp_replace(regexp_replace(p_street,
  '(?<= )([NS]) ([EW])$', '\1\2'),
  '^([0-9]+[A-Z]?(?: [0-9]+/[0-9]+)?) ([NS]) ([EW])(?= [^ ]+ [^ ]+)', '\1 \2\3');
