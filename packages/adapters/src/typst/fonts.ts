/** The fonts that a template may use, and what they can draw together. */
import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AdapterConfigError } from '@postrider/core/ports';
import { intersectRanges, mergeRanges, readFont } from './font.ts';
import type { FontFacts } from './font.ts';

export interface FontSet {
  readonly blobs: readonly Buffer[];
  readonly postScriptNames: ReadonlySet<string>;
  /**
   * What the prelude needs: the families, the one to start with first, a pattern of characters that
   * some family lacks, and what each family has.
   */
  readonly forTemplate: {
    readonly families: readonly string[];
    readonly suspects: string;
    readonly coverage: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  };
  readonly hash: string;
}

// Blanks, line ends and characters that only steer the text are never drawn, so no font needs them.
// Other control characters are: as an empty box. U+0007 is what typst itself puts between elements
// when it looks for texts; in a text it is found by preflight.
const invisible: readonly (readonly [number, number])[] = [
  [0x07, 0x07],
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0xad, 0xad],
  [0x200b, 0x200f],
  [0x2028, 0x2029],
  [0x2060, 0x2064],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
];

/**
 * Files, or folders whose .ttf and .otf files are taken; without any, Lora (OFL), which comes with
 * the adapter.
 */
export async function loadFonts(paths: readonly string[]): Promise<FontSet> {
  const files =
    paths.length === 0
      ? await filesIn(bundledFolder())
      : (await Promise.all(paths.map(expand))).flat();
  if (files.length === 0)
    throw new AdapterConfigError(
      'renderer.fonts',
      `there is no .ttf or .otf file in ${paths.join(', ')}`,
    );
  const blobs = await Promise.all(
    files.map((file) => readFile(file).catch((error: unknown) => unreadable(file, error))),
  );
  const facts = blobs.map((bytes, index): FontFacts => {
    try {
      return readFont(bytes);
    } catch (error) {
      throw new AdapterConfigError(
        'renderer.fonts',
        `${files[index]} ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  });
  const families = new Map<string, (readonly (readonly [number, number])[])[]>();
  for (const { family, coverage } of facts)
    families.set(family.toLowerCase(), [...(families.get(family.toLowerCase()) ?? []), coverage]);
  const coverage = Object.fromEntries(
    [...families].map(([family, cuts]) => [
      family,
      mergeRanges([...intersectRanges(cuts), ...invisible]),
    ]),
  );
  const hash = createHash('sha256');
  for (const blob of blobs) hash.update(createHash('sha256').update(blob).digest());
  return {
    blobs,
    postScriptNames: new Set(facts.map(({ postScriptName }) => postScriptName)),
    forTemplate: {
      families: [...new Set(facts.map(({ family }) => family))],
      suspects: complementPattern(intersectRanges(Object.values(coverage))),
      coverage,
    },
    hash: hash.digest('hex'),
  };
}

function complementPattern(ranges: readonly (readonly [number, number])[]): string {
  const hex = (code: number): string => `\\u{${code.toString(16)}}`;
  const named = ranges.map(([start, end]) =>
    start === end ? hex(start) : `${hex(start)}-${hex(end)}`,
  );
  return `[^${named.join('')}]`;
}

function bundledFolder(): string {
  const require = createRequire(import.meta.url);
  return dirname(require.resolve('@expo-google-fonts/lora/package.json'));
}

async function expand(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: unknown) => unreadable(path, error));
  return found.isDirectory() ? filesIn(path) : [path];
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => /\.(ttf|otf)$/i.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

function unreadable(path: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  throw new AdapterConfigError('renderer.fonts', `${path} cannot be read (${code})`);
}
