/** Statements stand in machine/ alone: a stage asks by a typed call that has a name. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const source = join(import.meta.dirname, '../src');

/** What stands in a file, without the lines of comments, and where. */
function foundIn(name: string, file: string, what: RegExp): string[] {
  // Of a line of comment only the end is left, so that lines keep their numbers.
  const text = file.replaceAll(/^[ \t]*(\*|\/[/*]).*$/gm, '');
  return [...text.matchAll(what)].map(({ 0: match, index }) => {
    const line = text.slice(0, index).split('\n').length;
    return `${name}:${line}: ${match}`;
  });
}

function found(files: readonly string[], what: RegExp): string[] {
  assert.ok(files.length > 10);
  return files.flatMap((name) => foundIn(name, readFileSync(join(source, name), 'utf8'), what));
}

const statement = /\b(sql|tx|inner)(<[^`;]*>)?`|\.unsafe\(|\bpostrider\.\w+/g;

void test('a statement is told with its line, below comments and blank lines too', () => {
  const file = [
    '/** Of postrider.tick. */',
    '',
    '',
    '  /**',
    '   * Two lines.',
    '   */',
    '',
    '// One.',
    'await sql`select 1`;',
  ].join('\n');
  assert.deepEqual(foundIn('a.ts', file, statement), ['a.ts:9: sql`']);
});

void test('no file of core outside machine/ has a statement of its own', () => {
  // pg-boss brings its own, which queues/ hands on.
  const others = globSync('**/*.ts', { cwd: source }).filter(
    (name) => !/^(machine|queues)\//.test(name),
  );
  assert.deepEqual(found(others, statement), []);
});
