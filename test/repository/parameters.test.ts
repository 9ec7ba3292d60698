/**
 * A function takes at most four parameters by position; what is more has names. Of five strings in
 * a row two can be exchanged, and neither the compiler nor a reader sees it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SyntaxKind, type Node } from 'typescript/unstable/ast';
import { inProgram, lineOf, ours } from './program.ts';

const MOST = 4;

/** Files with functions that have more, each with the reason. */
const exceptions: Readonly<Record<string, { readonly of: readonly string[]; because: string }>> = {
  'test/audit/pdf.ts': {
    of: [
      '_FPDFBitmap_CreateEx',
      '_FPDFBitmap_FillRect',
      '_FPDFPage_GetBleedBox',
      '_FPDFPage_GetMediaBox',
      '_FPDFPage_GetTrimBox',
      '_FPDFText_GetBoundedText',
      '_FPDF_RenderPageBitmap',
    ],
    because: 'functions of a C library have no names for what they are given',
  },
  'examples/bakery/generator/kinds-mailed.ts': {
    of: ['place'],
    because: 'a table of addresses, in the order of an envelope',
  },
  'test/sql/rig/enricher.ts': { of: ['answer'], because: 'a verb of the rig, said in one line' },
  'test/sql/rig/stages.ts': {
    of: ['begin', 'settle', 'stage'],
    because: 'verbs of the rig, said in one line hundreds of times; the last ones have defaults',
  },
};

/** Functions that are still to be brought in step. Shorten the list; never add to it. */
const notYet: Readonly<Record<string, readonly string[]>> = {
  'packages/adapters/src/kit/people/csv-records.ts': ['csvRecords'],
  'packages/adapters/src/kit/people/csv-rows.ts': ['csvRows'],
  'packages/adapters/src/kit/people/ndjson-rows.ts': ['ndjsonRows'],
  'packages/core/src/machine/sync.ts': ['applySyncPage', 'closeSync', 'openSync'],
  'packages/core/src/runtime/work-failures.ts': ['workFailed'],
};

interface Declared {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly parameters: number;
}

/** Every function, method, constructor and type of a function that is ours. */
function declared(planted: Readonly<Record<string, string>> = {}): Declared[] {
  return inProgram(planted, ({ program }) =>
    program.getSourceFileNames().flatMap((path) => {
      const file = ours(path);
      const source = file === null ? undefined : program.getSourceFile(path);
      if (file === null || source === undefined) return [];
      const found: Declared[] = [];
      const visit = (node: Node): void => {
        const parameters = parametersOf(node);
        const [first] = parameters;
        if (first !== undefined)
          found.push({
            file,
            line: lineOf(source, first.end),
            name: nameOf(node),
            parameters: parameters.length,
          });
        node.forEachChild(visit);
      };
      visit(source);
      return found;
    }),
  );
}

function parametersOf(node: Node): readonly Node[] {
  return 'parameters' in node && Array.isArray(node.parameters) ? node.parameters : [];
}

/** `constructor`, or what the function is called; what it is where it has no name. */
function nameOf(node: Node): string {
  if (node.kind === SyntaxKind.Constructor) return 'constructor';
  const name = 'name' in node ? (node.name as { readonly text?: string } | undefined) : undefined;
  return name?.text ?? 'a function without a name';
}

function tooMany(all: readonly Declared[]): Declared[] {
  return all.filter(({ parameters }) => parameters > MOST);
}

function listedIn(file: string): readonly string[] {
  return [...(exceptions[file]?.of ?? []), ...(notYet[file] ?? [])];
}

/** A line for each function that is on no list. */
function wrong(all: readonly Declared[]): string[] {
  return tooMany(all)
    .filter(({ file, name }) => !listedIn(file).includes(name))
    .map(
      ({ file, line, name, parameters }) =>
        `${file}:${line}: ${name} takes ${parameters}: give them names, in an object`,
    );
}

void test('no function takes more than four parameters by position, but for those that are listed', () => {
  const all = declared();
  assert.ok(all.length > 5000, `${all.length} functions`);
  assert.deepEqual(wrong(all), []);
  const wide = tooMany(all);
  const needless = [...Object.keys(exceptions), ...Object.keys(notYet)].flatMap((file) =>
    listedIn(file)
      .filter((name) => !wide.some((one) => one.file === file && one.name === name))
      .map((name) => `${file}: ${name} is listed, and takes no more than ${MOST}`),
  );
  assert.deepEqual(needless, []);
});

void test('a function of any kind with five is told, with the line of the first of them', () => {
  const file = 'packages/core/src/common/planted.ts';
  const five = 'a: 1, b: 1, c: 1, d: 1, e: 1';
  const text = [
    `export function planted(${five}): void {}`,
    'export class Planted {',
    `  constructor(${five}) {}`,
    `  method(${five}): void {}`,
    '}',
    `export const inside = { arrow: (${five}) => undefined };`,
    `export type Typed = (${five}) => void;`,
    'export function four(a: 1, b: 1, c: 1, d: 1, ): void {}',
  ].join('\n');
  assert.deepEqual(
    wrong(declared({ [file]: text })).map((line) => line.replace(/:[^:]*$/, '')),
    [
      `${file}:1: planted takes 5`,
      `${file}:3: constructor takes 5`,
      `${file}:4: method takes 5`,
      `${file}:6: a function without a name takes 5`,
      `${file}:7: a function without a name takes 5`,
    ],
  );
});
