/**
 * How a file is laid out: it says first what lives in it, and has at most 300 lines, lines of at
 * most 100 columns but for what cannot be broken, and functions at the top level that say
 * `function`.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const FOLDERS = ['sql', 'packages', 'test', 'examples', 'bin'];
const LINES = 300;
const COLUMNS = 100;

/** The product, whose files say first what lives in them. A test is said by its name. */
const SAYS_WHAT_IT_IS = /^(sql|bin|packages\/[^/]+\/(src|scripts))\/(?!.*\/test\/)/;

const NOT_OURS = /(^|\/)(node_modules|out|var)\/|\.generated\.(ts|sql)$/;

/**
 * What cannot be broken. It has the line to itself: code beside such a literal can go to the next
 * line, and then has to.
 */
const unbreakable: Readonly<Record<string, RegExp>> = {
  'the name of a test':
    /^\s*(void |await )?(test|it|describe|\w+\.test)\((['"`]).*\3, (async )?\([^()]*\) =>( \{| void .*)?$/,
  'where an import comes from': /^((import|export) (type )?(\{ [^,]* \}|\w+)|\}) from '[^']+';$/,
  'an address': /^\s*(\/\/|--|\*|#)?\s*['"`]?\w+:\/\/\S+$/,
  'a regular expression': /^\s*([\w-]+: )?\/(?!\*).*\/[dgimsuvy]*(\.test\()?[,;)]*$/,
  'a string': /^\s*([\w-]+: )?('([^']|'')*'|"[^"]*"|`[^`]*`)[,;)]*$/,
};

function lettersOf(line: string): number {
  return line.length <= COLUMNS ? line.length : [...line].length;
}

function tooWide(line: string): boolean {
  return (
    lettersOf(line) > COLUMNS && !Object.values(unbreakable).some((pattern) => pattern.test(line))
  );
}

/** Where the bracket that opens at `from` closes. Brackets in strings do not matter up there. */
function closes(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if ('([{'.includes(text[at] ?? '')) depth += 1;
    if (')]}'.includes(text[at] ?? '') && (depth -= 1) === 0) return at;
  }
  return text.length;
}

/** Where a variable is an arrow function, also one that has a type. */
function arrows(text: string): number[] {
  const beginnings =
    /^export default (async )?|^(export )?(const|let) \w+(: (=>|[^=])+)? = (async )?(<[^>]+>)?/gm;
  return [...text.matchAll(beginnings)]
    .filter(({ 0: { length }, index }) => {
      const rest = text.slice(index + length);
      if (/^\w+ =>/.test(rest)) return true;
      return rest.startsWith('(') && /^\)(: [^=]+)? =>/.test(rest.slice(closes(rest, 0)));
    })
    .map(({ index }) => text.slice(0, index).split('\n').length);
}

/** What is wrong with a file, with the line that it is in. */
function wrong(path: string, text: string): string[] {
  const lines = text.replace(/\n$/, '').split('\n');
  return [
    ...(SAYS_WHAT_IT_IS.test(path) && !/^(\/\*\*|\/\/|--)/.test(text)
      ? [`${path}:1: no word of what lives here: say it in a comment`]
      : []),
    ...(lines.length > LINES
      ? [`${path}:${LINES + 1}: ${lines.length} lines: cut the file by what it means`]
      : []),
    ...lines.flatMap((line, index) =>
      tooWide(line) ? [`${path}:${index + 1}: ${lettersOf(line)} columns: break the line`] : [],
    ),
    ...(path.endsWith('.ts') ? arrows(text) : []).map(
      (line) => `${path}:${line}: an arrow at the top level: say function`,
    ),
  ];
}

void test('every file says what it is, none is long, no line is wide, and no function of a module is an arrow', () => {
  const problems = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((path) => /\.(ts|sql)$/.test(path) && !NOT_OURS.test(path))
      .flatMap((path) => wrong(path, readFileSync(join(root, path), 'utf8'))),
  );
  assert.deepEqual(problems, []);
});

const long = 'x'.repeat(COLUMNS);

void test('what is told of a file, and what of it cannot be otherwise', () => {
  const told = (text: string, path = 'a.ts'): string[] =>
    wrong(path, text).map((line) => line.replace(/^(\S+ [\w ]*).*$/, '$1'));
  assert.deepEqual(told('\n'.repeat(LINES)), []);
  assert.deepEqual(told('create table x ();', 'sql/baseline/x.sql'), [
    'sql/baseline/x.sql:1: no word of what lives here',
  ]);
  assert.deepEqual(told('-- What it is.', 'sql/baseline/x.sql'), []);
  assert.deepEqual(told("import 'x';", 'packages/x/src/x.ts'), [
    'packages/x/src/x.ts:1: no word of what lives here',
  ]);
  assert.deepEqual(told("import 'x';", 'packages/x/src/y/test/x.test.ts'), []);
  assert.deepEqual(told('\n'.repeat(LINES + 1)), ['a.ts:301: 301 lines']);
  assert.deepEqual(told('é'.repeat(COLUMNS)), []);
  assert.deepEqual(told(`one\n// ${long}\n`), ['a.ts:2: 103 columns']);
  assert.deepEqual(told(`/** ${long} */`), ['a.ts:1: 107 columns']);
  assert.deepEqual(told(`-- ${long}`, 'a.sql'), ['a.sql:1: 103 columns']);
  for (const line of [
    `void test('${long}', async () => {`,
    `import { x } from '../house/${long}.ts';`,
    `} from '../house/${long}.ts';`,
    `// https://example.com/${long}`,
    `  find: /${long}/,`,
    `  '${long}',`,
    `  raise 'it''s ${long}'`.replace('raise', ''),
  ])
    assert.deepEqual(told(line), [], line);
  for (const line of [
    `void test('short', () => assert.equal('${long}', x));`,
    `import { one, two } from '../house/${long}.ts';`,
    `// see https://example.com/${long}`,
    `const pattern = /${long}/;`,
    `const text = '${long}';`,
    `  select '${long}'`,
  ])
    assert.equal(told(line).length, 1, line);
  for (const arrow of [
    'export const x = () => 1;',
    'const x = async (a: string): Promise<void> => {};',
    'const x = <T>(\n  a: T,\n) => a;',
    'const x = a => a;',
    'export default () => 1;',
    'export const x: Scenario = () => 1;',
    "const x: Printer['submit'] = async (pieces) =>\n  pieces;",
    'const x: (a: string) => void = (a) => {};',
    'let x: (\n  a: string,\n) => void = (a) => {};',
  ])
    assert.deepEqual(told(`\n${arrow}`), ['a.ts:2: an arrow at the top level'], arrow);
  for (const other of [
    'const x: Record<string, () => void> = { a: () => {} };',
    'const x: (() => void)[] = [];',
    'const x: readonly Y[] = all.filter((one) =>\n  one,\n);',
    'const x = (1 + 2) * 3;',
    'const x = all.map((one) => one);',
    '  const x = () => 1;',
    'function x() {}',
  ])
    assert.deepEqual(told(other), [], other);
});
