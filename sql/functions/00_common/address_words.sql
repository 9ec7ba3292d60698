-- The words of an address that have several spellings. Source: USPS Publication 28, appendices C1
-- (street suffixes) and C2 (secondary units), and its rules for directionals and numbered streets.
-- They are facts of the trade, and serve a key: two spellings of one word get one abbreviation.

-- Abbreviates a folded word of an address as the postal service of the United States does. Some
-- names of streets have a short form that nothing else has.
create function postrider.abbreviate(p_word text) returns text
language sql immutable parallel safe
return coalesce('{
  "ALLEE": "ALY", "ALLEY": "ALY", "ALLY": "ALY", "ANEX": "ANX", "ANNEX": "ANX", "ANNX": "ANX",
  "ARCADE": "ARC", "AV": "AVE", "AVEN": "AVE", "AVENU": "AVE", "AVDA": "AVE", "AVENIDA": "AVE",
  "AVENUE": "AVE", "AVN": "AVE", "AVNUE": "AVE", "BAYOO": "BYU", "BAYOU": "BYU", "BEACH": "BCH",
  "BEND": "BND", "BLUF": "BLF", "BLUFF": "BLF", "BLUFFS": "BLFS", "BOT": "BTM", "BOTTM": "BTM",
  "BOTTOM": "BTM", "BOUL": "BLVD", "BOULEVARD": "BLVD", "BOULV": "BLVD", "BRANCH": "BR",
  "BRDGE": "BRG", "BRIDGE": "BRG", "BRNCH": "BR", "BROOK": "BRK", "BROOKS": "BRKS", "BURG": "BG",
  "BURGS": "BGS", "BVD": "BLVD", "BYPA": "BYP", "BYPAS": "BYP", "BYPASS": "BYP", "BYPS": "BYP",
  "CAMP": "CP", "CANYN": "CYN", "CANYON": "CYN", "CAPE": "CPE", "CAUSEWAY": "CSWY",
  "CAUSWA": "CSWY", "CEN": "CTR", "CENT": "CTR", "CENTER": "CTR", "CENTERS": "CTRS",
  "CENTR": "CTR", "CENTRE": "CTR", "CIRC": "CIR", "CIRCL": "CIR", "CIRCLE": "CIR",
  "CIRCLES": "CIRS", "CLIFF": "CLF", "CLIFFS": "CLFS", "CLOSE": "CL", "CLUB": "CLB", "CMP": "CP",
  "CNTER": "CTR", "CNTR": "CTR", "CARRETERA": "CARR", "CHEMIN": "CH", "CIRCUIT": "CCT",
  "CNYN": "CYN", "CONDOMINIO": "COND", "ESPLANADE": "ESP", "EXPWY": "EXPY", "GR": "GRV",
  "PARADE": "PDE", "PSO": "PASEO", "TCE": "TER", "TR": "TRL", "URBANIZACION": "URB",
  "URBANIZ": "URB", "URBN": "URB", "URBZ": "URB",
  "COMMON": "CMN", "COMMONS": "CMNS", "CORNER": "COR", "CORNERS": "CORS", "COURSE": "CRSE",
  "COURT": "CT", "COURTS": "CTS", "COVE": "CV", "COVES": "CVS", "CRCL": "CIR", "CRCLE": "CIR",
  "CREEK": "CRK", "CRESCENT": "CRES", "CREST": "CRST", "CROSSING": "XING", "CROSSROAD": "XRD",
  "CROSSROADS": "XRDS", "CRSENT": "CRES", "CRSNT": "CRES", "CRSSNG": "XING", "CRT": "CT",
  "CURVE": "CURV", "DALE": "DL", "DAM": "DM", "DIV": "DV", "DIVIDE": "DV", "DRIV": "DR",
  "DRIVE": "DR", "DRIVES": "DRS", "DRV": "DR", "DVD": "DV", "EAST": "E", "EIGHTEENTH": "18TH",
  "EIGHTH": "8TH", "ELEVENTH": "11TH", "ESTATE": "EST", "ESTATES": "ESTS", "EXP": "EXPY",
  "EXPR": "EXPY", "EXPRESS": "EXPY", "EXPRESSWAY": "EXPY", "EXPW": "EXPY", "EXTENSION": "EXT",
  "EXTENSIONS": "EXTS", "EXTN": "EXT", "EXTNSN": "EXT", "FALLS": "FLS", "FERRY": "FRY",
  "FIELD": "FLD", "FIELDS": "FLDS", "FIFTEENTH": "15TH", "FIFTH": "5TH", "FIFTIETH": "50TH",
  "FIRST": "1ST", "FLAT": "FLT", "FLATS": "FLTS", "FORD": "FRD", "FORDS": "FRDS",
  "FOREST": "FRST", "FORESTS": "FRST", "FORG": "FRG", "FORGE": "FRG", "FORGES": "FRGS",
  "FORK": "FRK", "FORKS": "FRKS", "FORT": "FT", "FORTIETH": "40TH", "FOURTEENTH": "14TH",
  "FOURTH": "4TH", "FREEWAY": "FWY", "FREEWY": "FWY", "FRRY": "FRY", "FRT": "FT", "FRWAY": "FWY",
  "FRWY": "FWY", "GARDEN": "GDN", "GARDENS": "GDNS", "GARDN": "GDN", "GATEWAY": "GTWY",
  "GATEWY": "GTWY", "GATWAY": "GTWY", "GLEN": "GLN", "GLENS": "GLNS", "GRDEN": "GDN",
  "GRDN": "GDN", "GRDNS": "GDNS", "GREEN": "GRN", "GREENS": "GRNS", "GROV": "GRV",
  "GROVE": "GRV", "GROVES": "GRVS", "GTWAY": "GTWY", "HARB": "HBR", "HARBOR": "HBR",
  "HARBORS": "HBRS", "HARBOUR": "HBR", "HARBR": "HBR", "HAVEN": "HVN", "HEIGHTS": "HTS",
  "HGTS": "HTS", "HIGHWAY": "HWY", "HIGHWY": "HWY", "HILL": "HL", "HILLS": "HLS", "HIWAY": "HWY",
  "HIWY": "HWY", "HLLW": "HOLW", "HOLLOW": "HOLW", "HOLLOWS": "HOLW", "HOLWS": "HOLW",
  "HRBOR": "HBR", "HT": "HTS", "HWAY": "HWY", "INLET": "INLT", "ISLAND": "IS", "ISLANDS": "ISS",
  "ISLES": "ISLE", "ISLND": "IS", "ISLNDS": "ISS", "JCTION": "JCT", "JCTN": "JCT",
  "JCTNS": "JCTS", "JUNCTION": "JCT", "JUNCTIONS": "JCTS", "JUNCTN": "JCT", "JUNCTON": "JCT",
  "KNOL": "KNL", "KNOLL": "KNL", "KNOLLS": "KNLS", "LAKE": "LK", "LAKES": "LKS",
  "LANDING": "LNDG", "LANE": "LN", "LDGE": "LDG", "LIGHT": "LGT", "LIGHTS": "LGTS",
  "LNDNG": "LNDG", "LOAF": "LF", "LOCK": "LCK", "LOCKS": "LCKS", "LODG": "LDG", "LODGE": "LDG",
  "LOOPS": "LOOP", "LP": "LOOP", "MANOR": "MNR", "MANORS": "MNRS", "MEADOW": "MDW",
  "MEADOWS": "MDWS",
  "MEDOWS": "MDWS", "MILL": "ML", "MILLS": "MLS", "MISSION": "MSN", "MISSN": "MSN", "MNT": "MT",
  "MNTAIN": "MTN", "MNTN": "MTN", "MNTNS": "MTNS", "MOTORWAY": "MTWY", "MOUNT": "MT",
  "MOUNTAIN": "MTN", "MOUNTAINS": "MTNS", "MOUNTIN": "MTN", "MSSN": "MSN", "MTIN": "MTN",
  "NECK": "NCK", "NINETEENTH": "19TH", "NINTH": "9TH", "NORTH": "N", "NORTHEAST": "NE",
  "NORTHWEST": "NW", "ORCHARD": "ORCH", "ORCHRD": "ORCH", "OVERPASS": "OPAS", "OVL": "OVAL",
  "PARKS": "PARK", "PARKWAY": "PKWY", "PARKWAYS": "PKWY", "PARKWY": "PKWY", "PASSAGE": "PSGE",
  "PATHS": "PATH", "PIKES": "PIKE", "PINE": "PNE", "PINES": "PNES", "PKWAY": "PKWY",
  "PKWYS": "PKWY", "PKY": "PKWY", "PLACE": "PL", "PLAIN": "PLN", "PLAINS": "PLNS",
  "PLAZA": "PLZ", "PLZA": "PLZ", "POINT": "PT", "POINTS": "PTS", "PORT": "PRT", "PORTS": "PRTS",
  "PRAIRIE": "PR", "PRK": "PARK", "PRR": "PR", "RAD": "RADL", "RADIAL": "RADL", "RADIEL": "RADL",
  "RANCH": "RNCH", "RANCHES": "RNCH", "RAPID": "RPD", "RAPIDS": "RPDS", "RDGE": "RDG",
  "REST": "RST", "RIDGE": "RDG", "RIDGES": "RDGS", "RIVER": "RIV", "RIVR": "RIV",
  "RNCHS": "RNCH", "ROAD": "RD", "ROADS": "RDS", "ROUTE": "RTE", "RT": "RTE", "RVR": "RIV",
  "SAINT": "ST", "SECOND": "2ND", "SEVENTEENTH": "17TH", "SEVENTH": "7TH", "SHOAL": "SHL",
  "SHOALS": "SHLS", "SHOAR": "SHR", "SHOARS": "SHRS", "SHORE": "SHR", "SHORES": "SHRS",
  "SIXTEENTH": "16TH", "SIXTH": "6TH", "SKYWAY": "SKWY", "SOUTH": "S", "SOUTHEAST": "SE",
  "SOUTHWEST": "SW", "SPNG": "SPG", "SPNGS": "SPGS", "SPRING": "SPG", "SPRINGS": "SPGS",
  "SPRNG": "SPG", "SPRNGS": "SPGS", "SPURS": "SPUR", "SQR": "SQ", "SQRE": "SQ", "SQRS": "SQS",
  "SQU": "SQ", "SQUARE": "SQ", "SQUARES": "SQS", "STATION": "STA", "STATN": "STA", "STN": "STA",
  "STR": "ST", "STRAV": "STRA", "STRAVEN": "STRA", "STRAVENUE": "STRA", "STRAVN": "STRA",
  "STREAM": "STRM", "STREET": "ST", "STREETS": "STS", "STREME": "STRM", "STRT": "ST",
  "STRVN": "STRA", "STRVNUE": "STRA", "SUMIT": "SMT", "SUMITT": "SMT", "SUMMIT": "SMT",
  "TENTH": "10TH", "TERR": "TER", "TERRACE": "TER", "THIRD": "3RD", "THIRTEENTH": "13TH",
  "THIRTIETH": "30TH", "THROUGHWAY": "TRWY", "TRACE": "TRCE", "TRACES": "TRCE", "TRACK": "TRAK",
  "TRACKS": "TRAK", "TRAFFICWAY": "TRFY", "TRAIL": "TRL", "TRAILS": "TRL", "TRK": "TRAK",
  "TRKS": "TRAK", "TRLS": "TRL", "TRNPK": "TPKE", "TUNEL": "TUNL", "TUNLS": "TUNL",
  "TUNNEL": "TUNL", "TUNNELS": "TUNL", "TUNNL": "TUNL", "TURNPIKE": "TPKE", "TURNPK": "TPKE",
  "TWELFTH": "12TH", "TWENTIETH": "20TH", "UNDERPASS": "UPAS", "UNION": "UN", "UNIONS": "UNS",
  "VALLEY": "VLY", "VALLEYS": "VLYS", "VALLY": "VLY", "VIEW": "VW", "VIEWS": "VWS",
  "VILL": "VLG", "VILLAG": "VLG", "VILLAGE": "VLG", "VILLAGES": "VLGS", "VILLE": "VL",
  "VILLG": "VLG", "VILLIAGE": "VLG", "VIST": "VIS", "VISTA": "VIS", "VLLY": "VLY", "VST": "VIS",
  "MLK": "MARTIN LUTHER KING", "JFK": "JOHN F KENNEDY", "FDR": "FRANKLIN D ROOSEVELT",
  "DOCTOR": "DR", "JUNIOR": "JR", "SIDEROAD": "SIDE RD", "CONCESSION": "CONC",
  "STRET": "ST", "SREET": "ST", "STEET": "ST", "STREEET": "ST", "STRRET": "ST", "AVEUE": "AVE",
  "AVEUNE": "AVE", "AVENEU": "AVE", "AVNEUE": "AVE", "BOULAVARD": "BLVD", "BOULEVARDE": "BLVD",
  "RAOD": "RD", "DIRVE": "DR",
  "VSTA": "VIS", "WALKS": "WALK", "WELL": "WL", "WELLS": "WLS", "WEST": "W", "WY": "WAY"
}'::jsonb ->> p_word, p_word);

