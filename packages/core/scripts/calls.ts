/**
 * Generates machine/generated/: for each function of SQL that typed calls use, a function with the
 * same parameters by name. Asked of the catalog of a migrated database, so that a test writes it
 * (`npm run generate:calls`) and compares it (packages/core/test/generated-calls.test.ts).
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type postgres from 'postgres';
import { mayBeNull, ofParameter, ofResult } from './call-types.ts';

const root = join(import.meta.dirname, '../../..');
const machine = join(root, 'packages/core/src/machine');

interface Named {
  readonly name: string;
  /** As `format_type` has it. */
  readonly type: string;
}

interface Parameter extends Named {
  /** As SQL writes it; null: there is none, and the parameter must be given. */
  readonly default: string | null;
}

interface CatalogFunction {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** Of a scalar; null: a row or several, with `columns`. */
  readonly result: string | null;
  readonly columns: readonly Named[];
  readonly isSet: boolean;
}

/** The files of machine/generated/ by their names. */
export async function generateCalls(sql: postgres.Sql): Promise<ReadonlyMap<string, string>> {
  const functions = new Map((await catalogued(sql)).map((one) => [camelCase(one.name), one]));
  const words = wordsOfFunctions();
  const byWord = new Map<string, string[]>();
  for (const name of usedNames()) {
    const found = functions.get(name);
    const word = words.get(found?.name ?? '');
    if (found === undefined || word === undefined)
      throw new Error(`machine/ calls ${name}: sql/functions/ has no such function`);
    byWord.set(word, [...(byWord.get(word) ?? []), written(found)]);
  }
  const note = '// Generated from the catalog by `npm run generate:calls`. Do not edit.';
  const files = new Map<string, string>();
  for (const [word, texts] of [...byWord].toSorted(([one], [other]) => one.localeCompare(other))) {
    const body = texts.join('\n');
    const helpers = ['interval', 'json', 'rows', 'scalar', 'time', 'done', 'uuid', 'uuids'].filter(
      (helper) => new RegExp(`\\b${helper}(<\\w+>)?\\(`).test(body),
    );
    const imports = `import { ${helpers.toSorted().join(', ')}, type Sql } from '../calls.ts';`;
    files.set(`${word}.generated.ts`, `${note}\n${imports}\n\n${body}`);
  }
  const all = [...files.keys()].map((name) => `export * from './${name}';\n`);
  return files.set('index.generated.ts', `${note}\n${all.join('')}`);
}

