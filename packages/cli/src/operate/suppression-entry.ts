/**
 * One entry of a do-not-mail list, checked by the audience's own rules: an entry that nobody can
 * have would be reported as standing, and the person would be mailed.
 */
import {
  countryOf,
  hasLetters,
  isPlain,
  isRounded,
  mendedPostalCode,
  quote,
  readEmails,
} from '@postrider/adapters/lists';
import type { SuppressionColumn } from './suppression-columns.ts';

export interface Suppression {
  /** One address, or several with semicolons between them. */
  readonly email: string | null;
  readonly externalId: string | null;
  readonly line1: string | null;
  readonly line2: string | null;
  readonly postalCode: string | null;
  readonly country: string;
  readonly reason: string | null;
}

export type SuppressionRow = Readonly<Partial<Record<SuppressionColumn, string | undefined>>>;

/** What a row can stand for. */
export interface ReadEntry {
  /** The keys that can stand; null: there is none. */
  readonly entry: Suppression | null;
  /** Why the others cannot. */
  readonly problems: readonly string[];
}

export function entryOf(given: SuppressionRow): ReadEntry {
  const problems: string[] = [];
  const cell = (name: Exclude<SuppressionColumn, 'email'>): string | null => {
    const value = given[name]?.normalize('NFC').trim() ?? '';
    if (name === 'external_id' && isRounded(value)) {
      problems.push(`external_id was rounded by a spreadsheet: ${quote(value)}`);
      return null;
    }
    if (value !== '' && isPlain(value) && !value.includes('\uFFFD')) return value;
    if (value !== '')
      problems.push(
        `${name} is too long, or has a line break or bytes that are not UTF-8: ${quote(value)}`,
      );
    return null;
  };
  const { addresses, unread } = readEmails(given.email ?? '');
  if (unread !== null)
    problems.push(
      addresses.length === 0
        ? `email is not an e-mail address: ${quote(given.email?.trim() ?? '')}`
        : `email was read as ${addresses.join(', ')}; this in it is no address: ${quote(unread)}`,
    );
  const email = addresses.length === 0 ? null : addresses.join('; ');
  const [line1, line2, postal, region, place] = [
    cell('line1'),
    cell('line2'),
    cell('postal_code'),
    cell('region'),
    cell('country') ?? 'US',
  ];
  const country = countryOf(place);
  const postalCode =
    country === null || postal === null ? null : mendedPostalCode(country, region, postal);
  const lettered = hasLetters(`${line1 ?? ''}${line2 ?? ''}`);
  const addressed = line1 !== null && lettered && postalCode !== null && country !== null;
  if ((line1 === null) !== (postal === null))
    problems.push('an address needs line1 and postal_code');
  else if (country === null)
    problems.push(`country is not a country (ISO 3166, or its usual name): ${quote(place)}`);
  else if (line1 !== null && postalCode === null)
    problems.push(`postal_code is not a postal code of ${country.code}: ${quote(postal ?? '')}`);
  else if (line1 !== null && !lettered)
    problems.push(`line1 has neither letters nor digits: ${quote(line1)}`);
  const entry = {
    email,
    externalId: cell('external_id'),
    line1: addressed ? line1 : null,
    line2: addressed ? line2 : null,
    postalCode: addressed ? postalCode : null,
    country: country?.code ?? 'US',
    reason: cell('reason'),
  };
  if (email !== null || entry.externalId !== null || addressed) return { entry, problems };
  return {
    entry: null,
    problems:
      problems.length > 0 ? problems : ['names nobody: no email, no external_id, no address'],
  };
}
