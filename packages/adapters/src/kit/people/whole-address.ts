/**
 * A whole address in one cell, as newsletters export it: `12 Elm Street  Apt 4  Boston  MA  02138
 * US`, the parts apart by two blanks; or by commas or line breaks. It is taken apart from its end,
 * and only where each part is what it has to be: a card with half an address is worse than none.
 */
import { countryOf, mendedPostalCode, regionOf } from '@postrider/core/ports/countries';
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
  const last = parts.at(-1) ?? '';
  const isCountry = !/\d/.test(last) && countryOf(last) !== null;
  if (isCountry) parts.pop();
  const country = countryOf(isCountry ? last : defaultCountry);
  if (country === null) return null;
  const isState = stateOf(country);
  const end = isState === null ? shortEnd(parts) : endWithRegion(parts, isState, byBlanks);
  if (end === null) return null;
  const city = parts.pop() ?? '';
  const [line1 = '', line2 = '', ...more] = parts;
  if (more.length > 0 || (!byBlanks && !/\d/.test(line1))) return null;
  return checked({ line1, line2, city, region: end.region }, end.postal, country.code);
}

/** Whether a text is the code of a state or province; null where an address needs none. */
function stateOf({ code }: Country): ((text: string) => boolean) | null {
  if (code !== 'US' && code !== 'CA') return null;
  return (text) =>
    /^[A-Za-z]{2}$/.test(text) &&
    (regionOf(code, text) !== null || countryOf(text)?.partOf === code);
}

interface End {
  readonly region: string;
  readonly postal: string;
}

/** `MA` and `02138`, or `MA 02138`; taken off the parts. */
function endWithRegion(
  parts: string[],
  isState: (text: string) => boolean,
  byBlanks: boolean,
): End | null {
  const last = parts.pop() ?? '';
  const both = /^([A-Za-z]{2})\s+(\S.*)$/.exec(last);
  if (both !== null && isState(both[1] ?? ''))
    return { region: (both[1] ?? '').toUpperCase(), postal: both[2] ?? '' };
  const region = parts.pop() ?? '';
  if (isState(region)) return { region: region.toUpperCase(), postal: last };
  // Written out it is known by its place only.
  return byBlanks && parts.length >= 2 && /^\D+$/.test(region) ? { region, postal: last } : null;
}

/** Elsewhere nobody knows whether a fourth part is a region or a second line. */
function shortEnd(parts: string[]): End | null {
  return parts.length === 3 && /\d/.test(parts[2] ?? '')
    ? { region: '', postal: parts.pop() ?? '' }
    : null;
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
