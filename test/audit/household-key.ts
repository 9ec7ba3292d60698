/**
 * The household key and the holdout bucket, written a second time.
 *
 * The pipeline computes both in SQL. The auditor must not trust it, so it carries its own: from the
 * same prose, in another language, with no shared code. Where the two disagree, one of them is
 * wrong, and the audit says so card by card.
 *
 * The prose (USPS Publication 28): of an address count its number, directionals, street, suffix and
 * units, each in its postal abbreviation, and whatever else stands there. Two spellings of one
 * letterbox have one key, two flats of one building do not. City and state stay out, because people
 * write them in more ways than the ZIP, which already implies them.
 */
import { createHash } from 'node:crypto';
import {
  abbreviated,
  asOrdinal,
  DIRECTIONS,
  inFigures,
  numberedRoad,
  SUFFIXES,
  withoutUnits,
} from './address-words.ts';

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

/** Number, directionals, name and suffix of a street, in the order of the key. */
function streetFields(written: readonly string[]): string[] {
  const words = [...written];
  let number = '';
  if (/^\d/.test(words[0] ?? '')) {
    number = (words.shift() ?? '').replace(/^0+(?=.)/, '');
    if (/^\d+\/\d+$/.test(words[0] ?? '')) number += ` ${words.shift() ?? ''}`;
    else if (
      /^[A-DF-MO-RT-VX-Z]$/.test(words[0] ?? '') &&
      /^\d+$/.test(number) &&
      words.length >= 3 &&
      SUFFIXES.get(words[1] ?? '') !== words[1] &&
      (words[0] !== 'O' || (words[1] ?? '').length < 3)
    )
      number += words.shift() ?? '';
  }
  const direction = (word: string | undefined): boolean => DIRECTIONS.get(word ?? '') === word;
  const suffixed = (word: string | undefined): boolean => SUFFIXES.get(word ?? '') === word;
  // "Ave North West": two words, one direction; "100 N West St": a direction and a name.
  const [last, before] = [words.at(-1) ?? '', words.at(-2) ?? ''];
  if (words.length >= 3 && /^[EW]$/.test(last) && /^[NS]$/.test(before))
    words.splice(-2, 2, before + last);
  else if (
    /^\d+[A-Z]?( \d+\/\d+)?$/.test(number) &&
    words.length >= 4 &&
    /^[NS]$/.test(words[0] ?? '') &&
    /^[EW]$/.test(words[1] ?? '')
  )
    words.splice(0, 2, `${words[0] ?? ''}${words[1] ?? ''}`);
  const after = words.length >= 2 && direction(words.at(-1)) ? (words.pop() ?? '') : '';
  const ahead =
    words.length >= 2 && direction(words[0]) && !(words.length === 2 && suffixed(words[1]))
      ? (words.shift() ?? '')
      : '';
  // "12 O Brien St"
  if (words[0] === 'O' && /^.{3}/.test(words[1] ?? '') && !suffixed(words[1]))
    words.splice(0, 2, `O${words[1] ?? ''}`);
  const suffix = words.length >= 2 && suffixed(words.at(-1)) ? (words.pop() ?? '') : '';
  if (suffix !== '' && words[0] !== 'HWY' && !/^\d/.test(words.at(-2) ?? ''))
    words.push(asOrdinal(words.pop() ?? ''));
  // "842 E 1700 South St" is "842 E 1700 S".
  const grid = /^(\d+) ([NSEW])$/.exec(words.join(' '));
  if (grid !== null && suffix === 'ST' && after === '')
    return [number, grid[1] ?? '', '', ahead, grid[2] ?? ''];
  return [number, words.join(' '), suffix, ahead, after];
}

/** `PO Box 12`, `RR 2 Box 18`, `PSC 476 Box 1101`: a box, and where it stands. */
function boxFields(line: string): string[] | undefined {
  const n = '(?: (?:#|NO|NUM|NUMBER))* 0*([0-9A-Z]+)';
  const read = (what: string): RegExpExecArray | null =>
    new RegExp(`^(?:${what}) (?:BOX|BX)${n}$`).exec(line);
  const rural = read(`(?:RURAL RTE|RURAL RD|R R|RR|RFD|RURAL|RD|RTE)${n}`);
  if (rural) return [rural[2] ?? '', `RR ${rural[1] ?? ''}`, '', '', ''];
  const contract = read(`(?:HWY CONTRACT(?: RTE)?|STAR RTE|HCR|HC)${n}`);
  if (contract) return [contract[2] ?? '', `HC ${contract[1] ?? ''}`, '', '', ''];
  const military = read(`(PSC|CMR|UNIT)${n}`);
  if (military)
    return [military[3] ?? '', `@${military[1] ?? ''} ${military[2] ?? ''}`, '', '', ''];
  const box = new RegExp(`^(?:(?:(?:POST OFFICE|P O|PO) ?)?(?:BOX|BX|DRAWER)|POB)${n}$`).exec(line);
  return box ? [box[1] ?? '', 'PO BOX', '', '', ''] : undefined;
}

