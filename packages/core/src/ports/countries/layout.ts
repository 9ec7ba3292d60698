/** The lines of an address, in the order in which the post of its country reads them. */
import type { Address } from '../common.ts';
import { countryOf } from './country.ts';
import { postalCodeOf } from './postal-code.ts';

type Part = 'A' | 'C' | 'S' | 'Z';

/**
 * Without the name of the person, and with the name of the country, in capitals and in English,
 * where the letter leaves that of its sender. A region that the post of a country does not ask for
 * is left out; a city is never.
 */
export function addressLines(address: Address, home: string): readonly string[] {
  const country = countryOf(address.country);
  const layout = country?.layout ?? '%A%n%Z %C%n%S';
  const [city, postal] = [address.city.trim(), address.postalCode.trim()];
  const above = [address.line1, address.line2 ?? ''].map((line) => line.trim());
  // Singapore is written in the layout itself.
  if (!layout.includes('%C') && !layout.includes(city.toUpperCase())) above.push(city);
  const street = above.filter((line) => line !== '');
  const parts: Readonly<Record<Part, string>> = {
    A: street.at(-1) ?? '',
    C: city,
    S: address.region?.trim() ?? '',
    Z: country === null ? postal : (postalCodeOf(country, address.region, postal) ?? postal),
  };
  const written = layout.split('%n').flatMap((line) => {
    // The lines before the last stand by themselves, also where the city follows the street.
    return [...(line.includes('%A') ? street.slice(0, -1) : []), filled(line, parts)];
  });
  const name = (country?.name ?? address.country).toUpperCase();
  return [...written, isAbroad(address.country, home) ? name : ''].filter((line) => line !== '');
}

/** What stands between two parts is written where both are there. */
function filled(line: string, parts: Readonly<Record<Part, string>>): string {
  let text = '';
  let between = '';
  let begun = false;
  for (const [piece, part] of line.matchAll(/%([ACSZ])|[^%]+/g)) {
    if (part === undefined) {
      between = piece;
      continue;
    }
    const value = parts[part as Part];
    if (value !== '') text += (begun && text === '' ? '' : between) + value;
    if (value !== '') between = '';
    begun = true;
  }
  return text;
}

/** A territory is at home where its country is. */
function isAbroad(country: string, home: string): boolean {
  return postOf(country) !== postOf(home);
}

function postOf(code: string): string {
  return countryOf(code)?.partOf ?? code;
}
