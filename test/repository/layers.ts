/** Who may import whom: the table, and what is beyond it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Import } from './imports.ts';

const root = join(import.meta.dirname, '../..');

export interface Layer {
  /** A file, or a folder with all below it; `*` is any one folder, and each a layer of its own. */
  readonly of: string;
  /** Layers that it may import, beside itself. */
  readonly may: readonly string[] | 'all';
  readonly because: string;
}

const core = 'packages/core/src';
const adapters = 'packages/adapters/src';
const twins = 'packages/twins/src';
const embedded = 'packages/embedded-postgres/src';
const runner = 'packages/runner/src';
const cli = 'packages/cli/src';
const bench = 'packages/bench/src';

/** The library for those who build on it. */
const library = [`${core}/index.ts`, `${core}/ports/`, `${core}/machine/`];
/** Providers behind the registry: none of them by name. */
const provided = [`${adapters}/index.ts`, `${adapters}/kit/`, `${adapters}/kinds.generated.ts`];
/** What all twins share, and each of them. */
const eachTwin = [`${twins}/index.ts`, `${twins}/*/`];

const tests: readonly Layer[] = [
  'packages/*/test/',
  'packages/*/src/*/test/',
  'test/audit/',
  'test/',
].map((of) => ({ of, may: 'all', because: 'tests import what they test' }));

/** From the bottom to the top: each may import those before it. */
const layersOfCore: readonly string[] = [
  `${core}/ports/`,
  `${core}/version.ts`,
  `${core}/common/`,
  `${core}/queues/`,
  `${core}/machine/`,
  `${core}/claims/`,
  `${core}/runtime/`,
  `${core}/stages/*/`,
  `${core}/scheduling/`,
  `${core}/pipeline.ts`,
  `${core}/index.ts`,
];

const ofCore: readonly Layer[] = [
  {
    of: `${core}/ports/contract/`,
    may: [`${core}/ports/`],
    because: 'contract suites are for tests, and know ports alone',
  },
  ...layersOfCore.map((of, index) => ({
    of,
    may: layersOfCore.slice(0, index),
    because: of.includes('*')
      ? 'a stage imports no other: what two of them share lies in runtime'
      : 'core knows nothing above itself, and no other package',
  })),
];

const ofAdapters: readonly Layer[] = [
  {
    of: `${adapters}/kit/`,
    may: [`${core}/ports/`],
    because: 'the kit knows no provider; adapters know ports, and never the database',
  },
  { of: `${adapters}/kinds.generated.ts`, may: [], because: 'it is a list of words' },
  {
    of: `${adapters}/registry.ts`,
    may: [`${core}/ports/`, `${adapters}/kit/`, `${adapters}/*/`],
    because: 'the registry is the one list of providers',
  },
  {
    of: `${adapters}/index.ts`,
    may: [`${adapters}/kit/`, `${adapters}/registry.ts`],
    because: 'the registry is the one list of providers',
  },
  {
    of: `${adapters}/*/`,
    may: [`${core}/ports/`, `${adapters}/kit/`],
    because: 'a provider is one folder: it knows ports and the kit, and no other provider',
  },
];

const ofTwins: readonly Layer[] = [
  { of: `${twins}/kit/`, may: [], because: "the kit of twins is any provider's" },
  { of: `${twins}/index.ts`, may: [`${twins}/kit/`], because: 'it offers what all twins share' },
  { of: `${twins}/commands.ts`, may: [`${twins}/kit/`, `${twins}/*/`], because: 'it offers twins' },
  {
    of: `${twins}/*/`,
    may: [`${twins}/kit/`],
    because: 'a twin speaks a wire format: what it shared with an adapter, it would not test',
  },
];

const above: readonly Layer[] = [
  { of: `${embedded}/parts.ts`, may: [`${embedded}/`], because: 'its parts are for tests' },
  { of: `${embedded}/`, may: [], because: 'the embedded server knows nothing of mail' },
  {
    of: `${runner}/`,
    may: [...library, ...provided, `${embedded}/`],
    because: 'the runner is beneath the command line, and knows no provider by name',
  },
  {
    of: `${cli}/print-shop/`,
    may: [...library, ...provided, `${embedded}/`, `${runner}/`, `${cli}/`, ...eachTwin],
    because: 'here, and nowhere else, a command starts the print shop',
  },
  {
    of: `${cli}/lob-twin/`,
    may: [...library, ...provided, `${runner}/`, `${cli}/`, ...eachTwin],
    because: 'here, and nowhere else, a command starts the twin of Lob beside itself',
  },
  {
    of: `${cli}/twins/`,
    may: [`${runner}/`, `${cli}/`, `${twins}/commands.ts`],
    because: 'here a command starts a twin by its name, and the twin reads its own options',
  },
  {
    of: `${cli}/`,
    may: [
      ...library,
      ...provided,
      `${embedded}/`,
      `${runner}/`,
      `${cli}/print-shop/`,
      `${cli}/lob-twin/`,
      `${cli}/twins/`,
    ],
    because: 'command line and benchmarks stand beside each other: bin/main.ts puts them together',
  },
  {
    of: `${bench}/`,
    may: [`${core}/index.ts`, `${core}/queues/`, `${adapters}/*/`, `${runner}/`, ...eachTwin],
    because: 'benchmarks measure the library, and a runner with what it speaks to',
  },
  {
    of: 'bin/',
    may: [`${cli}/`, `${bench}/`],
    because: 'the program puts command line and benchmarks together',
  },
  {
    of: 'examples/library/',
    may: [`${core}/index.ts`, `${core}/ports/`, `${adapters}/*/`],
    because: 'the example imports what anybody can who installed the library',
  },
  {
    of: 'examples/bakery/',
    may: ['test/audit/'],
    because: 'the list is made with the auditor, which shares nothing with what it audits',
  },
  {
    of: 'packages/core/scripts/',
    may: layersOfCore,
    because: 'what generates reads its own package',
  },
  {
    of: 'packages/adapters/scripts/',
    may: [`${adapters}/kit/`, `${adapters}/registry.ts`],
    because: 'what generates reads its own package',
  },
  {
    of: 'packages/runner/scripts/',
    may: [`${runner}/`],
    because: 'what generates reads its own package',
  },
  {
    of: 'packages/twins/scripts/',
    may: [],
    because: "what is cut out of a provider's file needs nothing of ours",
  },
];

