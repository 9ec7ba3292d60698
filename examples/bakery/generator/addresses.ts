/**
 * Real US addresses from the package `rrad`, and the ways in which people write one address
 * differently.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { householdKey } from '../../../test/audit/household-key.ts';

export interface Place {
  address1: string;
  address2: string;
  city: string;
  state: string;
  zip: string;
}

export function keyOf(place: Place): string {
  return householdKey({
    line1: place.address1,
    line2: place.address2,
    city: place.city,
    region: place.state,
    postalCode: place.zip,
    country: 'US',
  });
}

interface SourceAddress {
  address1: string;
  address2: string;
  city?: string;
  state: string;
  postalCode: string;
}

/**
 * Those with a city, one for each household, in the order of the package; and those that lack the
 * city.
 */
export function realPlaces(): { whole: Place[]; withoutCity: Place[] } {
  const path = createRequire(import.meta.url).resolve('rrad/addresses-us-all.json');
  const { addresses } = JSON.parse(readFileSync(path, 'utf8')) as { addresses: SourceAddress[] };
  const whole = new Map<string, Place>();
  const withoutCity: Place[] = [];
  for (const { address1, address2, city = '', state, postalCode } of addresses) {
    const place = { address1, address2, city, state, zip: postalCode };
    if (city === '') withoutCity.push(place);
    // The package's addresses are unique as text; a few are still one letterbox in two spellings.
    else if (!whole.has(keyOf(place))) whole.set(keyOf(place), place);
  }
  return { whole: [...whole.values()], withoutCity };
}

const SHORT: Readonly<Record<string, string>> = {
  Avenue: 'Ave',
  Boulevard: 'Blvd',
  Circle: 'Cir',
  Court: 'Ct',
  Cove: 'Cv',
  Crossing: 'Xing',
  Drive: 'Dr',
  Highway: 'Hwy',
  Lane: 'Ln',
  Parkway: 'Pkwy',
  Place: 'Pl',
  Road: 'Rd',
  Street: 'St',
  Terrace: 'Ter',
  Trail: 'Trl',
  North: 'N',
  South: 'S',
  East: 'E',
  West: 'W',
  Northeast: 'NE',
  Northwest: 'NW',
  Southeast: 'SE',
  Southwest: 'SW',
};

/**
 * `#APT 4`, `#4`, `APT B`: what the package writes for a flat; undefined where there is none, or
 * none that is plain.
 */
export function unitOf(place: Place): string | undefined {
  return /^(?:#|APT |#APT |#STE |#UNIT |UNIT C?)\s*([A-Z]?\d+|[A-Z])$/i.exec(place.address2)?.[1];
}

/** A direction that is the whole name stays: East Street is not E Street. */
function abbreviated(line: string): string {
  const [, direction] = /^\S+ (North|South|East|West) \S+$/.exec(line) ?? [];
  return line.replace(/[A-Za-z]+/g, (word) => (word === direction ? word : (SHORT[word] ?? word)));
}

/**
 * Other spellings of one address. Each gives back undefined where it would change nothing, or where
 * the address has no such part.
 */
export const SPELLINGS = {
  abbreviation: (place: Place): Place | undefined =>
    respelled(place, { address1: abbreviated(place.address1) }),
  punctuation: (place: Place): Place | undefined => {
    const line = abbreviated(place.address1).replace(
      / (St|Ave|Dr|Rd|Ln|Ct|Blvd|Pl|Cir)\b/,
      ' $1.,',
    );
    return line.includes('.') ? respelled(place, { address1: line }) : undefined;
  },
  case: (place: Place): Place | undefined =>
    respelled(place, {
      address1: place.address1.toUpperCase(),
      address2: place.address2.toLowerCase(),
      city: place.city.toUpperCase(),
    }),
  unit: (place: Place): Place | undefined => {
    const unit = unitOf(place);
    if (unit === undefined) return undefined;
    return respelled(place, {
      address2: /^#\d/.test(place.address2) ? `Apartment ${unit}` : `Unit # ${unit}`,
    });
  },
  unitOnFirstLine: (place: Place): Place | undefined => {
    const unit = unitOf(place);
    return unit === undefined
      ? undefined
      : respelled(place, { address1: `${place.address1} Apt. ${unit}`, address2: '' });
  },
  accents: (place: Place): Place | undefined => {
    const accents: Readonly<Record<string, string>> = { a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ü' };
    // The second word: the first is the house number, and an accent in the suffix would look made
    // up.
    const [number = '', name = '', ...rest] = place.address1.split(' ');
    return respelled(place, {
      address1: [number, name.replace(/[aeiou]/, (vowel) => accents[vowel] ?? vowel), ...rest].join(
        ' ',
      ),
    });
  },
  zip4: (place: Place): Place | undefined =>
    respelled(place, { zip: `${place.zip}-${place.zip.slice(1)}` }),
};

function respelled(place: Place, change: Partial<Place>): Place | undefined {
  const other = { ...place, ...change };
  const changed = (Object.keys(place) as (keyof Place)[]).some(
    (part) => place[part] !== other[part],
  );
  if (!changed) return undefined;
  if (keyOf(other) !== keyOf(place))
    throw new Error(
      `not the same household: ${JSON.stringify(place)} and ${JSON.stringify(other)}`,
    );
  return other;
}
