/**
 * A function takes at most four parameters by position; what is more has names. Of four, no two
 * neighbours are of one primitive type: two strings in a row can be exchanged, and neither the
 * compiler nor a reader sees it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SyntaxKind, type Node } from 'typescript/unstable/ast';
import { inProgram, lineOf, ours } from './program.ts';

const MOST = 4;

/** Files with functions that have more, or such neighbours, each with the reason. */
const exceptions: Readonly<Record<string, { readonly of: readonly string[]; because: string }>> = {
  'packages/runner/src/process/user-error.ts': {
    of: ['constructor'],
    because: 'what is wrong and what helps, in the order of postrider.fail, said some ninety times',
  },
  'packages/core/src/machine/migration-error.ts': {
    of: ['constructor'],
    because: 'what is wrong and what helps, in the order of postrider.fail',
  },
  'packages/cli/src/program/command.ts': {
    of: ['command'],
    because: 'usage, sentence and examples, in the order in which --help shows them',
  },
  'packages/adapters/src/typst/formats.ts': {
    of: ['format'],
    because: 'a table of formats: width and height are in no other order than in the name',
  },
  'packages/core/scripts/call-types.ts': {
    of: ['parameter'],
    because: 'a table of types: how one is said in TypeScript, wrapped and cast',
  },
  'test/audit/pdf.ts': {
    of: [
      '_FPDFBitmap_CreateEx',
      '_FPDFBitmap_FillRect',
      '_FPDFPage_GetBleedBox',
      '_FPDFPage_GetMediaBox',
      '_FPDFPage_GetTrimBox',
      '_FPDFText_GetBoundedText',
      '_FPDFText_GetText',
      '_FPDF_RenderPageBitmap',
    ],
    because: 'functions of a C library have no names for what they are given',
  },
  'examples/bakery/generator/kinds-mailed.ts': {
    of: ['place'],
    because: 'a table of addresses, in the order of an envelope',
  },
  'test/audit/household-key.test.ts': {
    of: ['at'],
    because: 'a table of addresses, in the order of an envelope',
  },
  'test/sql/common/household-key.test.ts': {
    of: ['at'],
    because: 'a table of addresses, in the order of an envelope',
  },
  'test/sql/rig/enricher.ts': { of: ['answer'], because: 'a verb of the rig, said in one line' },
  'test/sql/rig/stages.ts': {
    of: ['begin', 'settle', 'stage'],
    because: 'verbs of the rig, said in one line hundreds of times; the last ones have defaults',
  },
};

interface Declared {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly parameters: number;
  /** The primitive type that two neighbours share; null where none do. */
  readonly shared: string | null;
}

/** Every function, method, constructor and type of a function that is ours. */
function declared(planted: Readonly<Record<string, string>>): Declared[] {
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
            shared: sharedByNeighbours(parameters.map((node) => primitiveOf(source.text, node))),
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

/** Of a default value, in place of a type. */
const defaults: Readonly<Partial<Record<SyntaxKind, string>>> = {
  [SyntaxKind.StringLiteral]: 'string',
  [SyntaxKind.NumericLiteral]: 'number',
  [SyntaxKind.TrueKeyword]: 'boolean',
  [SyntaxKind.FalseKeyword]: 'boolean',
};

/** What a parameter is of `string`, `number` and `boolean`, or of one of them and null. */
function primitiveOf(text: string, parameter: Node): string | null {
  const { type, initializer } = parameter as { readonly type?: Node; readonly initializer?: Node };
  if (type === undefined) return (initializer && defaults[initializer.kind]) ?? null;
  const told = text.slice(type.pos, type.end).replaceAll(/\s+|\|\s*(?:null|undefined)\b/g, '');
  return ['string', 'number', 'boolean'].includes(told) ? told : null;
}

function sharedByNeighbours(types: readonly (string | null)[]): string | null {
  return types.find((type, index) => type !== null && type === types[index + 1]) ?? null;
}

/** Why a function should name what it takes; null where it need not. */
function faultOf({ parameters, shared }: Declared): string | null {
  if (parameters > MOST) return `takes ${parameters}`;
  return parameters === MOST && shared !== null ? `takes two of ${shared} in a row` : null;
}

function isListed({ file, name }: Declared): boolean {
  return exceptions[file]?.of.includes(name) ?? false;
}

/** A line for each function that is no exception. */
function wrong(all: readonly Declared[]): string[] {
  return all
    .filter((one) => faultOf(one) !== null && !isListed(one))
    .map(
      (one) =>
        `${one.file}:${one.line}: ${one.name} ${faultOf(one)}: give them names, in an object`,
    );
}

const withFive = 'packages/core/src/common/planted-five.ts';
const five = 'a: 1, b: 1, c: 1, d: 1, e: 1';
const withFour = 'packages/core/src/common/planted-four.ts';

/** The checkout is read once, with functions beside it that are to be told. */
const all = declared({
  [withFive]: [
    `export function planted(${five}): void {}`,
    'export class Planted {',
    `  constructor(${five}) {}`,
    `  method(${five}): void {}`,
    '}',
    `export const inside = { arrow: (${five}) => undefined };`,
    `export type Typed = (${five}) => void;`,
    'export function four(a: 1, b: 1, c: 1, d: 1, ): void {}',
  ].join('\n'),
  [withFour]: [
    'export function strings(a: Date, b: string, c: string | null, d: Date): void {}',
    'export function defaults(a: Date, b: Date, c: number, d = 1): void {}',
    'export function apart(a: string, b: number, c: string, d = true): void {}',
    'export function three(a: string, b: string, c: string): void {}',
    'export function lists(a: string[], b: string[], c: string, d: number[]): void {}',
  ].join('\n'),
});

/** What is told of a planted file. */
function toldOf(planted: string): string[] {
  return wrong(all.filter(({ file }) => file === planted)).map((line) =>
    line.slice(planted.length + 1).replace(/:[^:]*$/, ''),
  );
}

void test('no function takes more than four parameters by position, or of four two neighbours of one primitive type, but for those that are listed', () => {
  const ours = all.filter(({ file }) => file !== withFive && file !== withFour);
  assert.ok(ours.length > 5000, `${ours.length} functions`);
  assert.deepEqual(wrong(ours), []);
  const needless = Object.entries(exceptions).flatMap(([file, { of }]) =>
    of
      .filter((name) => !ours.some((one) => one.file === file && one.name === name && faultOf(one)))
      .map((name) => `${file}: ${name} is listed, and need not be`),
  );
  assert.deepEqual(needless, []);
});

void test('a function of any kind with five is told, with the line of the first of them', () => {
  assert.deepEqual(toldOf(withFive), [
    '1: planted takes 5',
    '3: constructor takes 5',
    '4: method takes 5',
    '6: a function without a name takes 5',
    '7: a function without a name takes 5',
  ]);
});

void test('of four, two neighbours of one primitive type are told', () => {
  assert.deepEqual(toldOf(withFour), [
    '1: strings takes two of string in a row',
    '2: defaults takes two of number in a row',
  ]);
});
