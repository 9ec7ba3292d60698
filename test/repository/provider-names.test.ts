/**
 * The machine, the library, the runner and the embedded server know no provider by name. What they
 * say to people is right for any provider.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { providers } from '../../packages/adapters/src/registry.ts';

const root = join(import.meta.dirname, '../..');

const files = globSync(
  ['sql/**/*.sql', 'packages/{core,runner,embedded-postgres}/{src,scripts}/**/*.ts'],
  { cwd: root },
);

/** Kinds that are words of everyday use, too: these are meant only where they are quoted. */
const everyday: readonly string[] = ['csv', 'file', 'folder', 'lookup', 'ndjson'];
/** What printers send is called so, too, also in quotes: this one is meant where it is a kind. */
const spoken: readonly string[] = ['webhook'];

/** `print-shop` is said as `print shop` and as `printShop`, too. */
const named = providers.map(({ kind }) =>
  spoken.includes(kind)
    ? new RegExp(`\\bkind\\b.*['"\`]${kind}['"\`]`)
    : everyday.includes(kind)
      ? new RegExp(`['"\`]${kind}['"\`]`)
      : // A lobby is no provider.
        new RegExp(`\\b${kind.replaceAll('-', '[ _-]?')}(?!by\\b)`, 'i'),
);

function naming(file: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      named.some((name) => name.test(line)) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
    );
}

void test('a line that names a provider would be found', () => {
  const lines = [
    'ask the print shop: `postrider print-shop close`',
    "if (kind === 'csv') return;",
    '-- households.csv has fifteen of them, in a folder',
    'const printShop = 1;',
    'print the shopping list to a file',
    "if (kind === 'webhook') return;",
    "where detail ->> 'webhook' = id",
  ];
  assert.deepEqual(naming('x', lines.join('\n')), [
    `x:1: ${lines[0] ?? ''}`,
    `x:2: ${lines[1] ?? ''}`,
    `x:4: ${lines[3] ?? ''}`,
    `x:6: ${lines[5] ?? ''}`,
  ]);
});

void test('below the command line no provider is named', () => {
  assert.ok(files.length > 250, `${files.length} files`);
  assert.deepEqual(
    files.flatMap((file) => naming(file, readFileSync(join(root, file), 'utf8'))),
    [],
  );
});
