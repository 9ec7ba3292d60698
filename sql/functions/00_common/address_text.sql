-- The text of an address, folded and written in one way, before it is divided into its parts.

-- Folds the lines of an address: case, accents and punctuation go, letters of every script stay.
-- Commas, hyphens, slashes and number signs stay, since they divide. Letters are named one by one:
-- what upper() makes of them depends on the server's locale, and a key must not.
create function postrider.fold_address(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  -- "12½" is two numbers: the sign would become "121/2".
  v_text text := normalize(replace(normalize(
    -- The sign of "2º" is none of its letters.
    regexp_replace(translate(p_text, 'ºª°', ''), '([¼½¾⅐-⅞])', ' \1', 'g'), nfkc), '⁄', '/'), nfd);
begin
  -- Letters that nobody sees, apostrophes, and the accents of Latin and Greek letters.
  v_text := regexp_replace(v_text,
    E'[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff''‘’ʼ`´]', '', 'g');
  v_text := regexp_replace(v_text, '([A-Za-zΑ-ω])[\u0300-\u036f]+|(?<=[Ее])\u0308', '\1', 'g');
  -- Figures of other scripts, and the long vowel of Japanese that stands for a hyphen.
  v_text := translate(v_text,
    '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९০১২৩৪৫৬৭৮৯๐๑๒๓๔๕๖๗๘๙',
    '01234567890123456789012345678901234567890123456789');
  if v_text like '%ー%' then
    v_text := regexp_replace(v_text, '(?<=[0-9])ー(?=[0-9])', '-', 'g');
  end if;
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
  v_text := btrim(regexp_replace(normalize(v_text, nfc), ' +', ' ', 'g'));
  if octet_length(v_text) > length(v_text) then
    v_text := postrider.write_look_alikes(v_text);
  end if;
  return v_text;
end $$;

-- Writes letters of another script as Latin ones that stand among these and look alike: a Cyrillic
-- А in "MАIN". No language writes so. p_text: folded.
create function postrider.write_look_alikes(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  c_others constant text := 'АВЕКМНОРСТУХІЈЅҺԛԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧ';
  c_latin constant text := 'ABEKMHOPCTYXIJSHQWABEZHIKMNOPTYX';
begin
  if p_text !~ ('[A-Z][' || c_others || ']|[' || c_others || '][A-Z]') then
    return p_text;
  end if;
  return array_to_string(array(
    select
      case
        when w.word ~ '[A-Z]' and translate(w.word, c_others, c_latin) ~ '^[A-Z0-9-]+$'
          then translate(w.word, c_others, c_latin)
        else w.word
      end
    from unnest(string_to_array(p_text, ' ')) with ordinality as w (word, n)
    order by w.n), ' ');
end $$;

-- Abbreviates the words of a folded address, and writes ordinal numbers in figures. Hyphens stand
-- apart then, and so does a number that is written together with its word, as "Apt4" and "RR2".
create function postrider.abbreviate_address(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  c_tens constant text[] := '{TWENTY,THIRTY,FORTY,FIFTY,SIXTY,SEVENTY,EIGHTY,NINETY}';
  v_text text := p_text;
begin
  -- A regular expression more costs each address much: the server keeps some thirty of them.
  if v_text ~ '[A-Z][0-9]' then
    v_text := regexp_replace(v_text,
      '(?<= |^)(P ?O ?BOX|POB|BO?X|RR|HCR?|RFD|RD|PSC|CMR|APT|APPT?|STE|SUITE|UNIT|FLA?T|FLR?|LVL'
        || '|LEVEL|BLDG|RM|LOT|SPC|TRLR|PH|US|FM|SR|IH|HWY)([0-9]+[A-Z]?)(?= |$|-)', '\1 \2', 'g');
  end if;
  if v_text like '%/F%' then
    -- "12/F" is the twelfth floor.
    v_text := regexp_replace(v_text, '(?<= |^)([0-9]+)/F(?= |$)', 'FL \1', 'g');
  end if;
  if v_text like any (array['% C/O %', '% ATTN %', '% ATTENTION %', '% CARE OF %']) then
    v_text := regexp_replace(v_text,
      '(?<=[^ ,]) (C/O|ATTN|ATTENTION|CARE OF) ', ' , \1 ', 'g');
  end if;
  v_text := array_to_string(array(
    select postrider.abbreviate(w.word)
    from unnest(string_to_array(replace(v_text, '-', ' - '), ' ')) with ordinality as w (word, n)
    where w.word <> ''
    order by w.n), ' ');
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
    ' , (?:RURAL (?:RTE|RD)|(?:R R|RR|R F D|RFD)(?: RTE)?|RURAL|RD|RTE)' || c_number || c_box,
    ' , RR \1 , @BOX \2', 'g');
  v_text := regexp_replace(v_text,
    ' , (?:(?:HWY|H) CONTRACT(?: RTE)?|STAR RTE|H C|HCR|HC)' || c_number || c_box,
    ' , HC \1 , @BOX \2', 'g');
  v_text := regexp_replace(v_text,
    ' , (PSC|CMR|UNIT)' || c_number || c_box, ' , @\1 \2 , @BOX \3', 'g');
  v_text := regexp_replace(v_text,
    ' (?:(?:POST OFFICE|POST OFC|P O|PO|P 0|P0|P/O|POSTAL|POST) ?'
      || '(?:BOX|BX|B|DRAWER|LOCKBOX)|POB|POBOX|LOCKBOX|CALLER|APARTADO|APDO'
      || '|(?<= , )(?:BOX|BX|DRAWER))' || c_number, ' , PO BOX , @BOX \1', 'g');
  if v_text like '%@BOX%' then
    v_text := regexp_replace(v_text, '@BOX ([0-9]+) ([A-Z])(?= |$)', '@BOX \1\2', 'g');
    -- "PO Box 5 12 Elm St": the street goes on in the same line.
    v_text := regexp_replace(v_text,
      '@BOX ([0-9]+[A-Z]?) (?=[0-9]+[A-Z]? (?:[NSEW]{1,2} )?[^ ,]*[A-Z]{2}|[A-Z]{2})',
      '@BOX \1 , ', 'g');
  end if;
  return regexp_replace(v_text, ' (?:GENERAL|GEN) (?:DELIVERY|DEL)(?= |$)',
    ' , GENERAL DELIVERY , @BOX 0', 'g');
end $$;

-- Writes the French words of a folded Canadian address as they are written in English: boxes,
-- stations, directionals, saints and ordinal numbers.
create function postrider.write_in_english(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  v_text text := p_text;
begin
  -- LIKE is asked first: the server keeps some thirty regular expressions, and compiles each other
  -- one anew for each address.
  if v_text like any (array['%, C P %', '%, CP %', '%, CASE POSTALE %']) then
    v_text := regexp_replace(v_text,
      '(?<= , )(?:C P|CP|CASE POSTALE) (?=(?:# )?[0-9])', 'PO BOX ', 'g');
  end if;
  if v_text like any (array['% PO BOX %', '% P O BOX %', '% POB %']) then
    v_text := regexp_replace(v_text, ' (?:SUCCURSALE|SUCC|STA) ', ' , STA ', 'g');
  end if;
  if v_text like any (array['% SAINTE %', '% STE %']) then
    v_text := regexp_replace(v_text, ' (?:SAINTE|STE)(?: -)? (?=[A-Z]{2})', ' STE ', 'g');
  end if;
  if v_text like any (array[
    '%E AVE%', '%R AVE%', '%E RUE%', '%E RANG%', '%R RUE%', '%R RANG%'])
  then
    v_text := regexp_replace(v_text,
      '(?<= [0-9]+)(?:RE|ERE|ER|E|EME|IEME)(?= (?:AVE|RUE|RANG)(?: |$))', 'E', 'g');
  end if;
  if v_text like any (array['% CR', '% CR %']) then
    v_text := regexp_replace(v_text,
      '(?<= , [0-9]+[A-Z]? [^,]*[A-Z]{2}) CR(?= [NSEW]{1,2}(?: |$)| ,| #|$)', ' CRES', 'g');
  end if;
  if v_text like '% SITE %' then
    v_text := regexp_replace(v_text, '(?<=[^ ,]) (?=(?:SITE|COMP|BOX) )', ' , ', 'g');
  end if;
  if v_text ~ ' , (?:[0-9]+[A-Z]? )?(?:, )?(RUE|BLVD|AVE|CH|PL|COTE|RANG|MONTEE) ' then
    v_text := regexp_replace(v_text, ' NORD(?: -)? (?:OUEST|O)(?= ,| #|$)', ' NW', 'g');
    v_text := regexp_replace(v_text, ' NORD(?: -)? EST(?= ,| #|$)', ' NE', 'g');
    v_text := regexp_replace(v_text, ' SUD(?: -)? (?:OUEST|O)(?= ,| #|$)', ' SW', 'g');
    v_text := regexp_replace(v_text, ' SUD(?: -)? EST(?= ,| #|$)', ' SE', 'g');
    v_text := regexp_replace(v_text, ' (?:OUEST|O)(?= ,| #|$)', ' W', 'g');
    v_text := regexp_replace(v_text, ' EST(?= ,| #|$)', ' E', 'g');
    v_text := regexp_replace(v_text, ' NORD(?= ,| #|$)', ' N', 'g');
    v_text := regexp_replace(v_text, ' SUD(?= ,| #|$)', ' S', 'g');
  end if;
  return v_text;
end $$;

-- Writes numbered roads in one way, "HWY 50", and whose they are in a line of its own: "US Hwy 50"
-- may be "Highway 50", and is not "State Route 50". p_text: abbreviated, without hyphens.
create function postrider.write_highways(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  c_number constant text := '(?:(?: #| NO)? )([0-9]+[A-Z]?|[A-Z]{1,2}(?= ,|$))(?= |$)';
  c_ways constant text[] := array[
    'COUNTY', '(?:COUNTY|CNTY|CO) (?:RD|HWY|RTE)|CR|C R',
    'STATE', '(?:STATE|ST) (?:RD|HWY|RTE)|SR|S R|SH',
    'US', 'U ?S(?: (?:HWY|RTE))?',
    'FARM', 'F ?M(?: RD)?|FARM TO MARKET(?: RD)?',
    'RANCH TO MARKET', 'R ?M(?: RD)?|RNCH TO MARKET(?: RD)?',
    'RANCH', 'RNCH RD|R ?R',
    'TOWNSHIP', '(?:TWP|TOWNSHIP) (?:RD|HWY)',
    'INTERSTATE', 'INTERSTATE(?: HWY)?|IH?'];
  v_text text := p_text;
  v_before text;
begin
  for n in 1 .. cardinality(c_ways) by 2 loop
    v_before := v_text;
    v_text := regexp_replace(v_text,
      '(?<= , [0-9]+[A-Z]?(?: [0-9]+/[0-9]+)?(?: [NSEW])?) (?:' || c_ways[n + 1] || ')' || c_number
        || case when c_ways[n] = 'FARM' then '(?: RD(?= ,|$))?' else '' end,
      ' HWY \1');
    if v_text <> v_before then
      return v_text || ' , HWY OF ' || c_ways[n];
    end if;
  end loop;
  return regexp_replace(v_text,
    '(?<= , [0-9]+[A-Z]?(?: [NSEW])?) (?:RTE|HWY)(?: #| NO)? ([0-9]+[A-Z]?)(?= |$)', ' HWY \1');
end $$;

-- Merges a directional of two words where a name follows it, or where a street ends with it: "1600
-- Elm Ave North West". "100 N West St" stays as it is: West is the name.
create function postrider.merge_directionals(p_street text) returns text
language sql immutable parallel safe
return regexp_replace(regexp_replace(
  case
    -- "12 No. Elm St"
    when p_street like '% _O %'
      then regexp_replace(p_street, '^([0-9]+[A-Z]?) ([NS])O (?=[A-Z]+ [A-Z])', '\1 \2 ')
    else p_street
  end,
  '(?<= )([NS]) ([EW])$|(?<= [0-9]+ [NS])O$', '\1\2'),
  '^([0-9]+(?:[A-Z]|-[0-9]+)?(?: [0-9]+/[0-9]+)?) ([NS]) ([EW])(?= [^ ]+ [^ ]+)', '\1 \2\3');
