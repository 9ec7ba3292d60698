/**
 * docs/reference/sql.md against the catalog: every public view and function is there as it is, with
 * those who may use it, and nothing else is.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { machineErrors } from '../../packages/core/src/machine/errors.ts';
import { sqlFiles } from '../../packages/core/src/machine/sql-files.ts';
import { freshMachine, type Machine } from '../support/machine.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/reference/sql.md'), 'utf8');

interface Entry {
  readonly name: string;
  readonly shape: string;
  readonly codes: readonly string[];
}

function section(title: string): string {
  return page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
}
function entries(title: string): Entry[] {
  return [
    ...section(title).matchAll(
      /^### (?<name>\w+)\n\n```\n(?<shape>[^`]*)\n```\n(?<text>[\s\S]*?)(?=^### |$(?![\s\S]))/gm,
    ),
  ].map(({ groups }) => ({
    name: groups?.['name'] ?? '',
    shape: groups?.['shape'] ?? '',
    codes: [...(groups?.['text'] ?? '').matchAll(/PR\d{3}/g)].map(([code]) => code),
  }));
}

let machine: Machine;
before(async () => {
  machine = await freshMachine();
});
after(async () => {
  await machine[Symbol.asyncDispose]();
});

void test('every view is there with its columns and types', async () => {
  const views = await machine.sql<{ name: string; shape: string }[]>`
    select c.relname as name,
      string_agg(
        a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum
      ) as shape
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'postrider'::regnamespace and c.relkind = 'v'
    group by 1`;
  const documented = entries('Views').map(({ name, shape }) => ({ name, shape }));
  const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
  assert.deepEqual(
    documented.toSorted(byName),
    views.map((view) => ({ ...view })).toSorted(byName),
  );
  const [readers] = await machine.sql`
    select bool_and(has_table_privilege('postrider_reader', c.oid, 'select')) as all from pg_class c
    where c.relnamespace = 'postrider'::regnamespace and c.relkind = 'v'`;
  assert.equal(readers?.['all'], true);
});

interface Catalogued {
  readonly name: string;
  readonly shape: string;
  readonly reader: boolean;
  readonly operator: boolean;
  readonly runner: boolean;
  readonly anybody: boolean;
}

async function catalogued(): Promise<Catalogued[]> {
  return [
    ...(await machine.sql<Catalogued[]>`
      select p.proname as name,
        format(
          '%s(%s) → %s', p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)
        ) as shape,
        has_function_privilege('postrider_reader', p.oid, 'execute') as reader,
        has_function_privilege('postrider_operator', p.oid, 'execute') as operator,
        has_function_privilege('postrider_runner', p.oid, 'execute') as runner,
        has_function_privilege('public', p.oid, 'execute') as anybody
      from pg_proc p
      where p.pronamespace = 'postrider'::regnamespace`),
  ];
}

void test('every function that readers or operators may call is there with its signature, and nobody else may call it', async () => {
  const functions = await catalogued();
  assert.deepEqual(
    functions.filter((one) => one.anybody).map((one) => one.name),
    [],
  );
  const shapes = (which: (one: Catalogued) => boolean): string[] =>
    functions
      .filter(which)
      .map((one) => one.shape)
      .toSorted();
  const documented = (title: string): string[] =>
    entries(title)
      .map((one) => one.shape)
      .toSorted();
  assert.deepEqual(
    documented('Look-ups'),
    shapes((one) => one.reader),
  );
  assert.deepEqual(
    documented('Repairs'),
    shapes((one) => one.operator && !one.reader),
  );
  assert.deepEqual(
    shapes((one) => one.reader && !one.operator),
    [],
  );
  const forRunners = new Set(shapes((one) => one.runner && !one.operator));
  assert.deepEqual(
    documented('House').filter((shape) => !forRunners.has(shape)),
    [],
  );
  assert.ok(documented('House').length >= 8);
});

void test('a function raises the errors that its text names', async () => {
  const sources = new Map<string, string>();
  for (const row of await machine.sql<{ name: string; text: string }[]>`
    select p.proname as name, pg_get_functiondef(p.oid) as text
    from pg_proc p
    where p.pronamespace = 'postrider'::regnamespace`)
    sources.set(row.name, (sources.get(row.name) ?? '') + row.text);
  const raised = (name: string, seen = new Set<string>()): Set<string> => {
    const codes = new Set<string>();
    if (seen.has(name)) return codes;
    seen.add(name);
    const text = sources.get(name) ?? '';
    for (const [code] of text.matchAll(/PR\d{3}/g)) codes.add(code);
    for (const [, callee = ''] of text.matchAll(/postrider\.(\w+)\(/g))
      for (const code of raised(callee, seen)) codes.add(code);
    return codes;
  };
  for (const { name, codes } of [...entries('Repairs'), ...entries('House')]) {
    const possible = raised(name);
    assert.deepEqual(
      codes.filter((code) => !possible.has(code)),
      [],
      `${name} never raises these`,
    );
    const own = new Set([...(sources.get(name) ?? '').matchAll(/PR\d{3}/g)].map(([code]) => code));
    assert.deepEqual(
      [...own].filter((code) => !codes.includes(code)).toSorted(),
      [],
      `${name} raises these, and its text does not say so`,
    );
  }
});

void test('the table of errors has every code that is raised, by the kind that the library gives it', () => {
  const rows = [...section('Errors').matchAll(/^\| (PR\d{3}) \| `(\w+)` \| (.+) \| (.+) \|$/gm)];
  assert.deepEqual(
    Object.fromEntries(rows.map(([, code = '', kind = '']) => [code, kind])),
    machineErrors,
  );
  const raised = new Set<string>();
  for (const { text } of sqlFiles().repeatables)
    for (const [, code = ''] of text.matchAll(/'(PR\d{3})'/g)) raised.add(code);
  assert.deepEqual([...raised].toSorted(), Object.keys(machineErrors).toSorted());
  for (const [, code, , wrong = '', remedy = ''] of rows)
    assert.ok(wrong.length > 10 && remedy.length > 10, code);
});

void test('links of the page lead somewhere', () => {
  const anchors = new Set(
    [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    ),
  );
  for (const [, anchor = ''] of page.matchAll(/\]\(#([^)]+)\)/g))
    assert.ok(anchors.has(anchor), anchor);
  for (const [, file = ''] of page.matchAll(/\]\(([^)#]+\.md)/g))
    assert.ok(readFileSync(join(root, 'docs/reference', file), 'utf8').length > 0);
});
