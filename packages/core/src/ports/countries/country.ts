/** Countries by their codes and names. */
import data from './countries.generated.json' with { type: 'json' };

export interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly code: string;
  /** In English. */
  readonly name: string;
  /** Its mail is that country's: a territory of the United States is a state of the address. */
  readonly partOf: string | null;
  /** A regular expression, as the post writes its codes; null where there are none. */
  readonly postalCode: string | null;
  /** The same without blanks and hyphens. */
  readonly bareCode: string | null;
  readonly examples: readonly string[];
  readonly needsPostalCode: boolean;
  /** What people write before the code, as the D of D-10115. */
  readonly prefixes: readonly string[];
  /** How its regions are called, where everybody writes them by one code; else null. */
  readonly regionWord: string | null;
  readonly needsRegion: boolean;
  /** The lines of an address: %A its lines, %C city, %S region, %Z postal code, %n a new line. */
  readonly layout: string;
}

const byCode: ReadonlyMap<string, Country> = new Map(
  data.countries.map((country) => [country.code, country]),
);
const byName: ReadonlyMap<string, string> = new Map(Object.entries(data.names));

export function isCountry(code: string): boolean {
  return byCode.has(code);
}

export function countries(): Iterable<Country> {
  return byCode.values();
}

/** By its code of two or three letters, or by a usual name in English or its own language. */
export function countryOf(text: string): Country | null {
  const code = text.trim().toUpperCase();
  return byCode.get(code) ?? byCode.get(byName.get(folded(text)) ?? '') ?? null;
}

/** As the generator folds names. */
function folded(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll('&', 'and')
    .trim()
    .replace(/^the /, '')
    .replace(/[^\p{L}]/gu, '');
}
