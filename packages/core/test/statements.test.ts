/** Statements stand in machine/ alone: a stage asks by a typed call that has a name. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const source = join(import.meta.dirname, '../src');

/** What stands in these files, without the lines of comments, and where. */
function found(files: readonly string[], what: RegExp): string[] {
  assert.ok(files.length > 10);
  return files.flatMap((name) => {
    const text = readFileSync(join(source, name), 'utf8').replaceAll(/^\s*(\*|\/[/*]).*$/gm, '');
    return [...text.matchAll(what)].map(({ 0: match, index }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${name}:${line}: ${match}`;
    });
  });
}

void test('no file of core outside machine/ has a statement of its own', () => {
  // pg-boss brings its own, which queues/ hands on.
  const others = globSync('**/*.ts', { cwd: source }).filter(
    (name) => !/^(machine|queues)\//.test(name),
  );
  const statement = /\b(sql|tx|inner)(<[^`;]*>)?`|\.unsafe\(|\bpostrider\.\w+/g;
  assert.deepEqual(found(others, statement), []);
});

void test('a call by hand names its arguments, as the generated ones do', () => {
  const calls = globSync('machine/*.ts', { cwd: source }).filter(
    (name) => !/generated|migrate/.test(name),
  );
  assert.deepEqual(found(calls, /\bpostrider\.\w+\((?!\s*(\)|p_))/g), []);
});
