-- The words of an address that say what stands behind them, by language: a number, a flat, a floor,
-- a part of a house, a person, a box.

-- Returns the folded words of a language, each with what it means:
--   #      a number follows, the house's: "nº 5" is 5
--   !      a number stands before: "5号" is 5
--   =KIND  its value follows: "Bât. A". Without a kind the value alone counts: "5 m. 8" is 5/8
--   <KIND  a floor: its value follows or stands before: "3. OG"
--   ~      a person or a name follows, to the end of the line: "c/o Meier"
--   @      a box
--   WORD   the same as this word
-- Of a word with a plus sign the next word is looked at, too.
create function postrider.address_terms(p_language text) returns jsonb
language sql immutable parallel safe
return '{
  "DE": {
    "NR": "#", "NO": "#", "HAUSNR": "#", "HAUSNUMMER": "#", "CO": "~", "BEI": "~", "ZHD": "~",
    "ZHDN": "~", "Z": "+", "Z HD": "~", "Z HDN": "~", "HD": "~", "FAM": "~", "FAMILIE": "~",
    "FIRMA": "~", "FA": "~", "HAUS": "=HAUS", "WHG": "=WHG", "WOHNUNG": "=WHG", "WE": "=WHG",
    "APT": "=WHG", "APP": "=WHG", "APPARTEMENT": "=WHG", "TOP": "=", "TUR": "=", "TUER": "=",
    "STIEGE": "=", "STG": "=", "BLOCK": "=BLOCK", "AUFGANG": "=AUFGANG", "EINGANG": "=EINGANG",
    "ZIMMER": "=ZIMMER", "ZI": "=ZIMMER", "OG": "<OG", "OBERGESCHOSS": "<OG", "STOCK": "<OG",
    "STOCKWERK": "<OG", "ETAGE": "<OG", "EG": "EG", "ERDGESCHOSS": "EG", "PARTERRE": "EG",
    "DG": "DG", "DACHGESCHOSS": "DG", "UG": "UG", "SOUTERRAIN": "UG", "HH": "HINTERHAUS",
    "HINTERHAUS": "HINTERHAUS", "HINTERHOF": "HINTERHOF", "VH": "VORDERHAUS",
    "VORDERHAUS": "VORDERHAUS", "SEITENFLUGEL": "SEITENFLUGEL", "SEITENFLUEGEL": "SEITENFLUGEL",
    "GARTENHAUS": "GARTENHAUS", "LINKS": "LINKS", "LI": "LINKS", "RECHTS": "RECHTS",
    "RE": "RECHTS", "MITTE": "MITTE", "POSTFACH": "@", "PF": "@", "POSTF": "@",
    "CASE": "+", "CASE POSTALE": "@"},
  "FR": {
    "N": "#", "NO": "#", "NUM": "#", "NUMERO": "#", "CO": "~", "CHEZ": "~", "ATTN": "~",
    "A": "+", "A LATTENTION": "~", "LATTENTION": "~", "MR": "~", "MME": "~", "APT": "=APT",
    "APP": "=APT", "APPT": "=APT", "APPARTEMENT": "=APT", "BAT": "=BATIMENT",
    "BATIMENT": "=BATIMENT", "BLDG": "=BATIMENT", "ESC": "=ESCALIER", "ESCALIER": "=ESCALIER",
    "PORTE": "=PORTE", "ENTREE": "=ENTREE", "ENT": "=ENTREE", "HALL": "=HALL", "TOUR": "=TOUR",
    "BLOC": "=BLOC", "CHAMBRE": "=CHAMBRE", "ETG": "<ETAGE", "ETAGE": "<ETAGE", "RDC": "RDC",
    "REZ": "RDC", "RES": "~RESIDENCE", "RESIDENCE": "~RESIDENCE", "IMMEUBLE": "~IMMEUBLE",
    "IMM": "~IMMEUBLE", "BTE": "=", "BOITE": "+=", "BUS": "=", "BP": "@", "B": "+", "B P": "@",
    "BOITE POSTALE": "@", "CASE": "+", "CASE POSTALE": "@", "CP": "@", "CS": "=CS",
    "FLAT": "=APT", "UNIT": "=APT", "POSTFACH": "@"},
  "NL": {
    "NR": "#", "NO": "#", "NUMMER": "#", "CO": "~", "TAV": "~", "T": "+", "T A": "~", "P": "+",
    "P A": "~", "FAM": "~", "BUS": "=", "BTE": "=", "BOITE": "=", "BOX": "=", "B": "=",
    "APP": "=", "APPARTEMENT": "=", "HS": "HS", "HUIS": "HS", "VERDIEPING": "<VERDIEPING",
    "VERD": "<VERDIEPING", "POSTBUS": "@"},
  "ES": {
    "N": "#", "NO": "#", "NUM": "#", "NUMERO": "#", "NRO": "#", "KM": "#",
    "CO": "~", "ATTN": "~", "A": "+",
    "A LA": "~", "SR": "~", "SRA": "~", "S": "+", "S N": "SN", "SN": "SN", "SIN": "+",
    "SIN NUMERO": "SN", "PISO": "=", "PTA": "=", "PUERTA": "=", "PLANTA": "=", "APTO": "=",
    "APT": "=", "APARTAMENTO": "=", "DPTO": "=", "DEPTO": "=", "DEPARTAMENTO": "=",
    "DEP": "=", "INT": "=", "INTERIOR": "=", "ESC": "=ESCALERA", "ESCALERA": "=ESCALERA",
    "BL": "=BLOQUE", "BLQ": "=BLOQUE", "BLOQUE": "=BLOQUE", "PORTAL": "=PORTAL",
    "EDIF": "~EDIFICIO", "EDIFICIO": "~EDIFICIO", "TORRE": "=TORRE", "LOCAL": "=LOCAL",
    "IZDA": "IZQ", "IZQ": "IZQ", "IZQDA": "IZQ", "IZQUIERDA": "IZQ", "DCHA": "DCHA",
    "DRCHA": "DCHA", "DERECHA": "DCHA", "BAJO": "BAJO", "BJ": "BAJO", "BAJOS": "BAJO",
    "ENTLO": "ENTRESUELO", "ENTRESUELO": "ENTRESUELO", "ATICO": "ATICO", "APDO": "+@",
    "APARTADO": "+@", "APDO CORREOS": "@", "APARTADO DE": "@", "APARTADO POSTAL": "@",
    "CORREOS": "#"},
  "IT": {
    "N": "#", "NO": "#", "NUM": "#", "NUMERO": "#", "NR": "#", "CIV": "#", "CIVICO": "#",
    "CO": "~", "PRESSO": "~", "PRES": "~", "FAM": "~", "FAMIGLIA": "~", "SIG": "~",
    "INT": "=INTERNO", "INTERNO": "=INTERNO", "APT": "=INTERNO", "APP": "=INTERNO",
    "SCALA": "=SCALA", "SC": "=SCALA", "PALAZZINA": "=PALAZZINA", "PALAZZO": "=PALAZZINA",
    "PAL": "=PALAZZINA", "EDIFICIO": "=EDIFICIO", "LOTTO": "=LOTTO", "PIANO": "<PIANO",
    "CASELLA": "+", "CASELLA POSTALE": "@", "CP": "@", "S": "+", "SNC": "SN", "S N": "SN"},
  "PT": {
    "N": "#", "NO": "#", "NUM": "#", "NUMERO": "#", "KM": "#",
    "CO": "~", "AC": "~", "A": "+", "A C": "~",
    "AO": "~", "S": "+", "S N": "SN", "SN": "SN", "AP": "=APTO", "APT": "=APTO",
    "APTO": "=APTO", "APARTAMENTO": "=APTO", "BL": "=BLOCO", "BLOCO": "=BLOCO",
    "LOTE": "=LOTE", "LT": "=LOTE", "QUADRA": "=QUADRA", "QD": "=QUADRA", "CASA": "=CASA",
    "SALA": "=SALA", "CONJ": "=CONJUNTO", "CONJUNTO": "=CONJUNTO", "ANDAR": "=",
    "PISO": "=", "ED": "~EDIFICIO", "EDIF": "~EDIFICIO", "EDIFICIO": "~EDIFICIO",
    "ESQ": "ESQ", "ESQUERDO": "ESQ", "DTO": "DTO", "DIR": "DTO", "DIREITO": "DTO",
    "FTE": "FRENTE", "FRENTE": "FRENTE", "RC": "RC", "R": "+", "R C": "RC",
    "CAIXA": "+", "CAIXA POSTAL": "@", "CP": "@", "APARTADO": "@"},
  "PL": {
    "NR": "#", "NUMER": "#", "CO": "~", "M": "=", "MIESZK": "=", "MIESZKANIE": "=", "LOK": "=",
    "LOKAL": "=", "KL": "=KLATKA", "KLATKA": "=KLATKA", "PIETRO": "<PIETRO", "P": "<PIETRO",
    "BUD": "=BUDYNEK", "BUDYNEK": "=BUDYNEK", "SKR": "+", "SKR POCZT": "@", "SKRYTKA": "+",
    "SKRYTKA POCZTOWA": "@"},
  "RU": {
    "Д": "#", "ДОМ": "#", "КВ": "=", "КВАРТИРА": "=", "КОРП": "=КОРПУС", "КОРПУС": "=КОРПУС",
    "К": "=КОРПУС", "СТР": "=СТРОЕНИЕ", "СТРОЕНИЕ": "=СТРОЕНИЕ", "С": "=СТРОЕНИЕ",
    "ВЛ": "=ВЛАДЕНИЕ", "ВЛАДЕНИЕ": "=ВЛАДЕНИЕ", "ПОДЪЕЗД": "=ПОДЪЕЗД", "ПОД": "=ПОДЪЕЗД",
    "ОФ": "=ОФИС", "ОФИС": "=ОФИС", "КОМ": "=КОМНАТА", "КОМНАТА": "=КОМНАТА",
    "ЭТ": "<ЭТАЖ", "ЭТАЖ": "<ЭТАЖ", "А": "+", "А Я": "@", "АЯ": "@", "АБОНЕНТСКИЙ": "+",
    "АБОНЕНТСКИЙ ЯЩИК": "@"},
  "UA": {
    "Д": "#", "БУД": "#", "БУДИНОК": "#", "ДОМ": "#", "КВ": "=", "КВАРТИРА": "=",
    "КОРП": "=КОРПУС", "КОРПУС": "=КОРПУС", "ОФ": "=ОФІС", "ОФІС": "=ОФІС",
    "ПІД": "=ПІДЇЗД", "ПІДЇЗД": "=ПІДЇЗД", "А": "+", "А С": "@"},
  "GR": {"ΑΡ": "#", "ΑΡΙΘ": "#", "ΟΡΟΦΟΣ": "<ΟΡΟΦΟΣ", "ΟΡ": "<ΟΡΟΦΟΣ", "ΔΙΑΜ": "=",
    "ΔΙΑΜΕΡΙΣΜΑ": "=", "ΤΘ": "@", "Τ": "+", "Τ Θ": "@"},
  "RO": {
    "NR": "#", "NUMARUL": "#", "BL": "=BLOC", "BLOC": "=BLOC", "SC": "=SCARA", "SCARA": "=SCARA",
    "ET": "<ETAJ", "ETAJ": "<ETAJ", "AP": "=AP", "APT": "=AP", "APARTAMENT": "=AP", "CO": "~"},
  "TR": {
    "NO": "#", "NUMARA": "#", "D": "=", "DAIRE": "=", "DA": "=", "KAT": "<KAT", "K": "<KAT",
    "BLOK": "<BLOK", "APT": "~APARTMANI", "APARTMANI": "~APARTMANI", "AP": "~APARTMANI"},
  "SE": {"NR": "#", "CO": "~", "LGH": "=LGH", "LAGENHET": "=LGH", "TR": "<TR", "VAN": "<TR",
    "BOX": "@"},
  "DK": {"NR": "#", "CO": "~", "SAL": "<SAL", "ST": "ST", "STUEN": "ST", "TV": "TV", "TH": "TH",
    "MF": "MF", "KLD": "KLD", "LEIL": "=LEIL", "LEILIGHET": "=LEIL", "POSTBOKS": "@",
    "POSTBOX": "@"},
  "FI": {"CO": "~", "AS": "=", "RAPPU": "=RAPPU", "PL": "@"},
  "CZ": {"C": "#", "CP": "#", "BYT": "=BYT", "PATRO": "<PATRO", "VCHOD": "=VCHOD"},
  "HU": {"EM": "<EM", "EMELET": "<EM", "AJTO": "=AJTO", "FSZ": "FSZ", "FOLDSZINT": "FSZ",
    "LPH": "=LPH", "LEPCSOHAZ": "=LPH"},
  "HR": {"BR": "#", "BROJ": "#"},
  "RS": {"BR": "#", "BROJ": "#"},
  "SI": {"ST": "#"},
  "CN": {"号": "!", "號": "!"},
  "KR": {"번": "!", "번지": "!"},
  "IL": {"דירה": "=", "קומה": "<קומה"}
}'::jsonb -> p_language;

-- Returns the same of the words that stand in addresses of any language.
create function postrider.common_address_terms() returns jsonb
language sql immutable parallel safe
return '{
  "NR": "#", "NO": "#", "NUM": "#", "CO": "~", "ATTN": "~", "ATTENTION": "~", "APT": "=APT",
  "APP": "=APT", "APPT": "=APT", "APPARTEMENT": "=APT", "APARTMENT": "=APT", "FLAT": "=APT",
  "UNIT": "=APT", "ROOM": "=ROOM", "SUITE": "=SUITE", "BLDG": "=BLDG", "BUILDING": "=BLDG",
  "FLOOR": "<FLOOR", "FL": "<FLOOR", "PO": "+", "PO BOX": "@", "POBOX": "@"
}'::jsonb;
