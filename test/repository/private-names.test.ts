/**
 * Only the typed calls in core/machine name private tables, views and functions of the schema
 * postrider. Everybody else keeps to what docs/reference/sql.md promises.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

// packages/bench is not among them: it measures tables and functions by themselves, and fills them
// with a million rows faster than any public function would.
const files = globSync(['packages/{runner,cli,adapters,twins}/src/**/*.ts', 'examples/**/*.ts'], {
  cwd: root,
});

function read(name: string): string {
  return readFileSync(join(root, name), 'utf8');
}

/** The headings of the page that are names. */
function promised(): ReadonlySet<string> {
  const page = read('docs/reference/sql.md');
  return new Set([...page.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name));
}

/** All that sql/ creates in the schema. */
function created(): ReadonlySet<string> {
  const name =
    /^\s*create (?:or replace )?(?:unlogged )?(?:table|view|function|procedure|type|domain|sequence)\s+(?:if not exists )?postrider\.(\w+)/gim;
  return new Set(
    globSync('sql/**/*.sql', { cwd: root }).flatMap((file) =>
      [...read(file).matchAll(name)].map(([, found = '']) => found),
    ),
  );
}

/** Where the text names something of the schema that is private: a line each. */
function broken(name: string, text: string, isPrivate: (name: string) => boolean): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      /^\s*(\*|\/[/*])/.test(line)
        ? []
        : [...line.matchAll(/\bpostrider"?\."?(\w+)/g)]
            .filter(([, found = '']) => isPrivate(found))
            .map(([match]) => `${name}:${index + 1}: ${match}`),
    );
}

const open = promised();
const all = created();
function isPrivate(name: string): boolean {
  return all.has(name) && !open.has(name);
}

void test('the names that are promised are among those that sql/ creates', () => {
  assert.ok(open.size > 50 && all.size > 2 * open.size);
  assert.deepEqual(
    [...open].filter((name) => !all.has(name)),
    [],
  );
});

void test('a statement on a private table or function would be found', () => {
  const text = [
    'const [row] = await sql`',
    '  select p.name, postrider.caller()',
    '  from postrider.printer p',
    '  join postrider.printers o using (name)',
    '  where postrider.tick(p.id)`;',
    '// Not postrider.mailpiece, of which a comment may speak.',
    "throw new CommanderError(2, 'postrider.unknownCommand');",
  ].join('\n');
  assert.deepEqual(broken('x.ts', text, isPrivate), [
    'x.ts:3: postrider.printer',
    'x.ts:5: postrider.tick',
  ]);
});

void test('outside of core, no statement names what is private', () => {
  assert.ok(files.length > 150);
  assert.deepEqual(
    files.flatMap((name) => broken(name, read(name), isPrivate)),
    [],
  );
});
