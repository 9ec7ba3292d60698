-- The words of streets outside of the countries that write in English, by language: what an
-- abbreviation certainly means there, and what people leave out. What is not in the lists stays as
-- it is written.

-- Returns the language of an address, which decides the words that are looked for; the country
-- where none is known. Belgium, Switzerland and Luxembourg write in several: the kind of street
-- tells. p_text: folded.
create function postrider.address_language(
  p_country text,
  p_text text
) returns text language sql immutable parallel safe
return case
  when p_country in ('BE', 'CH', 'LU') and ' ' || p_text || ' ' ~ (' (RUE|AVENUE|AV|BD|BOULEVARD'
    || '|CHEMIN|CH|ROUTE|RTE|PLACE|QUAI|IMPASSE|ALLEE|CHAUSSEE|CASE POSTALE|BOITE) ')
    then 'FR'
  when p_country = 'CH' and ' ' || p_text || ' ' ~ ' (VIA|VIALE|PIAZZA|CORSO|VICOLO) ' then 'IT'
  else coalesce('{
    "AT": "DE", "CH": "DE", "LI": "DE", "BE": "NL", "LU": "FR", "MC": "FR", "SM": "IT", "VA": "IT",
    "SN": "FR", "CI": "FR", "MA": "FR", "TN": "FR", "DZ": "FR", "RE": "FR", "GP": "FR", "MQ": "FR",
    "BR": "PT", "AO": "PT", "MZ": "PT", "CY": "GR", "BY": "RU", "KZ": "RU", "KG": "RU",
    "MX": "ES", "AR": "ES", "CL": "ES", "CO": "ES", "PE": "ES", "UY": "ES", "EC": "ES", "AD": "ES",
    "VE": "ES", "BO": "ES", "PY": "ES", "CR": "ES", "GT": "ES", "DO": "ES", "PA": "ES",
    "TW": "CN", "SK": "CZ", "MD": "RO", "NO": "DK"
  }'::jsonb ->> p_country, p_country)
end;