/** A file is of the first that names it. */
export const layers: readonly Layer[] = [...tests, ...ofCore, ...ofAdapters, ...ofTwins, ...above];

/** Files that may find others by a name of their own, with the reason. */
export const finders: Readonly<Record<string, string>> = {
  'packages/adapters/src/kit/overview.ts': 'the file of a font that is installed',
  'packages/adapters/src/typst/fonts.ts': 'the folder of a font that is installed',
  'packages/adapters/src/typst/renderer.ts': 'the version of the compiler that is installed',
  'packages/core/scripts/countries.ts': 'the lists of countries that are installed',
  'packages/embedded-postgres/src/binaries.ts': 'the programs of PostgreSQL that are installed',
  'packages/twins/src/kit/process.ts': 'only the cache of compiled code',
  'packages/twins/src/kit/spawn.ts': 'the loader that runs TypeScript',
  'examples/bakery/generator/addresses.ts': 'a list of addresses that is installed',
};

interface Place {
  readonly layer: Layer;
  /** With the names of the folders that a `*` stands for. */
  readonly folder: string;
}

const beginnings = new Map(
  layers.map(({ of }) => {
    const pattern = of.replaceAll('.', '\\.').replaceAll('*', '[^/]+');
    return [of, new RegExp(of.endsWith('/') ? `^${pattern}` : `^${pattern}$`)] as const;
  }),
);

export function placeOf(file: string): Place | null {
  for (const layer of layers) {
    const folder = beginnings.get(layer.of)?.exec(file)?.[0];
    if (folder !== undefined) return { layer, folder };
  }
  return null;
}

export function isTest(file: string): boolean {
  return tests.includes(placeOf(file)?.layer as Layer);
}

function packageOf(file: string): string {
  return /^(packages\/[\w-]+|examples\/library)\//.exec(file)?.[1] ?? '.';
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifests = new Map<string, Manifest>();

/** What its package.json names, so that it is there wherever the package is installed. */
export function named(folder: string, kinds: readonly (keyof Manifest)[]): ReadonlySet<string> {
  const manifest =
    manifests.get(folder) ??
    (JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest);
  manifests.set(folder, manifest);
  return new Set(kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {})));
}

/** `@scope/name` or `name` of what is imported from an installed package. */
export function nameOfPackage(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

const INSTALLED = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const;

/** What the table has against an import; null where it has nothing. */
export function objection({ file, specifier, target }: Import): string | null {
  const from = placeOf(file);
  if (from === null) return `no layer of test/repository/layers.ts has this file`;
  const byName = !specifier.startsWith('.');
  if (byName && !specifier.startsWith('node:')) {
    const own = named(packageOf(file), INSTALLED);
    const alsoInTests =
      isTest(file) || file.includes('/scripts/') || packageOf(file) === '.'
        ? [
            named(packageOf(file), ['devDependencies']),
            named('.', [...INSTALLED, 'devDependencies']),
          ]
        : [];
    const name = nameOfPackage(specifier);
    if (![own, ...alsoInTests].some((names) => names.has(name)))
      return `${packageOf(file)}/package.json does not name ${name}`;
  }
  if (target === null) return byName ? null : 'there is no such file';
  if (from.layer.may === 'all') return null;
  const to = placeOf(target);
  if (to !== null && to.folder === from.folder) return null;
  if (to === null || !from.layer.may.includes(to.layer.of))
    return `${target} is not for ${from.folder}: ${from.layer.because}`;
  if (packageOf(target) !== '.' && packageOf(target) !== packageOf(file) && !byName)
    return 'a package is imported by its name, as those do who install it';
  return null;
}

/** A line for each import that the table does not have. */
export function beyondTable(imports: readonly Import[]): string[] {
  return imports.flatMap((one) => {
    const why = objection(one);
    return why === null ? [] : [`${one.file}:${one.line}: '${one.specifier}': ${why}`];
  });
}