-- Tells what kind of unit a folded word announces; null where it announces none. An apartment, a
-- suite, a room and a number are one kind: people write any of them for the same door.
create function postrider.unit_kind(p_word text) returns text
language sql immutable parallel safe
return '{
  "#": "#", "BLDG": "BLDG", "FL": "FL", "DEPT": "DEPT", "LOT": "LOT", "SPC": "SPC",
  "TRLR": "TRLR", "HNGR": "HNGR", "STOP": "STOP", "SLIP": "SLIP", "PIER": "PIER",
  "TOWER": "TOWER", "WING": "WING", "BSMT": "BSMT", "FRNT": "FRNT", "REAR": "REAR",
  "UPPR": "UPPR", "LOWR": "LOWR", "LBBY": "LBBY", "OFC": "OFC", "PH": "PH", "SIDE": "SIDE",
  "APARTMENT": "#", "APARTMT": "#", "APPT": "#", "APT": "#", "APTMT": "#", "BASEMENT": "BSMT",
  "BASEMT": "BSMT", "BLD": "BLDG", "BLDNG": "BLDG", "BLG": "BLDG", "BUILDING": "BLDG",
  "DEPARTMENT": "DEPT", "FLOOR": "FL", "FLR": "FL", "FRONT": "FRNT", "HANGAR": "HNGR",
  "HANGER": "HNGR", "LOBBY": "LBBY", "LOWER": "LOWR", "NBR": "#", "NO": "#", "NUM": "#",
  "NUMBER": "#", "OFFICE": "OFC", "PENTHOUSE": "PH", "PMB": "#", "RM": "#", "ROOM": "#",
  "SP": "SPC", "SPACE": "SPC", "STE": "#", "SUITE": "#", "TRAILER": "TRLR", "TWR": "TOWER",
  "UNIT": "#", "UPPER": "UPPR", "FLAT": "#", "FLT": "#", "STUDIO": "#", "APP": "#",
  "APPARTEMENT": "#", "BUREAU": "#", "BUR": "#", "APTO": "#", "LEVEL": "FL", "LVL": "FL",
  "UNITE": "#"
}'::jsonb ->> p_word;