-- Returns the words for kinds of streets that stand before the name, each with its whole form.
-- After a word with a plus sign the next word is looked at as well.
create function postrider.street_kinds(p_language text) returns jsonb
language sql immutable parallel safe
return '{
  "FR": {
    "R": "RUE", "RUE": "RUE", "AV": "AVENUE", "AVE": "AVENUE", "AVENUE": "AVENUE",
    "BD": "BOULEVARD", "BLD": "BOULEVARD", "BLVD": "BOULEVARD", "BVD": "BOULEVARD",
    "BOUL": "BOULEVARD", "BOULEVARD": "BOULEVARD", "CH": "CHEMIN", "CHE": "CHEMIN",
    "CHEM": "CHEMIN", "CHEMIN": "CHEMIN", "RTE": "ROUTE", "ROUTE": "ROUTE", "IMP": "IMPASSE",
    "IMPASSE": "IMPASSE", "PL": "PLACE", "PLACE": "PLACE", "SQ": "SQUARE", "SQUARE": "SQUARE",
    "QU": "QUAI", "QUAI": "QUAI", "FG": "FAUBOURG", "FBG": "FAUBOURG", "FAUBOURG": "FAUBOURG",
    "ALL": "ALLEE", "ALLEE": "ALLEE", "ALLEES": "ALLEES", "PAS": "PASSAGE", "PASSAGE": "PASSAGE",
    "CRS": "COURS", "COURS": "COURS", "SENTIER": "SENTIER", "RUELLE": "RUELLE",
    "CHAUSSEE": "CHAUSSEE", "LOT": "LOTISSEMENT", "LOTISSEMENT": "LOTISSEMENT"},
  "ES": {
    "C": "CALLE", "CL": "CALLE", "CALLE": "CALLE", "CARRER": "CARRER", "AV": "AVENIDA",
    "AVD": "AVENIDA", "AVDA": "AVENIDA", "AVENIDA": "AVENIDA", "PZA": "PLAZA", "PLZA": "PLAZA",
    "PL": "PLAZA", "PLAZA": "PLAZA", "PO": "PASEO", "PSO": "PASEO", "PASEO": "PASEO",
    "CTRA": "CARRETERA", "CARRETERA": "CARRETERA", "TRAV": "TRAVESIA", "TVA": "TRAVESIA",
    "TRAVESIA": "TRAVESIA", "RDA": "RONDA", "RONDA": "RONDA", "CNO": "CAMINO", "CAMINO": "CAMINO",
    "URB": "URBANIZACION", "URBANIZACION": "URBANIZACION", "CALZADA": "CALZADA"},
  "IT": {
    "V": "+VIA", "VIA": "VIA", "V LE": "VIALE", "VLE": "VIALE", "VIALE": "VIALE",
    "V LO": "VICOLO", "VLO": "VICOLO", "VIC": "VICOLO", "VICOLO": "VICOLO", "P": "+",
    "P ZA": "PIAZZA", "P ZZA": "PIAZZA", "PZA": "PIAZZA", "PZZA": "PIAZZA", "PIAZZA": "PIAZZA",
    "P LE": "PIAZZALE", "PLE": "PIAZZALE", "PIAZZALE": "PIAZZALE", "C": "+", "C SO": "CORSO",
    "CSO": "CORSO", "CORSO": "CORSO", "L": "+", "L GO": "LARGO", "LGO": "LARGO", "LARGO": "LARGO",
    "STR": "STRADA", "STRADA": "STRADA", "CONTRADA": "CONTRADA", "C DA": "CONTRADA"},
  "PT": {
    "R": "RUA", "RUA": "RUA", "AV": "AVENIDA", "AVENIDA": "AVENIDA", "PC": "PRACA",
    "PCA": "PRACA", "PRACA": "PRACA", "TV": "TRAVESSA", "TRAV": "TRAVESSA", "TRAVESSA": "TRAVESSA",
    "LG": "LARGO", "LGO": "LARGO", "LARGO": "LARGO", "ESTR": "ESTRADA", "ESTRADA": "ESTRADA",
    "CC": "CALCADA", "CALCADA": "CALCADA", "AL": "ALAMEDA", "ALAMEDA": "ALAMEDA",
    "ROD": "RODOVIA", "RODOVIA": "RODOVIA"},
  "PL": {
    "UL": "ULICA", "ULICA": "ULICA", "AL": "ALEJA", "ALEJA": "ALEJA", "ALEJE": "ALEJA",
    "PL": "PLAC", "PLAC": "PLAC", "OS": "OSIEDLE", "OSIEDLE": "OSIEDLE"},
  "RU": {
    "УЛ": "УЛИЦА", "УЛИЦА": "УЛИЦА", "ПР": "+", "ПР Т": "ПРОСПЕКТ", "ПР КТ": "ПРОСПЕКТ",
    "ПРТ": "ПРОСПЕКТ", "ПРОСП": "ПРОСПЕКТ", "ПРОСПЕКТ": "ПРОСПЕКТ", "ПЕР": "ПЕРЕУЛОК",
    "ПЕРЕУЛОК": "ПЕРЕУЛОК", "Б": "+", "Б Р": "БУЛЬВАР", "БУЛ": "БУЛЬВАР", "БУЛЬВАР": "БУЛЬВАР",
    "НАБ": "НАБЕРЕЖНАЯ", "НАБЕРЕЖНАЯ": "НАБЕРЕЖНАЯ", "Ш": "ШОССЕ", "ШОССЕ": "ШОССЕ",
    "ПЛ": "ПЛОЩАДЬ", "ПЛОЩАДЬ": "ПЛОЩАДЬ", "ПР Д": "ПРОЕЗД", "ПРОЕЗД": "ПРОЕЗД"},
  "UA": {
    "ВУЛ": "ВУЛИЦЯ", "ВУЛИЦЯ": "ВУЛИЦЯ", "ПР": "+", "ПР Т": "ПРОСПЕКТ", "ПРОСП": "ПРОСПЕКТ",
    "ПРОСПЕКТ": "ПРОСПЕКТ", "ПРОВ": "ПРОВУЛОК", "ПРОВУЛОК": "ПРОВУЛОК", "Б": "+",
    "Б Р": "БУЛЬВАР", "БУЛ": "БУЛЬВАР", "БУЛЬВАР": "БУЛЬВАР", "НАБ": "НАБЕРЕЖНА",
    "НАБЕРЕЖНА": "НАБЕРЕЖНА", "ПЛ": "ПЛОЩА", "ПЛОЩА": "ПЛОЩА", "УЛ": "УЛИЦА", "УЛИЦА": "УЛИЦА"},
  "GR": {
    "ΟΔ": "", "ΟΔΟΣ": "", "ΛΕΩΦ": "ΛΕΩΦΟΡΟΣ", "Λ": "ΛΕΩΦΟΡΟΣ", "ΛΕΩΦΟΡΟΣ": "ΛΕΩΦΟΡΟΣ",
    "ΠΛ": "ΠΛΑΤΕΙΑ", "ΠΛΑΤΕΙΑ": "ΠΛΑΤΕΙΑ"},
  "RO": {
    "STR": "STRADA", "STRADA": "STRADA", "BD": "BULEVARDUL", "BULEVARDUL": "BULEVARDUL",
    "CAL": "CALEA", "CALEA": "CALEA", "SOS": "SOSEAUA", "SOSEAUA": "SOSEAUA", "AL": "ALEEA",
    "ALEEA": "ALEEA"},
  "DE": {"STR": "STRASSE", "STRASSE": "STRASSE"},
  "ID": {"JL": "JALAN", "JLN": "JALAN", "JALAN": "JALAN", "GG": "GANG", "GANG": "GANG"},
  "IL": {"רח": "רחוב", "רחוב": "רחוב", "שד": "שדרות", "שדרות": "שדרות"}
}'::jsonb -> p_language;

