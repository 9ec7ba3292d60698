-- The words for kinds of streets outside of the countries that write in English: what an
-- abbreviation at the beginning of a street certainly means there. What is not in the list stays as
-- it is written.

-- Returns the whole word for a folded abbreviation of a country; null where none is known.
create function postrider.street_word(
  p_country text,
  p_word text
) returns text language sql immutable parallel safe
return '{
  "FR": {
    "AV": "AVENUE", "AVE": "AVENUE", "BD": "BOULEVARD", "BLD": "BOULEVARD", "BLVD": "BOULEVARD",
    "BVD": "BOULEVARD", "BOUL": "BOULEVARD", "CHE": "CHEMIN", "CHEM": "CHEMIN", "RTE": "ROUTE",
    "IMP": "IMPASSE", "PL": "PLACE", "SQ": "SQUARE", "QU": "QUAI", "FG": "FAUBOURG",
    "ALL": "ALLEE", "PAS": "PASSAGE", "RES": "RESIDENCE"},
  "ES": {
    "C": "CALLE", "CL": "CALLE", "AV": "AVENIDA", "AVD": "AVENIDA", "AVDA": "AVENIDA",
    "PZA": "PLAZA", "PLZA": "PLAZA", "PL": "PLAZA", "PO": "PASEO", "PSO": "PASEO",
    "CTRA": "CARRETERA", "TRAV": "TRAVESIA", "TVA": "TRAVESIA", "RDA": "RONDA", "CNO": "CAMINO"},
  "IT": {
    "V": "VIA", "V LE": "VIALE", "VLE": "VIALE", "P ZA": "PIAZZA", "P ZZA": "PIAZZA",
    "PZA": "PIAZZA", "PZZA": "PIAZZA", "C SO": "CORSO", "CSO": "CORSO", "L GO": "LARGO",
    "LGO": "LARGO", "VIC": "VICOLO", "STR": "STRADA"},
  "PT": {
    "R": "RUA", "AV": "AVENIDA", "PC": "PRACA", "PCA": "PRACA", "TV": "TRAVESSA",
    "TRAV": "TRAVESSA", "LG": "LARGO", "LGO": "LARGO", "ESTR": "ESTRADA", "CC": "CALCADA"},
  "PL": {"UL": "ULICA", "AL": "ALEJA", "ALEJE": "ALEJA", "PL": "PLAC", "OS": "OSIEDLE"},
  "RU": {
    "УЛ": "УЛИЦА", "ПР Т": "ПРОСПЕКТ", "ПРТ": "ПРОСПЕКТ", "ПРОСП": "ПРОСПЕКТ",
    "ПЕР": "ПЕРЕУЛОК", "Б Р": "БУЛЬВАР", "БУЛ": "БУЛЬВАР", "НАБ": "НАБЕРЕЖНАЯ", "Ш": "ШОССЕ",
    "ПЛ": "ПЛОЩАДЬ", "ПР Д": "ПРОЕЗД"},
  "UA": {
    "ВУЛ": "ВУЛИЦЯ", "ПР Т": "ПРОСПЕКТ", "ПРОСП": "ПРОСПЕКТ", "ПРОВ": "ПРОВУЛОК",
    "Б Р": "БУЛЬВАР", "БУЛ": "БУЛЬВАР", "НАБ": "НАБЕРЕЖНА", "ПЛ": "ПЛОЩА", "УЛ": "УЛИЦА"},
  "GR": {"ΟΔ": "", "ΟΔΟΣ": "", "ΛΕΩΦ": "ΛΕΩΦΟΡΟΣ", "Λ": "ΛΕΩΦΟΡΟΣ", "ΠΛ": "ΠΛΑΤΕΙΑ"}
}'::jsonb -> p_country ->> p_word;

-- Writes the kind of street at its beginning as a whole word: "AV FOCH" as "AVENUE FOCH", also
-- behind a number. p_text: folded, words between single blanks.
create function postrider.write_street_word(
  p_text text,
  p_country text
) returns text language plpgsql immutable parallel safe as $$
declare
  v_before text := coalesce(substring(p_text from '^[0-9][^ ]* '), '');
  v_rest text := substr(p_text, length(v_before) + 1);
  v_found text := split_part(v_rest, ' ', 1) || ' ' || split_part(v_rest, ' ', 2);
  v_word text := postrider.street_word(p_country, v_found);
begin
  if v_word is null then
    v_found := split_part(v_rest, ' ', 1);
    v_word := postrider.street_word(p_country, v_found);
  end if;
  return case
    when v_word is null then p_text
    else v_before || ltrim(v_word || substr(v_rest, length(v_found) + 1))
  end;
end $$;

-- Puts what belongs to the person or the flat behind the street: "c/o Meier, Hauptstr. 5" as
-- "Hauptstr. 5, c/o Meier". p_text: folded, lines between commas.
create function postrider.street_first(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  c_others constant text := '^ ?(CO|[0-9]+/F|Z HD|Z HDN|ATTN|APT|APP|APPT|APPARTEMENT|APARTMENT'
    || '|FLAT|UNIT|ROOM|BAT|BATIMENT|BLDG|RES|RESIDENCE|ESC|ESCALIER|ETAGE|PORTE|SCALA|INTERNO'
    || '|HINTERHAUS|VORDERHAUS|SEITENFLUGEL|WOHNUNG|WHG|BP|CS|POSTFACH|КВ|КВАРТИРА)( |$)';
  -- As one word: the C would be the letter of a number.
  v_text text := regexp_replace(p_text, '(?<= |^)C[/ ]O(?= )', 'CO', 'g');
begin
  if v_text not like '%,%' then
    return v_text;
  end if;
  return (
    select string_agg(btrim(l.line), ' , ' order by l.line ~ c_others, l.n)
    from unnest(string_to_array(v_text, ',')) with ordinality as l (line, n)
    where btrim(l.line) <> '');
end $$;

-- Writes the numbers of a Japanese address in one way: "1丁目2番3号" as "1-2-3". A room stays one.
create function postrider.write_japanese(p_text text) returns text
language plpgsql immutable parallel safe as $$
declare
  v_text text := p_text;
  v_chome text := substring(p_text from '(?<![十百])([一二三四五六七八九])丁目');
begin
  if v_chome is not null then
    v_text := replace(v_text, v_chome || '丁目', strpos('一二三四五六七八九', v_chome) || '丁目');
  end if;
  v_text := regexp_replace(v_text, '(?<=[0-9])(?:丁目|番地の?|番|号(?!室)) ?(?=[0-9])', '-', 'g');
  return regexp_replace(v_text, '(?<=[0-9])(?:丁目|番地|番|号)(?= |$)', '', 'g');
end $$;
