/**
 * A whole address in one cell, as newsletters export it: `12 Elm Street  Apt 4  Boston  MA  02138
 * US`, the parts apart by two blanks; or by commas or line breaks. It is taken apart from its end,
 * and only where each part is what it has to be: a card with half an address is worse than none.
 */
import {
  countryOf,
  mendedPostalCode,
  postalCodeOf,
  regionOf,
} from '@postrider/core/ports/countries';
import type { Country } from '@postrider/core/ports/countries';

export interface WholeAddress {
  readonly line1: string;
  readonly line2: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  readonly country: string;
}

/** Null where it cannot be taken apart with certainty. */
export function splitWhole(cell: string, defaultCountry: string): WholeAddress | null {
  const byBlanks = / {2}/.test(cell);
  const fields = cell.split(byBlanks ? / {2}/ : /,|[\r\n]+/).map((field) => field.trim());
  // With nothing left out each part has its place.
  if (byBlanks && fields.length === 6) {
    const [line1 = '', line2 = '', city = '', region = '', postal = '', place = ''] = fields;
    return checked({ line1, line2, city, region }, postal, place || defaultCountry);
  }
  const parts = fields.filter((field) => field !== '');
  // MA behind commas is Massachusetts, and not Morocco.
  const isState = !byBlanks && isAmerican(defaultCountry) && isStateCode(parts.at(-1) ?? '');
  const told = isState ? null : takeCountry(parts);
  // Where no country is told, a state or a code may be of one country alone.
  const others = told === null ? ['US', 'CA', 'GB'].filter((code) => code !== defaultCountry) : [];
  const places = [told ?? countryOf(defaultCountry), ...others.map(countryOf)];
  for (const [nth, country] of places.entries()) {
    if (country === null) continue;
    const found = splitIn(country, [...parts], byBlanks && nth === 0);
    if (found !== null) return found;
  }
  return null;
}

function isAmerican(code: string): boolean {
  return code === 'US' || code === 'CA';
}

function isStateCode(text: string): boolean {
  return (
    /^[A-Za-z]{2}$/.test(text) &&
    !isAmerican(text.toUpperCase()) &&
    (regionOf('US', text) !== null || regionOf('CA', text) !== null)
  );
}

/** A country at the end, alone or behind the postal code; taken off the parts. */
function takeCountry(parts: string[]): Country | null {
  const last = parts.at(-1) ?? '';
  const alone = /\d/.test(last) ? null : countryOf(last);
  if (alone !== null) {
    parts.pop();
    return alone;
  }
  const [, rest = '', name = ''] = /^(.*\d\S*)\s+(\p{L}[\p{L}. ]+)$/u.exec(last) ?? [];
  const behind = name === '' ? null : countryOf(name);
  if (behind !== null) parts.splice(-1, 1, rest);
  return behind;
}

function splitIn(country: Country, parts: string[], byBlanks: boolean): WholeAddress | null {
  const end = isAmerican(country.code)
    ? endWithRegion(parts, country, byBlanks)
    : shortEnd(parts, country);
  if (end === null) return null;
  const [line1 = '', line2 = '', ...more] = parts;
  if (more.length > 0 || (!byBlanks && !/\d/.test(line1))) return null;
  return checked({ line1, line2, city: end.city, region: end.region }, end.postal, country.code);
}

/** The code of a state or province by its code or name, or of a territory; null: it is none. */
function stateOf({ code }: Country, text: string): string | null {
  const known = regionOf(code, text);
  if (known !== null) return known.code;
  const territory = text.length === 2 ? countryOf(text) : null;
  return territory?.partOf === code ? territory.code : null;
}

interface End {
  readonly city: string;
  readonly region: string;
  readonly postal: string;
}

/** `MA` and `02138`, or `Massachusetts 02138`; taken off the parts. */
function endWithRegion(parts: string[], country: Country, byBlanks: boolean): End | null {
  const last = parts.pop() ?? '';
  const [, before = '', code = ''] = /^(\D+?)\.?\s+(\S*\d.*)$/.exec(last) ?? [];
  const both = before === '' ? null : stateOf(country, before);
  if (both !== null) return fitting({ city: parts.pop() ?? '', region: both, postal: code });
  const written = parts.pop() ?? '';
  const region = stateOf(country, written);
  if (region !== null) return fitting({ city: parts.pop() ?? '', region, postal: last });
  // Unknown it is so by its place only.
  return byBlanks && parts.length >= 2 && /^\D+$/.test(written)
    ? { city: parts.pop() ?? '', region: written, postal: last }
    : null;

  /** A state by its name might be a town, were its code not behind it. */
  function fitting(end: End): End | null {
    const known = regionOf(country.code, end.region);
    const isCode = /^[A-Za-z]{2}$/.test(before || written);
    const digits = end.postal.replace(/[^A-Za-z0-9]/g, '').toUpperCase();
    return isCode || known?.postalCodes.some((one) => digits.startsWith(one)) === true ? end : null;
  }
}

/**
 * The town and its code in a part each, or in one: `10115 Berlin`, `London SW1A 1AA`. Whether a
 * fourth part is a region or a second line, nobody knows.
 */
function shortEnd(parts: string[], country: Country): End | null {
  const last = parts.at(-1) ?? '';
  const words = last.split(' ');
  for (let at = 1; at < words.length; at += 1) {
    const [left, right] = [words.slice(0, at).join(' '), words.slice(at).join(' ')];
    const [city, postal] = isBefore(country) ? [right, left] : [left, right];
    if (/\d/.test(city) || !/\d/.test(postal)) continue;
    if (postalCodeOf(country, null, postal) === null) continue;
    parts.pop();
    return { city, region: '', postal };
  }
  if (parts.length !== 3 || !/\d/.test(last)) return null;
  parts.pop();
  return { city: parts.pop() ?? '', region: '', postal: last };
}

/** Whether the post of the country has the code before the town. */
function isBefore({ layout }: Country): boolean {
  return layout.indexOf('%Z') < layout.indexOf('%C');
}

function checked(
  address: Omit<WholeAddress, 'postalCode' | 'country'>,
  postal: string,
  place: string,
): WholeAddress | null {
  const country = countryOf(place);
  if (country === null || address.line1 === '' || address.city === '') return null;
  if (/\d/.test(address.city + address.region)) return null;
  if (country.code === 'US' && !/^\d{5}(?:-?\d{4})?$/.test(postal)) return null;
  const postalCode = mendedPostalCode(country, address.region, postal);
  return postalCode === null ? null : { ...address, postalCode, country: country.code };
}
