/**
 * The lists of functions mean what they say: sql/functions/99_settings.sql how each runs, and
 * sql/privileges.sql who may call it. What the catalog has is what they have, and a list that is
 * wrong is refused by the migration itself.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrateTo } from '../../../packages/core/src/machine/migrate.ts';
import { sqlFiles, type SqlFiles } from '../../../packages/core/src/machine/sql-files.ts';
import { sharedMachine } from '../rig.ts';

const SETTINGS = 'functions/99_settings.sql';
const PRIVILEGES = 'privileges.sql';
const rig = sharedMachine();

function textOf(name: string): string {
  return sqlFiles().repeatables.find((file) => file.name === name)?.text ?? '';
}

function namesIn(list: string): string[] {
  return list.split(',').map((name) => name.trim());
}

/** `name=value` as the catalog has it, of `name = value` as ALTER FUNCTION takes it. */
function asInCatalog(setting: string): [name: string, value: string] {
  const [name = '', ...value] = setting.split(' = ');
  return [name.trim().toLowerCase(), value.join(' = ').replaceAll("'", '').trim()];
}

/** By function: what its profile and the list `own` say. */
function settingsListed(): Map<string, Map<string, string>> {
  const text = textOf(SETTINGS);
  const listed = new Map<string, Map<string, string>>();
  const profile = /\('\w+', (?:array\[([^\]]*)\]|'\{\}'),\s*'\{([^}]*)\}'::text\[\]\)/g;
  for (const [, settings = '', names = ''] of text.matchAll(profile))
    for (const name of namesIn(names))
      listed.set(
        name,
        new Map([...settings.matchAll(/'([^']+)'/g)].map(([, s = '']) => asInCatalog(s))),
      );
  for (const [, name = '', setting = ''] of text.matchAll(/\('(\w+)', '(\w+ = (?:[^']|'')+)'\)/g))
    listed.get(name)?.set(...asInCatalog(setting));
  return listed;
}

void test('each function has the settings of its profile and its own, and no other', async () => {
  const rows = await rig.sql<{ name: string; settings: string[]; body: string }[]>`
    select proname as name, coalesce(proconfig, '{}') as settings, prosrc as body
    from pg_proc
    where pronamespace = 'postrider'::regnamespace`;
  const has = rows.map(({ name, settings, body }) => {
    const pairs = new Map(settings.map((one) => asInCatalog(one.replace('=', ' = '))));
    // Whose body has a backslash is no matter of a list.
    const conforming = pairs.get('standard_conforming_strings');
    assert.equal(conforming, body.includes('\\') ? 'on' : undefined, name);
    pairs.delete('standard_conforming_strings');
    return [name, pairs] as const;
  });
  const lines = (of: Iterable<readonly [string, ReadonlyMap<string, string>]>): string[] =>
    [...of]
      .map(([name, settings]) => `${name}: ${[...settings].map(String).toSorted().join('; ')}`)
      .toSorted();
  const [inCatalog, inLists] = [new Set(lines(has)), new Set(lines(settingsListed()))];
  assert.ok(inLists.size > 300);
  assert.deepEqual(
    [...inCatalog].filter((line) => !inLists.has(line)),
    [],
    'in the catalog, and not in the lists',
  );
  assert.deepEqual(
    [...inLists].filter((line) => !inCatalog.has(line)),
    [],
    'in the lists, and not in the catalog',
  );
});

void test('each role may call what the lists give it, and nothing else', async () => {
  const lists = new Map(
    [...textOf(PRIVILEGES).matchAll(/v_(\w+) constant text\[\] := '\{([^}]*)\}'/g)].map(
      ([, list = '', names = '']) => [list, namesIn(names)] as const,
    ),
  );
  assert.deepEqual([...lists.keys()], ['reading', 'parts', 'operating', 'running', 'internal']);
  const of = (...names: readonly string[]) => names.flatMap((list) => lists.get(list) ?? []);
  for (const [role, may] of Object.entries<readonly string[]>({
    postrider_reader: of('reading', 'parts'),
    postrider_operator: of('reading', 'parts', 'operating'),
    postrider_runner: of('reading', 'parts', 'operating', 'running'),
    public: [],
  })) {
    const rows = await rig.sql<{ name: string }[]>`
      select distinct proname as name
      from pg_proc
      where pronamespace = 'postrider'::regnamespace
        and has_function_privilege(${role}, oid, 'execute')`;
    assert.deepEqual(rows.map(({ name }) => name).toSorted(), may.toSorted(), role);
  }
});

/** All files, with one of them edited: what is to be replaced stands there. */
function edited(file: string, find: string, replace: string): SqlFiles {
  const files = sqlFiles();
  assert.ok(textOf(file).includes(find), `${file}: ${find}`);
  const repeatables = files.repeatables.map((one) =>
    one.name === file ? { ...one, text: one.text.replace(find, replace) } : one,
  );
  return { ...files, repeatables };
}

const unheardOf = 'create function postrider.unheard_of() returns int language sql return 1;';
const common = 'functions/00_common/now.sql';

for (const [fault, files, message] of [
  [
    'a setting for a name that no function has',
    edited(SETTINGS, `('begin_mail', 'lock`, `('begin_mial', 'lock`),
    /99_settings\.sql: begin_mial has a setting of its own, and is no function/,
  ],
  [
    'a profile with a name that no function has',
    edited(SETTINGS, 'add_suppressions,', 'add_suppressions, begin_mial,'),
    /99_settings\.sql: begin_mial stands in a profile, and is no function/,
  ],
  [
    'a function in two profiles',
    edited(SETTINGS, 'add_suppressions,', 'add_suppressions, doctor,'),
    /99_settings\.sql: doctor stands in two profiles/,
  ],
  [
    'a function in no profile',
    edited(common, '', unheardOf),
    /99_settings\.sql: unheard_of stands in no profile/,
  ],
  [
    'settings that another file gives a function',
    edited(
      'views/doctor.sql',
      '',
      'alter function postrider.hold(uuid, text, text, text) set enable_seqscan = off;',
    ),
    /99_settings\.sql: hold was given settings in another file/,
  ],
  [
    'a right for a name that no function has',
    edited(PRIVILEGES, 'retry_webhooks,', 'retry_webhooks, retry_websites,'),
    /privileges\.sql: retry_websites stands in a list, and is no function/,
  ],
  [
    'a function in no list of rights',
    edited(PRIVILEGES, 'add_suppressions,', ''),
    /privileges\.sql: add_suppressions stands in no list/,
  ],
  [
    'a function in two lists of rights',
    edited(PRIVILEGES, 'retry_webhooks,', 'retry_webhooks, stage,'),
    /privileges\.sql: stage stands in two lists/,
  ],
] as const)
  void test(`the migration refuses ${fault}`, async () => {
    await assert.rejects(migrateTo(rig.sql, files), message);
  });