/** What files of machine/ call, as `calls.settleMail(…)`. */
function usedNames(): string[] {
  const texts = globSync('*.ts', { cwd: machine }).map((name) =>
    readFileSync(join(machine, name), 'utf8'),
  );
  const names = texts.flatMap((text) =>
    [...text.matchAll(/\bcalls\.(\w+)[<(]/g)].map(([, name = '']) => name),
  );
  return [...new Set(names)].toSorted();
}

/** Functions by the word of the spine in whose folder they stand. */
function wordsOfFunctions(): ReadonlyMap<string, string> {
  return new Map(
    globSync('functions/*/*.sql', { cwd: join(root, 'sql') }).flatMap((file) => {
      const word = /^functions.\d+_(\w+)/.exec(file)?.[1] ?? '';
      const text = readFileSync(join(root, 'sql', file), 'utf8');
      return [...text.matchAll(/^create (?:or replace )?function postrider\.(\w+)/gm)].map(
        ([, name = '']): [string, string] => [name, word],
      );
    }),
  );
}

async function catalogued(sql: postgres.Sql): Promise<CatalogFunction[]> {
  return [
    ...(await sql<CatalogFunction[]>`
      with f as (
        select
          p.oid, p.proname, p.proretset, p.prorettype, p.pronargs, p.pronargdefaults,
          coalesce(p.proallargtypes, p.proargtypes::oid[]) as types,
          p.proargnames as names,
          coalesce(p.proargmodes, array_fill('i'::"char", array[p.pronargs::int])) as modes
        from pg_proc p
        where p.pronamespace = 'postrider'::regnamespace
          and p.prokind = 'f'
      ), a as (
        select
          f.oid, n.i, f.names[n.i] as name, format_type(n.type, null) as type,
          f.modes[n.i] in ('i', 'v') as is_input,
          case when n.i > f.pronargs - f.pronargdefaults
            then coalesce(pg_get_function_arg_default(f.oid, n.i::int), 'NULL') end as "default"
        from f
        cross join unnest(f.types) with ordinality as n (type, i)
      )
      select
        f.proname as name, f.proretset as "isSet",
        case when t.typtype not in ('c', 'p') or t.typname = 'void'
          then format_type(f.prorettype, null) end as result,
        coalesce(
          (select json_agg(json_build_object('name', name, 'type', type, 'default', "default")
            order by i) from a where a.oid = f.oid and is_input),
          '[]') as parameters,
        coalesce(
          (select json_agg(json_build_object('name', name, 'type', type) order by i)
            from a where a.oid = f.oid and not is_input),
          (select json_agg(json_build_object('name', c.attname,
              'type', format_type(c.atttypid, null)) order by c.attnum)
            from pg_attribute c
            where c.attrelid = t.typrelid and c.attnum > 0 and not c.attisdropped),
          '[]') as columns
      from f
      join pg_type t on t.oid = f.prorettype
      order by 1`),
  ];
}

function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** One function, as TypeScript. */
function written(one: CatalogFunction): string {
  const { given, sent } = parametersOf(one);
  const call = `postrider.${one.name}(${sent})`;
  const head = (result: string, of: string): string => {
    const name = `export async function ${camelCase(one.name)}${result}`;
    const short = `${name}(${['sql: Sql', ...given].join(', ')}): Promise<${of}> {\n`;
    return !given.join('').includes('\n') && short.length <= WIDTH
      ? short
      : `${name}(\n  sql: Sql,\n${given.map((one) => `  ${one},\n`).join('')}): Promise<${of}> {\n`;
  };
  if (one.result === 'void') return `${head('', 'void')}  await done(sql\`select ${call}\`);\n}\n`;
  if (one.result !== null) {
    const { type, read } = ofResult(one.result);
    const generic = type === 'unknown' ? '<Result>' : `<Result extends ${type} | null = ${type}>`;
    return (
      head(generic, 'Result') +
      `  return await scalar<Result>(sql\`select ${read(call)} as result\`);\n}\n`
    );
  }
  const columns = one.columns.map(({ name, type }) => {
    const { type: typed, read, suffix } = ofResult(type);
    return { name: camelCase(name) + suffix, type: typed, read: read(quoted(name)) };
  });
  const row = members(columns.map(({ name, type }) => `readonly ${name}: ${type} | null`));
  const selected = columns.map(({ name, read }) =>
    read === quoted(name) ? read : `${read} as ${quoted(name)}`,
  );
  const list = inOneLine(selected) ?? selected.join(',\n      ');
  return (
    head(`<\n  Row extends ${row},\n>`, 'readonly Row[]') +
    `  return await rows<Row>(sql\`\n    select ${list}\n    from ${call}\`);\n}\n`
  );
}

function parametersOf(one: CatalogFunction): { given: readonly string[]; sent: string } {
  if (one.parameters.length === 0) return { given: [], sent: '' };
  const all = one.parameters.map((parameter, index) => {
    const { type, send, suffix } = ofParameter(parameter.type);
    const name = camelCase(parameter.name.replace(/^p_/, '')) + suffix;
    const isOptional = parameter.default !== null;
    const isNull = /^NULL\b/.test(parameter.default ?? '');
    const orNull = isNull || mayBeNull.has(`${one.name}.${parameter.name}`) ? ' | null' : '';
    const separator = index === 0 ? '' : ',';
    const argument = (value: string): string => `${parameter.name} => ${send(value, name)}`;
    const value = `given.${name}`;
    const typed = isOptional ? `?: ${type}${orNull} | undefined` : `: ${type}${orNull}`;
    return {
      member: `readonly ${name}${typed}`,
      // A default that is not null is the function's own: the argument is left out.
      argument:
        isOptional && !isNull
          ? `\n      \${${value} === undefined ? sql\`\` : sql\`,\n      ${argument(value)}\`}`
          : `${separator}\n      ${argument(isNull ? `${value} ?? null` : value)}`,
    };
  });
  const sent = all.map(({ argument }) => argument).join('');
  const isShort = (one.result ?? 'void') === 'void' && all.length === 1 && sent.length < 48;
  return {
    given: [`given: ${members(all.map(({ member }) => member))}`],
    sent: isShort ? sent.trim() : `${sent}\n    `,
  };
}

const WIDTH = 100;

/** Columns, in one line where they fit. */
function inOneLine(columns: readonly string[]): string | undefined {
  const line = columns.join(', ');
  return `    select ${line}`.length <= WIDTH ? line : undefined;
}

/** The type of an object: in one line where it fits, else one line each. */
function members(all: readonly string[]): string {
  const short = `{ ${all.join('; ')} }`;
  return `  Row extends ${short},`.length <= WIDTH
    ? short
    : `{\n${all.map((member) => `    ${member};\n`).join('')}  }`;
}

function quoted(name: string): string {
  return /^[a-z_]+$/.test(name) ? name : `"${name}"`;
}
