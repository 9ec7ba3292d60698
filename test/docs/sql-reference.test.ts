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
import { codesOf, errorsRaised } from './errors-raised.ts';

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
    codes: codesOf(groups?.['text'] ?? ''),
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
  // What a view is made of is called with the reader's rights, and is no promise.
  const privileges = readFileSync(join(root, 'sql/privileges.sql'), 'utf8');
  const parts = new Set(
    /v_parts constant text\[\] := '\{([^}]*)\}'/.exec(privileges)?.[1]?.trim().split(/,\s*/),
  );
  assert.ok(parts.size > 20);
  const documented = (title: string): string[] =>
    entries(title)
      .map((one) => one.shape)
      .toSorted();
  assert.deepEqual(
    documented('Look-ups'),
    shapes((one) => one.reader && !parts.has(one.name)),
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
    documented('Upkeep').filter((shape) => !forRunners.has(shape)),
    [],
  );
  assert.ok(documented('Upkeep').length >= 8);
});

const chapters = ['Views', 'Look-ups', 'Repairs', 'Upkeep'];
/** The stages, as the folders of sql/functions/ name and order them. */
const stages = new Map(
  sqlFiles().repeatables.flatMap(({ name }) => {
    const [, folder = '', stage = ''] = /^functions\/(\d\d_(\w+))\//.exec(name) ?? [];
    return folder === '' ? [] : [[folder, stage === 'common' ? 'every stage' : stage] as const];
  }),
);

function stageOf(name: string): string | undefined {
  const file = sqlFiles().repeatables.find(({ text }) =>
    text.includes(`create function postrider.${name}(`),
  );
  return stages.get(file?.name.split('/')[1] ?? '');
}

void test('the table by stage has every entry, where its source stands, and the entries are in its order', () => {
  const rows = [...section('By stage').matchAll(/^\| (?!stage |---)(.+) \|$/gm)].map(
    ([, row = '']) => row.split(' | '),
  );
  const order = [...stages.values()];
  const listed = rows.map(([stage = '']) => stage);
  assert.deepEqual(
    listed,
    order.filter((stage) => listed.includes(stage)),
  );
  const names = (cell = ''): string[] =>
    [...cell.matchAll(/\[(\w+)\]\(#\1\)/g)].map(([, name = '']) => name);
  for (const [index, chapter] of chapters.entries())
    assert.deepEqual(
      rows.flatMap((row) => names(row[index + 1])),
      entries(chapter).map(({ name }) => name),
      chapter,
    );
  for (const [stage, ...cells] of rows)
    for (const name of cells.flatMap((cell) => names(cell)))
      assert.ok([stage, undefined].includes(stageOf(name)), `${name} stands in ${stageOf(name)}`);
});

void test('the text of a function names the errors that it raises, also by what it calls', async () => {
  const sources = new Map<string, string>();
  for (const row of await machine.sql<{ name: string; text: string }[]>`
    select p.proname as name, pg_get_functiondef(p.oid) as text
    from pg_proc p
    where p.pronamespace = 'postrider'::regnamespace`)
    sources.set(row.name, `${sources.get(row.name) ?? ''}\n${row.text}`);
  const raised = errorsRaised(sources);
  // Said once, in the page's beginning.
  const ofAll = codesOf(page.slice(0, page.indexOf('\n## ')));
  assert.deepEqual(ofAll, ['PR023']);
  const told = chapters.slice(1).flatMap(entries);
  assert.deepEqual(
    Object.fromEntries(told.map(({ name, codes }) => [name, codes])),
    Object.fromEntries(
      told.map(({ name }) => [name, raised(name).filter((code) => !ofAll.includes(code))]),
    ),
  );
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
