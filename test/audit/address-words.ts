/** The words of an address, as the auditor reads them: their abbreviations, and units. */
/** Suffixes of streets: the abbreviation, and other spellings of it. */
export const SUFFIXES = readWords(`
  ALY: ALLEE ALLEY ALLY; ANX: ANEX ANNEX ANNX; ARC: ARCADE;
  AVE: AV AVEN AVENU AVENUE AVENIDA AVDA AVN AVNUE; BYU: BAYOO BAYOU; BCH: BEACH; BND: BEND;
  BLF: BLUF BLUFF; BLFS: BLUFFS; BTM: BOT BOTTM BOTTOM; BLVD: BOUL BOULEVARD BOULV BVD;
  BR: BRNCH BRANCH; BRG: BRDGE BRIDGE; BRK: BROOK; BRKS: BROOKS; BG: BURG; BGS: BURGS;
  BYP: BYPA BYPAS BYPASS BYPS; CP: CAMP CMP; CYN: CANYN CANYON CNYN; CPE: CAPE;
  CSWY: CAUSEWAY CAUSWA; CTR: CEN CENT CENTER CENTR CENTRE CNTER CNTR; CTRS: CENTERS;
  CIR: CIRC CIRCL CIRCLE CRCL CRCLE; CIRS: CIRCLES; CLF: CLIFF; CLFS: CLIFFS; CLB: CLUB;
  CMN: COMMON; CMNS: COMMONS; COR: CORNER; CORS: CORNERS; CRSE: COURSE; CT: COURT CRT;
  CTS: COURTS; CV: COVE; CVS: COVES; CRK: CREEK; CRES: CRESCENT CRSENT CRSNT; CRST: CREST;
  XING: CROSSING CRSSNG; XRD: CROSSROAD; XRDS: CROSSROADS; CURV: CURVE; DL: DALE; DM: DAM;
  DV: DIV DIVIDE DVD; DR: DRIV DRIVE DRV; DRS: DRIVES; EST: ESTATE; ESTS: ESTATES;
  EXPY: EXP EXPR EXPRESS EXPRESSWAY EXPW; EXT: EXTENSION EXTN EXTNSN; EXTS: EXTENSIONS;
  FLS: FALLS; FRY: FERRY FRRY; FLD: FIELD; FLDS: FIELDS; FLT: FLAT; FLTS: FLATS; FRD: FORD;
  FRDS: FORDS; FRST: FOREST FORESTS; FRG: FORG FORGE; FRGS: FORGES; FRK: FORK; FRKS: FORKS;
  FT: FORT FRT; FWY: FREEWAY FREEWY FRWAY FRWY; GDN: GARDEN GARDN GRDEN GRDN;
  GDNS: GARDENS GRDNS; GTWY: GATEWAY GATEWY GATWAY GTWAY; GLN: GLEN; GLNS: GLENS; GRN: GREEN;
  GRNS: GREENS; GRV: GROV GROVE; GRVS: GROVES; HBR: HARB HARBOR HARBR HRBOR HARBOUR;
  HBRS: HARBORS; HVN: HAVEN; HTS: HEIGHTS HGTS HT; HWY: HIGHWAY HIGHWY HIWAY HIWY HWAY;
  HL: HILL; HLS: HILLS; HOLW: HLLW HOLLOW HOLLOWS HOLWS; INLT: INLET; IS: ISLAND ISLND;
  ISS: ISLANDS ISLNDS; ISLE: ISLES; JCT: JCTION JCTN JUNCTION JUNCTN JUNCTON;
  JCTS: JCTNS JUNCTIONS; KNL: KNOL KNOLL; KNLS: KNOLLS; LK: LAKE; LKS: LAKES;
  LNDG: LANDING LNDNG; LN: LANE; LGT: LIGHT; LGTS: LIGHTS; LF: LOAF; LCK: LOCK; LCKS: LOCKS;
  LDG: LDGE LODG LODGE; LOOP: LOOPS LP; MNR: MANOR; MNRS: MANORS; MDW: MEADOW;
  MDWS: MEADOWS MEDOWS; ML: MILL; MLS: MILLS; MSN: MISSION MISSN MSSN; MTWY: MOTORWAY;
  MT: MOUNT MNT; MTN: MNTAIN MNTN MOUNTAIN MOUNTIN MTIN; MTNS: MNTNS MOUNTAINS; NCK: NECK;
  ORCH: ORCHARD ORCHRD; OVAL: OVL; OPAS: OVERPASS; PARK: PARKS PRK;
  PKWY: PARKWAY PARKWAYS PARKWY PKWAY PKWYS PKY; PSGE: PASSAGE; PATH: PATHS; PIKE: PIKES;
  PNE: PINE; PNES: PINES; PL: PLACE; PLN: PLAIN; PLNS: PLAINS; PLZ: PLAZA PLZA; PT: POINT;
  PTS: POINTS; PRT: PORT; PRTS: PORTS; PR: PRAIRIE PRR; RADL: RAD RADIAL RADIEL;
  RNCH: RANCH RANCHES RNCHS; RPD: RAPID; RPDS: RAPIDS; RST: REST; RDG: RDGE RIDGE;
  RDGS: RIDGES; RIV: RIVER RVR RIVR; RD: ROAD; RDS: ROADS; RTE: ROUTE RT; SHL: SHOAL;
  SHLS: SHOALS; SHR: SHOAR SHORE; SHRS: SHOARS SHORES; SKWY: SKYWAY; SPG: SPNG SPRING SPRNG;
  SPGS: SPNGS SPRINGS SPRNGS; SPUR: SPURS; SQ: SQR SQRE SQU SQUARE; SQS: SQRS SQUARES;
  STA: STATION STATN STN; STRA: STRAV STRAVEN STRAVENUE STRAVN STRVN STRVNUE;
  STRM: STREAM STREME; ST: STR STREET STRT SAINT; STS: STREETS; SMT: SUMIT SUMITT SUMMIT;
  TER: TERR TERRACE; TRWY: THROUGHWAY; TRCE: TRACE TRACES; TRAK: TRACK TRACKS TRK TRKS;
  TRFY: TRAFFICWAY; TRL: TRAIL TRAILS TRLS; TUNL: TUNEL TUNLS TUNNEL TUNNELS TUNNL;
  TPKE: TRNPK TURNPIKE TURNPK; UPAS: UNDERPASS; UN: UNION; UNS: UNIONS;
  VLY: VALLEY VALLY VLLY; VLYS: VALLEYS; VW: VIEW; VWS: VIEWS;
  VLG: VILL VILLAG VILLAGE VILLG VILLIAGE; VLGS: VILLAGES; VL: VILLE;
  VIS: VIST VISTA VST VSTA; WALK: WALKS; WAY: WY; WL: WELL; WLS: WELLS;
  CL: CLOSE; FALL: ; LAND: ; MALL: ; MEWS: ; PASS: ; ROW: ; RUE: ; RUN: ;
`);

