/** What is said of a campaign file has the names of the file, and not those of columns. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { columnsIn } from '../support/file-words.ts';

const root = join(import.meta.dirname, '../..');

interface Text {
  readonly line: number;
  readonly text: string;
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** Sentences: a literal without a blank is a name, as a key of the definition has to be. */
function isSentence({ text }: Text): boolean {
  return /\S [^\s%]/.test(text);
}

/**
 * The literals of SQL; a quote in a comment opens none, and two hyphens in a literal no comment.
 */
function literalsOfSql(source: string): Text[] {
  return [...source.matchAll(/--[^\n]*|'((?:[^']|'')*)'/g)].flatMap(({ index, 1: text }) =>
    text === undefined ? [] : [{ line: lineAt(source, index), text }],
  );
}

/**
 * The literals of TypeScript that stand in one line; a statement in one is none that people read.
 */
function literalsOfTs(source: string): Text[] {
  return source
    .split('\n')
    .flatMap((line, index) =>
      /^\s*(?:\*|\/[/*])/.test(line)
        ? []
        : [...line.matchAll(/(['"`])((?:(?!\1)[^\\]|\\.)*)\1/g)]
            .map((match) => ({ line: index + 1, text: match[2] ?? '' }))
            .filter(({ text }) => !/\b(?:select|from|update) /.test(text)),
    );
}

function told(file: string, texts: readonly Text[]): string[] {
  return texts
    .filter(isSentence)
    .flatMap(({ line, text }) =>
      columnsIn(text).map((column) => `${file}:${line}: ${column} in: ${text}`),
    );
}

void test('a sentence with the name of a column would be found', () => {
  const sql =
    "perform postrider.fail('PR012', 'integrations cannot change', c.campaign_mode); -- 'a base_directory'";
  assert.deepEqual(told('x.sql', literalsOfSql(sql)), [
    'x.sql:1: integrations in: integrations cannot change',
  ]);
  const ts = [
    "throw new Error('set budget_minor to more');",
    "const columns = ['price_minor', `select price_minor from c`];",
  ].join('\n');
  assert.deepEqual(told('x.ts', literalsOfTs(ts)), [
    'x.ts:1: budget_minor in: set budget_minor to more',
  ]);
});

void test('no error and no other sentence of the machine names a column that a campaign file calls otherwise', () => {
  const files = globSync(['sql/functions/**/*.sql', 'sql/views/**/*.sql', 'sql/machine/*.sql'], {
    cwd: root,
  });
  assert.ok(files.length > 100);
  // A list of keys is no sentence: that of a definition has the names that its caller gives.
  const keys = /^\s*name,campaign_mode,/;
  assert.deepEqual(
    files.flatMap((file) =>
      told(
        file,
        literalsOfSql(read(file)).filter(({ text }) => !text.includes('{') && !keys.test(text)),
      ),
    ),
    [],
  );
});

void test('no message of the programs names one', () => {
  const files = globSync('packages/{runner,cli,core,adapters}/src/**/*.ts', { cwd: root }).filter(
    (file) => !file.includes('.generated.'),
  );
  assert.ok(files.length > 200);
  assert.deepEqual(
    files.flatMap((file) => told(file, literalsOfTs(read(file)))),
    [],
  );
});

void test('no page names one, but for the columns of views', () => {
  const files = globSync(['docs/**/*.md', 'README.md'], { cwd: root }).filter(
    (file) => !/^docs\/(?:reference\/sql\.md|adr\/)/.test(file),
  );
  assert.ok(files.length > 20);
  assert.deepEqual(
    files.flatMap((file) => {
      // A statement and its answer are in code, and so are the names of the library's definition.
      // What a link points to is no word of a page.
      const prose = read(file)
        .replaceAll(/^```[^]*?^```/gm, '')
        .replaceAll(/\]\([^)\n]*\)/g, ']');
      const own = /^(?:README|docs\/reference\/library)\.md$/.test(file);
      const said = own ? prose.replaceAll(/`[^`\n]*`/g, '') : prose;
      return columnsIn(said).map((column) => `${file}: ${column}`);
    }),
    [],
  );
});