export function householdKey(address: WrittenAddress): string {
  const country = address.country.trim().toUpperCase() || 'US';
  // The example mails within the US. Elsewhere only equal text is taken for one letterbox.
  if (country !== 'US') {
    const text = normalizeLine(`${address.line1} ${address.line2}`)
      .replace(/[/# ]+/g, ' ')
      .trim();
    return `2|${country}|${normalizeLine(address.postalCode).replaceAll(' ', '')}||${text}|||||`;
  }

  const lines: string[][] = [];
  const units: string[] = [];
  let street: string[] | undefined;
  const written = `${address.line1},${address.line2}`
    .replaceAll('½', ' 1/2')
    .replace(/(?<![A-Za-z])([A-Za-z])\.(?=[A-Za-z]\b)/g, '$1');
  const route = written.replace(/,(?=\s*BOX\b)/gi, ' ');
  for (const part of route.split(/[,;\n\r]/)) {
    const words = inFigures(
      normalizeLine(part.replace(/['\u2019]/g, ''))
        .split(' ')
        .filter((word) => word !== '')
        .flatMap((word) => abbreviated(word).split(' ')),
    );
    if (words.length === 0) continue;
    const box = boxFields(words.join(' '));
    if (box !== undefined) {
      street ??= box;
      continue;
    }
    // "12 Elm St", and "4B" in the second line.
    if (
      lines.some((line) => line.length > 1 && /^\d/.test(line[0] ?? '')) &&
      /^(\d+ ?[A-Z]?|[A-Z] ?\d+|[A-DF-MO-RT-VX-Z])$/.test(words.join(' '))
    ) {
      units.push(`# ${words.join('')}`);
      continue;
    }
    // "Highway #7"
    const found = withoutUnits(
      words.filter((word, at) => word !== '#' || at !== 2 || words[1] !== 'HWY'),
    );
    units.push(...found.units);
    const [last = '', suffix = ''] = [found.street.at(-1), found.street.at(-2)];
    // "12 Elm St 4B"
    if (
      found.street.length >= 4 &&
      /^\d/.test(found.street[0] ?? '') &&
      SUFFIXES.get(suffix) === suffix &&
      !['HWY', 'RTE', 'RD', 'LOOP', 'SPUR'].includes(suffix) &&
      /^(\d+[A-Z]?|[A-DF-MO-RT-VX-Z])$/.test(last)
    ) {
      units.push(`# ${last}`);
      found.street.pop();
    }
    // "12 Elm St., NE": it belongs to the street.
    const one = words.join(' ');
    if (/^([NS]?[EW]|[NS]|[NS] [EW])$/.test(one) || SUFFIXES.get(one) === one)
      lines.push([...(lines.pop() ?? []), ...found.street]);
    else if (found.street.length > 0) lines.push(found.street);
  }
  if (street === undefined) {
    lines.sort((a, b) => Number(/^\d/.test(b[0] ?? '')) - Number(/^\d/.test(a[0] ?? '')));
    const road = numberedRoad(lines.shift() ?? []);
    street = streetFields(road.words);
    if (road.whose !== null) lines.push([road.whose]);
  }
  // "12 East St" is not certainly "12 E St".
  const direction =
    /^[NSEW]$/.test(street[1] ?? '') && street[3] === ''
      ? / (NORTH|SOUTH|EAST|WEST)(?= |$)/.exec(normalizeLine(written))?.[1]
      : undefined;
  // Said with his titles and without them.
  const king = /^(DR )?MARTIN LUTHER KING( JR)?$/.exec(street[1] ?? '');
  if (king !== null) street[1] = 'MARTIN LUTHER KING';
  const spelling = king !== null && king[0] !== street[1] ? king[0] : direction;
  const set = (texts: readonly string[]): string => [...new Set(texts)].toSorted().join(',');
  return [
    '2',
    'US',
    zip5(address.postalCode),
    ...street,
    set(units),
    set(lines.map((words) => words.join(' '))),
    ...(spelling === undefined ? [] : [spelling]),
  ].join('|');
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
