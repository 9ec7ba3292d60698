/**
 * TypeScript calls functions of the schema postrider by the names of their parameters: in the
 * generated calls of core/machine, or in a statement of its own. A parameter that is added or moved
 * then breaks nobody without a word. SQL calls SQL by position: the server checks it as one piece.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const files = globSync(['packages/*/src/**/*.ts', 'bin/*.ts'], {
  cwd: root,
  exclude: ['packages/*/src/*/test/**'],
});

/** What people are told to type, with the call: they give few arguments, and read them. */
const typedByPeople: Readonly<Record<string, string>> = {
  'packages/cli/src/commands/sql.ts': 'postrider.hold',
  'packages/cli/src/operate/reconcile.ts': 'postrider.conclude_restore',
};

/** The arguments of the call whose bracket opens at `from`; nothing where there are none. */
function argumentsAt(text: string, from: number): string[] {
  const found = [''];
  let depth = 0;
  let quote = false;
  for (const character of text.slice(from + 1)) {
    if (character === "'") quote = !quote;
    else if (!quote && ')]}'.includes(character) && (depth -= 1) < 0) break;
    else if (!quote && '([{'.includes(character)) depth += 1;
    if (!quote && depth === 0 && character === ',') found.push('');
    else found[found.length - 1] += character;
  }
  return found.length === 1 && found[0]?.trim() === '' ? [] : found;
}

const NAMED = /^\s*(?:variadic )?p_\w+ => /;

interface Call {
  readonly line: number;
  readonly name: string;
  readonly isNamed: boolean;
}

function calls(text: string): Call[] {
  return [...text.matchAll(/\bpostrider\.\w+(?=\()/g)]
    .filter(({ index }) => !/^\s*(?:\*|\/[/*])/.test(lineUpTo(text, index)))
    .map(({ 0: name, index }) => ({
      line: text.slice(0, index).split('\n').length,
      name,
      isNamed: argumentsAt(text, index + name.length).every((one) => NAMED.test(one)),
    }));
}

function lineUpTo(text: string, index: number): string {
  return text.slice(text.lastIndexOf('\n', index) + 1, index);
}

function broken(file: string, text: string): string[] {
  return calls(text)
    .filter(({ name, isNamed }) => !isNamed && typedByPeople[file] !== name)
    .map(({ line, name }) => `${file}:${line}: ${name}: name its arguments (p_… => …)`);
}

void test('every argument of a call of SQL stands by its name', () => {
  const all = files.map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
  assert.ok(all.flatMap(({ text }) => calls(text)).length > 100);
  assert.deepEqual(
    all.flatMap(({ file, text }) => broken(file, text)),
    [],
  );
  assert.deepEqual(
    Object.entries(typedByPeople).filter(
      ([name, call]) =>
        !all.some(
          ({ file, text }) =>
            file === name && calls(text).some((one) => one.name === call && !one.isNamed),
        ),
    ),
    [],
    'the list of what people type names a call that is not there',
  );
});

void test('an argument by its position is told with its line', () => {
  const told = (text: string): string[] => broken('x.ts', text);
  for (const text of [
    'sql`select postrider.hold(\n  ${id},\n  p_kind => ${kind})`',
    "sql`select postrider.why(p_who => 'one, (two', ${id})`",
    'sql`select sum(postrider.suppress(${organizationId}, p_email => e.email))`',
    'sql`select * from postrider.doctor(variadic ${names})`',
    "sql`select postrider.hold(postrider.new_id(), p_kind => 'x')`",
  ])
    assert.deepEqual(
      told(`\n${text}`).map((line) => line.slice(0, 6)),
      ['x.ts:2'],
      text,
    );
  for (const text of [
    'sql`select postrider.now()`',
    'sql`select postrider.now(\n)`',
    "sql`select postrider.hold(p_id => ${f(a, b)}, p_kind => 'one, two')`",
    'sql`select postrider.doctor(variadic p_only => ${names}::text[])`',
    'sql`select postrider.window_of(p_stage => coalesce(${stage}, postrider.first(p_of => 1)))`',
    '// as postrider.hold(a, b) does',
  ])
    assert.deepEqual(told(text), [], text);
});
