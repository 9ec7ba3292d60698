/**
 * A whole address in one cell, as newsletters export it: `12 Elm Street  Apt 4  Boston  MA  02138
 * US`, the parts apart by two blanks; or by commas or line breaks. It is taken apart from its end,
 * and only where each part is what it has to be: a card with half an address is worse than none.
 */
import { normaliseCountry, normalisePostalCode } from './postal-code.ts';

export interface WholeAddress {
  readonly line1: string;
  readonly line2: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  readonly country: string;
}

const states = new Set(
  (
    'AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH ' +
    'NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY PR GU VI AS MP AA AE AP'
  ).split(' '),
);
const provinces = new Set('AB BC MB NB NL NS NT NU ON PE QC SK YT'.split(' '));
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
  const isCountry = !/\d/.test(last) && normaliseCountry(last) !== null;
  if (isCountry) parts.pop();
  const country = normaliseCountry(isCountry ? last : defaultCountry);
  const regions = country === 'US' ? states : country === 'CA' ? provinces : null;
  const end = regions === null ? shortEnd(parts) : endWithRegion(parts, regions, byBlanks);
  if (country === null || end === null) return null;
  const city = parts.pop() ?? '';
  const [line1 = '', line2 = '', ...more] = parts;
  if (more.length > 0 || (!byBlanks && !/\d/.test(line1))) return null;
  return checked({ line1, line2, city, region: end.region }, end.postal, country);
}

interface End {
  readonly region: string;
  readonly postal: string;
}

/** `MA` and `02138`, or `MA 02138`; taken off the parts. */
function endWithRegion(
  parts: string[],
  regions: ReadonlySet<string>,
  byBlanks: boolean,
): End | null {
  const last = parts.pop() ?? '';
  const both = /^([A-Za-z]{2})\s+(\S.*)$/.exec(last);
  if (both !== null && regions.has((both[1] ?? '').toUpperCase()))
    return { region: (both[1] ?? '').toUpperCase(), postal: both[2] ?? '' };
  const region = parts.pop() ?? '';
  if (regions.has(region.toUpperCase())) return { region: region.toUpperCase(), postal: last };
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
  const country = normaliseCountry(place);
  if (country === null || address.line1 === '' || address.city === '') return null;
  if (/\d/.test(address.city + address.region)) return null;
  if (country === 'US' && !/^\d{5}(?:-?\d{4})?$/.test(postal)) return null;
  const postalCode = normalisePostalCode(country, address.region, postal);
  return postalCode === null ? null : { ...address, postalCode, country };
}