-- Returns the words that stand within the name of a street, each with the form that is certain.
-- A word that ends with a hyphen stands for the end of the last word alone: "Damstr." is Damstraat.
create function postrider.street_name_words(p_language text) returns jsonb
language sql immutable parallel safe
return '{
  "FR": {
    "ST": "SAINT", "STE": "SAINTE", "FG": "FAUBOURG", "FBG": "FAUBOURG", "GAL": "GENERAL",
    "LIEUDIT": "LIEU DIT", "MAL": "MARECHAL", "DR": "DOCTEUR", "PR": "PROFESSEUR",
    "CDT": "COMMANDANT", "COL": "COLONEL", "PDT": "PRESIDENT", "CAP": "CAPITAINE"},
  "DE": {"STR": "STRASSE", "STR-": "STRASSE", "PL-": "PLATZ",
    "STRASSE-": "STRASSE", "WEG-": "WEG", "PLATZ-": "PLATZ", "GASSE-": "GASSE", "ALLEE-": "ALLEE",
    "RING-": "RING", "DAMM-": "DAMM", "UFER-": "UFER"},
  "NL": {"BURG": "BURGEMEESTER", "STR": "STRAAT", "STR-": "STRAAT", "LN-": "LAAN",
    "PLN-": "PLEIN", "STRAAT-": "STRAAT", "LAAN-": "LAAN", "WEG-": "WEG", "PLEIN-": "PLEIN",
    "KADE-": "KADE", "DIJK-": "DIJK"},
  "PT": {"S": "SAO", "STO": "SANTO", "STA": "SANTA"},
  "PL": {"GEN": "GENERALA", "KS": "KSIEDZA"},
  "TR": {"CAD": "CADDESI", "CD": "CADDESI", "CADDE": "CADDESI", "SOK": "SOKAK", "SK": "SOKAK",
    "SOKAGI": "SOKAK", "MAH": "MAHALLESI", "MH": "MAHALLESI", "BUL": "BULVARI"},
  "HU": {"U": "UTCA", "KRT": "KORUT"},
  "CZ": {"TR": "TRIDA", "NAM": "NAMESTI", "UL": "ULICE"},
  "DK": {"GT-": "GATA", "GATE-": "GATA", "GATA-": "GATA", "GADE-": "GADE", "VEJ-": "VEJ",
    "VEI-": "VEI", "VEIEN-": "VEIEN"},
  "SE": {"G-": "GATAN", "V-": "VAGEN", "GATAN-": "GATAN", "VAGEN-": "VAGEN"},
  "EE": {"TN": "TANAV", "PST": "PUIESTEE"}
}'::jsonb -> p_language;

-- Returns the words of a street that differ between spellings of one street, or may: articles and
-- kinds that are left out, saints, abbreviations that mean one of several words. Streets that are
-- equal without them are possibly one.
create function postrider.loose_street_words(p_language text) returns jsonb
language sql immutable parallel safe
return '{
  "FR": {"DE": "", "DU": "", "DES": "", "LA": "", "LE": "", "LES": "", "L": "", "D": "",
    "LIEU": "", "DIT": "", "LIEU DIT": "", "GENERAL": "GAL"},
  "ES": {"DE": "", "DEL": "", "LA": "", "EL": "", "LOS": "", "LAS": "", "CARRER": "CALLE",
    "P": "PASEO"},
  "IT": {"DI": "", "DEL": "", "DELLA": "", "DEI": "", "DELLE": "", "DEGLI": "", "SAN": "S",
    "SANTA": "S", "SANTO": "S", "SANT": "S"},
  "PT": {"DE": "", "DO": "", "DA": "", "DOS": "", "DAS": "", "E": ""},
  "PL": {"ULICA": "", "SWIETEJ": "SW", "SWIETEGO": "SW", "SWIETYCH": "SW"},
  "RU": {"ПР": "ПРОСПЕКТ"},
  "GR": {"ΑΓΙΟΥ": "ΑΓ", "ΑΓΙΑΣ": "ΑΓ", "ΑΓΙΩΝ": "ΑΓ"},
  "DE": {"ZUM": "", "ZUR": ""},
  "EE": {"TANAV": ""},
  "IL": {"רחוב": ""}
}'::jsonb -> p_language;
