/** Postal codes in the form in which the post of their country writes them. */
import type { Country } from './country.ts';
import { regionOf } from './region.ts';

const LONGEST = 12;

/**
 * Null where the country cannot have such a code; blank where there is none and none is needed. A
 * ZIP that lost its leading zeros to a spreadsheet gets them back where the state has such codes.
 */
export function postalCodeOf(country: Country, region: string | null, text: string): string | null {
  const written = plain(text);
  if (written === '') return country.needsPostalCode ? null : '';
  if (country.postalCode === null) return written.length <= LONGEST ? written : null;
  if (country.code === 'US' || country.partOf === 'US')
    return americanZip(region ?? (country.partOf === null ? '' : country.code), written);
  const code = written.replace(/[^A-Z0-9]/g, '');
  const bare = new RegExp(`^(?:${country.bareCode})$`);
  if (british.has(country.code)) return bare.test(code) ? britishCode(code) : null;
  const pattern = new RegExp(`^(?:${country.postalCode})$`);
  if (/[ -]/.test(written) && pattern.test(written)) return written;
  const known = [code, ...country.prefixes.flatMap((prefix) => otherwise(code, prefix))].find(
    (one) => bare.test(one),
  );
  if (known === undefined) return null;
  const forms = [...country.examples.map((example) => writtenAs(example, known)), known];
  return (
    forms.find((form) => pattern.test(form)) ?? written.replace(/^[^A-Z0-9]+|[^A-Z0-9]+$/g, '')
  );
}

/** Digits of any width, any dash; without what ends a sentence. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .trim()
    .toUpperCase()
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[ .,;:*`]+$|^[*`]+/g, '')
    .replace(/\s+/g, ' ');
}

/**
 * The same for a cell of a list: in every country a code that fits with one or two leading zeros
 * alone gets them back. Of fewer than three digits nobody knows.
 */
export function mendedPostalCode(
  country: Country,
  region: string | null,
  text: string,
): string | null {
  const code = postalCodeOf(country, region, text);
  const digits = plain(text).replace(/[ -]/g, '');
  if (code !== null || country.code === 'US' || !/^[1-9]\d{2,}$/.test(digits)) return code;
  return (
    postalCodeOf(country, region, `0${digits}`) ?? postalCodeOf(country, region, `00${digits}`)
  );
}

const british: ReadonlySet<string> = new Set(['GB', 'GG', 'IM', 'JE']);

function britishCode(code: string): string {
  return code.startsWith('BFPO')
    ? `BFPO ${code.slice('BFPO'.length)}`
    : `${code.slice(0, -3)} ${code.slice(-3)}`;
}

/** Without the letters that people put before the digits, or with those that belong to it. */
function otherwise(code: string, prefix: string): string[] {
  return code.startsWith(prefix) ? [code.slice(prefix.length)] : [prefix + code];
}

/** With the blanks and hyphens of an example. */
function writtenAs(example: string, code: string): string {
  let at = 0;
  const text = example.replace(/[A-Z0-9]/g, () => code[at++] ?? '');
  return at === code.length ? text : code;
}

function americanZip(region: string, written: string): string | null {
  const digits = /^(?:US)?([0-9]+)(?:-([0-9]{4}))?$/.exec(written.replace(/ /g, ''));
  if (digits === null) return null;
  let base = digits[1] ?? '';
  let plus4 = digits[2];
  if (plus4 === undefined && base.length >= 7 && base.length <= 9) {
    plus4 = base.slice(-4);
    base = base.slice(0, -4);
  }
  if (base.length === 3 || base.length === 4) {
    base = base.padStart(5, '0');
    // A lost last digit looks the same.
    const state = regionOf('US', region);
    if (state?.postalCodes.some((beginning) => base.startsWith(beginning)) !== true) return null;
  }
  if (base.length !== 5 || base === '00000') return null;
  return plus4 === undefined ? base : `${base}-${plus4}`;
}