-- Says whether an abbreviated word can be the suffix of a street.
create function postrider.is_street_suffix(p_word text) returns boolean
language sql immutable parallel safe
return '[
  "ALY", "ANX", "ARC", "AVE", "BCH", "BG", "BGS", "BLF", "BLFS", "BLVD", "BND", "BR", "BRG",
  "BRK", "BRKS", "BTM", "BYP", "BYU", "CCT", "CIR", "CIRS", "CL", "CLB", "CLF", "CLFS", "CMN",
  "CMNS", "COR", "CORS", "CP", "CPE", "CRES", "CRK", "CRSE", "CRST", "CSWY", "CT", "CTR", "CTRS",
  "CTS", "CURV", "CV", "CVS", "CYN", "DL", "DM", "DR", "DRS", "DV", "ESP", "EST", "ESTS", "EXPY",
  "EXT", "EXTS", "FALL", "FLD", "FLDS", "FLS", "FLT", "FLTS", "FRD", "FRDS", "FRG", "FRGS",
  "FRK", "FRKS", "FRST", "FRY", "FT", "FWY", "GDN", "GDNS", "GLN", "GLNS", "GRN", "GRNS", "GRV",
  "GRVS", "GTWY", "HBR", "HBRS", "HL", "HLS", "HOLW", "HTS", "HVN", "HWY", "INLT", "IS", "ISLE",
  "ISS", "JCT", "JCTS", "KNL", "KNLS", "LAND", "LCK", "LCKS", "LDG", "LF", "LGT", "LGTS", "LK",
  "LKS", "LN", "LNDG", "LOOP", "MALL", "MDW", "MDWS", "MEWS", "ML", "MLS", "MNR", "MNRS", "MSN",
  "MT", "MTN", "MTNS", "MTWY", "NCK", "OPAS", "ORCH", "OVAL", "PARK", "PASS", "PATH", "PDE",
  "PIKE", "PKWY", "PL", "PLN", "PLNS", "PLZ", "PNE", "PNES", "PR", "PRT", "PRTS", "PSGE", "PT",
  "PTS", "RADL", "RD", "RDG", "RDGS", "RDS", "RIV", "RNCH", "ROW", "RPD", "RPDS", "RST", "RTE",
  "RUE", "RUN", "SHL", "SHLS", "SHR", "SHRS", "SKWY", "SMT", "SPG", "SPGS", "SPUR", "SQ", "SQS",
  "ST", "STA", "STRA", "STRM", "STS", "TER", "TPKE", "TRAK", "TRCE", "TRFY", "TRL", "TRWY",
  "TUNL", "UN", "UNS", "UPAS", "VIA", "VIS", "VL", "VLG", "VLGS", "VLY", "VLYS", "VW", "VWS",
  "WALK", "WAY", "WL", "WLS", "XING", "XRD", "XRDS"
]'::jsonb ? p_word;
