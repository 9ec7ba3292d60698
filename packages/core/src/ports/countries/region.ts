/** States and provinces, of the countries where everybody writes them by one code. */
import data from './countries.generated.json' with { type: 'json' };

export interface Region {
  readonly country: string;
  readonly code: string;
  readonly name: string;
  /** What its postal codes begin with. */
  readonly postalCodes: readonly string[];
}

const bySpelling: ReadonlyMap<string, Region> = new Map(
  data.regions.flatMap(({ spellings, ...region }) =>
    spellings.map((spelling) => [`${region.country} ${spelling}`, region] as const),
  ),
);

/** By its code, its name or a usual abbreviation. `country` is a code of two letters. */
export function regionOf(country: string, text: string): Region | null {
  return bySpelling.get(`${country} ${folded(text)}`) ?? null;
}

/** As the machine folds it. */
function folded(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toUpperCase();
}
