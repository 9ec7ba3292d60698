/**
 * The household key and the holdout bucket, written a second time.
 *
 * The pipeline computes both in SQL. The auditor must not trust it, so it carries its own: from the
 * same prose, in another language, with no shared code. Where the two disagree, one of them is
 * wrong, and the audit says so card by card.
 *
 * The key is for matching, never for printing: two spellings of one letterbox meet in it, two flats
 * of one building do not. City and state stay out, because people write them in more ways than the
 * ZIP, which already implies them.
 */
import { createHash } from 'node:crypto';

/** An address as somebody wrote it. */
export interface WrittenAddress {
  readonly line1: string;
  readonly line2: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

const STREET_SUFFIXES = {
  ALLEY: 'ALY',
  AVENUE: 'AVE',
  BOULEVARD: 'BLVD',
  CIRCLE: 'CIR',
  COURT: 'CT',
  COVE: 'CV',
  CROSSING: 'XING',
  DRIVE: 'DR',
  EXPRESSWAY: 'EXPY',
  FORT: 'FT',
  FREEWAY: 'FWY',
  HEIGHTS: 'HTS',
  HIGHWAY: 'HWY',
  LANE: 'LN',
  MOUNT: 'MT',
  PARKWAY: 'PKWY',
  PLACE: 'PL',
  POINT: 'PT',
  RIDGE: 'RDG',
  ROAD: 'RD',
  SAINT: 'ST',
  SQUARE: 'SQ',
  STREET: 'ST',
  TERRACE: 'TER',
  TRAIL: 'TRL',
};

const DIRECTIONALS = {
  EAST: 'E',
  NORTH: 'N',
  NORTHEAST: 'NE',
  NORTHWEST: 'NW',
  SOUTH: 'S',
  SOUTHEAST: 'SE',
  SOUTHWEST: 'SW',
  WEST: 'W',
};

const UNIT_DESIGNATORS = {
  APARTMENT: '#',
  APT: '#',
  NO: '#',
  NUMBER: '#',
  RM: '#',
  ROOM: '#',
  STE: '#',
  SUITE: '#',
  UNIT: '#',
  BUILDING: 'BLDG',
  DEPARTMENT: 'DEPT',
  FLOOR: 'FL',
  SPACE: 'SPC',
  TRAILER: 'TRLR',
};

/** One token to one token. What is not listed (WAY, LOOP, LOT, names, numbers) stays as it is. */
export const USPS_ABBREVIATIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...STREET_SUFFIXES, ...DIRECTIONALS, ...UNIT_DESIGNATORS }),
);

/**
 * Upper case, accents folded, everything but A-Z 0-9 / # turned into single spaces; `#` stands
 * alone.
 */
export function normalizeLine(text: string): string {
  return (
    text
      .normalize('NFD')
      .replace(/[\u0300-\u036f]/g, '')
      // Only a to z: what another letter becomes in upper case differs between runtimes and
      // collations, and is a space anyway.
      .replace(/[a-z]/g, (letter) => letter.toUpperCase())
      .replaceAll('#', ' # ')
      .replace(/[^A-Z0-9/#]/g, ' ')
      .replace(/ +/g, ' ')
      .trim()
  );
}

/** The ZIP's first five digits; zeros that a spreadsheet lost are put back. */
export function zip5(postalCode: string): string {
  const [beforeHyphen = ''] = postalCode.split('-');
  return beforeHyphen.replace(/\D/g, '').slice(0, 5).padStart(5, '0');
}

export function householdKey(address: WrittenAddress): string {
  const line = normalizeLine(`${address.line1} ${address.line2}`);
  const country = address.country.trim().toUpperCase() || 'US';
  // The example mails within the US. Elsewhere only equal text is taken for one letterbox.
  if (country !== 'US')
    return `${country}|${normalizeLine(address.postalCode).replaceAll(' ', '')}|${line}`;

  const tokens: string[] = [];
  for (const written of line.split(' ')) {
    const token = USPS_ABBREVIATIONS.get(written) ?? written;
    if (token === '') continue;
    // "Apt #4" and "Unit No. 4" are two designators and one unit.
    if (token === '#' && tokens.at(-1) === '#') continue;
    tokens.push(token);
  }
  const mark = tokens.indexOf('#');
  const unit = mark === -1 ? undefined : tokens[mark + 1];
  const rest = unit === undefined ? tokens : [...tokens.slice(0, mark), ...tokens.slice(mark + 2)];
  return `US|${zip5(address.postalCode)}|${rest.join(' ')}|${unit ?? ''}`;
}

export interface Holdout {
  /** 0 to 100. */
  readonly percent: number;
  readonly salt: string;
}

/** 0 to 9999, the same for a household as long as the salt is the same. */
export function holdoutBucket(salt: string, household: string): number {
  const digest = createHash('sha256').update(`${salt}:${household}`, 'utf8').digest();
  return Number(digest.readBigUInt64BE(0) % 10_000n);
}

export function isHeldBack(holdout: Holdout, household: string): boolean {
  return holdoutBucket(holdout.salt, household) < holdout.percent * 100;
}