export const DIRECTIONS = readWords(`
  N: NORTH; S: SOUTH; E: EAST; W: WEST;
  NE: NORTHEAST; NW: NORTHWEST; SE: SOUTHEAST; SW: SOUTHWEST;
`);

/** Kinds of units that have a value. People write any of the first kind for one door. */
const VALUED = readWords(`
  #: APARTMENT APARTMT APPT APT APTMT STE SUITE UNIT ROOM RM NO NUMBER NUM NBR PMB FLAT FLT STUDIO;
  BLDG: BUILDING BLD BLDNG BLG; FL: FLOOR FLR; DEPT: DEPARTMENT; LOT: ; SPC: SPACE SP;
  TRLR: TRAILER; HNGR: HANGAR HANGER; STOP: ; SLIP: ; PIER: ; TOWER: TWR; WING: ;
`);

/** Kinds that may stand alone. */
const ALONE = readWords(`
  BSMT: BASEMENT BASEMT; FRNT: FRONT; REAR: ; UPPR: UPPER; LOWR: LOWER; LBBY: LOBBY; OFC: OFFICE;
  PH: PENTHOUSE; SIDE: ;
`);

const ORDINALS = [
  'FIRST SECOND THIRD FOURTH FIFTH SIXTH SEVENTH EIGHTH NINTH TENTH ELEVENTH TWELFTH THIRTEENTH',
  'FOURTEENTH FIFTEENTH SIXTEENTH SEVENTEENTH EIGHTEENTH NINETEENTH TWENTIETH',
]
  .join(' ')
  .split(' ');

function readWords(text: string): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const [, short = '', others = ''] of text.matchAll(/(\S+):([A-Z ]*);/g)) {
    words.set(short, short);
    for (const other of others.trim().split(/ +/)) if (other !== '') words.set(other, short);
  }
  return words;
}

function ordinal(word: string): string | undefined {
  const n = ORDINALS.indexOf(word) + 1;
  if (n === 0) return undefined;
  return `${n}${n > 3 ? 'TH' : (['ST', 'ND', 'RD'][n - 1] ?? '')}`;
}

/** Names of streets with a short form, and titles. */
const NAMES: Readonly<Record<string, string>> = {
  SAINT: 'ST',
  DOCTOR: 'DR',
  JUNIOR: 'JR',
  MLK: 'MARTIN LUTHER KING',
  JFK: 'JOHN F KENNEDY',
  FDR: 'FRANKLIN D ROOSEVELT',
};

/** What people abbreviate by their own lights, in the one way of this key. */
export function abbreviated(word: string): string {
  return (
    DIRECTIONS.get(word) ??
    SUFFIXES.get(word) ??
    ordinal(word) ??
    (Object.hasOwn(NAMES, word) ? NAMES[word] : undefined) ??
    word
  );
}

/** 42 is 42ND. */
export function asOrdinal(number: string): string {
  if (!/^\d+$/.test(number)) return number;
  const ending = /1[123]$/.test(number)
    ? undefined
    : { 1: 'ST', 2: 'ND', 3: 'RD' }[number.at(-1) ?? ''];
  return `${number}${ending ?? 'TH'}`;
}

/** Numbered roads: "US 80" is HWY 80, and whose it is stands apart. */
export function numberedRoad(words: readonly string[]): { words: string[]; whose: string | null } {
  const [number = '', ...rest] = words;
  // "FM1960"
  const text = rest.join(' ').replace(/^((?:[NSEW] )?(?:US|FM|SR|IH|HWY))(?=\d)/, '$1 ');
  for (const [whose, ways] of [
    ['COUNTY', '(?:COUNTY|CNTY|CO) (?:RD|HWY|RTE)|CR|C R'],
    ['STATE', '(?:STATE|ST) (?:RD|HWY|RTE)|SR|S R|SH'],
    ['US', 'U ?S(?: (?:HWY|RTE))?'],
    ['FARM', 'F ?M(?: RD)?|FARM TO MARKET(?: RD)?'],
    ['RANCH TO MARKET', 'R ?M(?: RD)?|RNCH TO MARKET(?: RD)?'],
    ['RANCH', 'RNCH RD|R ?R'],
    ['TOWNSHIP', '(?:TWP|TOWNSHIP) (?:RD|HWY)'],
    ['INTERSTATE', 'INTERSTATE(?: HWY)?|IH?'],
    [null, 'RTE'],
  ] as const) {
    const found = new RegExp(
      `^((?:[NSEW] )?)(?:${ways}) (\\d+[A-Z]?|[A-Z]{1,2}(?=$))(?= |$)(.*)$`,
    ).exec(text);
    if (found === null || (whose === null && !/^\d/.test(found[2] ?? ''))) continue;
    const left = whose === 'FARM' ? (found[3] ?? '').replace(/^ RD$/, '') : (found[3] ?? '');
    return {
      words: `${number} ${found[1] ?? ''}HWY ${found[2] ?? ''}${left}`.split(' '),
      whose: whose === null ? null : `HWY OF ${whose}`,
    };
  }
  return { words: [...words], whose: null };
}

/** "Twenty-First" is 21ST. */
export function inFigures(words: readonly string[]): string[] {
  const tens = 'TWENTY THIRTY FORTY FIFTY SIXTY SEVENTY EIGHTY NINETY'.split(' ');
  return words.flatMap((word, i) => {
    const [before = '', after = ''] = [words[i - 1], words[i + 1]];
    const ones = /^[1-9](ST|ND|RD|TH)$/;
    if (tens.includes(word) && ones.test(after)) return [];
    return ones.test(word) && tens.includes(before)
      ? [`${tens.indexOf(before) + 2}${word}`]
      : [word];
  });
}

/** One line's units, and its other words. */
export function withoutUnits(words: readonly string[]): { street: string[]; units: string[] } {
  const street: string[] = [];
  const units: string[] = [];
  const announces = (word: string | undefined): boolean =>
    word !== undefined && (VALUED.has(word) || ALONE.has(word));
  let rest = [...words];
  while (rest.length > 0) {
    const [word = '', ...after] = rest;
    const floor = /^(\d+)(ST|ND|RD|TH)?$/.exec(word)?.[1];
    const mayBegin = street.length === 0 || street.length >= 2;
    const kind = VALUED.get(word) ?? ALONE.get(word);
    if (
      floor !== undefined &&
      VALUED.get(after[0] ?? '') === 'FL' &&
      (after.length === 1 || announces(after[1]))
    ) {
      units.push(`FL ${floor}`);
      rest = after.slice(1);
      continue;
    }
    if (kind !== undefined && mayBegin) {
      while (VALUED.get(after[0] ?? '') === '#') after.shift();
      let value = '';
      while (
        after.length > 0 &&
        !(street.length === 0 && value !== '' && after.length > 1 && !announces(after[1]))
      ) {
        const next = after[0] ?? '';
        const short = /^(\d+[A-Z]{0,2}|[A-Z]{1,2}\d+|[\d/]+|[A-Z])$/.test(next);
        const last = value === '' && after.length === 1;
        if (!short && !(last && ['#', 'BLDG', 'TOWER', 'WING', 'DEPT'].includes(kind))) break;
        value += `${/\d$/.test(value) && /^\d/.test(next) ? '-' : ''}${next}`;
        after.shift();
      }
      if (value !== '' || (ALONE.has(word) && (after.length === 0 || announces(after[0])))) {
        units.push(`${kind} ${value.replace(/^0+(?=.)/, '')}`.trim());
        rest = after;
        continue;
      }
    }
    street.push(word);
    rest = rest.slice(1);
  }
  return { street, units };
}
