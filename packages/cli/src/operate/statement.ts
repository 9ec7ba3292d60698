/**
 * One statement of SQL. Read-only unless told: it stands in a read-only transaction that it cannot
 * leave, because the extended protocol takes one statement and no second one behind a semicolon,
 * and a DO block may commit only outside of a transaction.
 */
import { text as readAll } from 'node:stream/consumers';
import { nearWords } from '@postrider/core/ports/near';
import { openDatabase } from '@postrider/runner/database';
import { UserError, count, exitCodes } from '@postrider/runner/process';
import type postgres from 'postgres';
import type { Cli } from '../program/cli.ts';
import { explain } from '../errors/explain.ts';

export interface StatementOptions {
  readonly write: boolean;
  readonly csv: boolean;
  readonly timeoutSeconds: number | undefined;
}

/**
 * By the extended protocol, which takes no second statement; the driver's types do not know the
 * option.
 */
const oneStatement = { prepare: true, simple: false } as postgres.UnsafeQueryOptions;

const copiesThroughClient =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)*copy\b[^]*\b(?:stdin|stdout)\b/i;

type Cell = string | null;
type Result = postgres.RowList<postgres.Row[]>;

export async function runStatement(
  cli: Cli,
  given: string,
  options: StatementOptions,
): Promise<void> {
  const statement = given === '-' ? await readAll(process.stdin) : given;
  if (statement.trim() === '')
    throw new UserError(
      exitCodes.usage,
      'there is no statement',
      'for example: postrider sql "select * from postrider.stuck"',
    );
  if (options.csv && cli.out.json)
    throw new UserError(exitCodes.usage, '--csv and --json exclude each other');
  if (copiesThroughClient.test(statement))
    throw new UserError(
      exitCodes.usage,
      'COPY through the client is not for this command',
      'take `postrider sql "select …" --csv`, or `postrider psql`; nothing was changed',
    );
  const { settings } = await cli.project();
  const seconds = options.timeoutSeconds ?? settings.statementTimeoutSeconds;
  await using database = await openDatabase(cli, {
    name: 'postrider sql',
    settings: {
      statement_timeout: `${seconds}s`,
      // Somebody's own statement means their own tables.
      search_path: null,
      ...(cli.out.json ? { timezone: 'UTC' } : {}),
    },
  });
  const result = await run(database.sql, statement, seconds, options.write);
  const columns = result.columns?.map(({ name, type }) => ({ name, type })) ?? [];
  const rows = result as unknown as (Buffer | null)[][];
  const cells = rows.map((row) =>
    row.map((value): Cell => (value === null ? null : Buffer.from(value).toString('utf8'))),
  );
  if (cli.out.json) {
    const keys = keysOf(columns.map(({ name }) => name));
    for (const row of cells)
      cli.out.emit(
        Object.fromEntries(
          columns.map(({ type }, index) => [keys[index], valueOf(row[index] ?? null, type)]),
        ),
      );
  } else if (options.csv) {
    process.stdout.write(
      [columns.map(({ name }) => name), ...cells]
        .map((row) => `${row.map(csvCell).join(',')}\n`)
        .join(''),
    );
  } else if (columns.length > 0) {
    cli.out.list(
      cells,
      columns.map(({ name, type }, index) => ({
        title: name,
        value: (row: readonly Cell[]) => row[index] ?? null,
        right: numbers.has(type),
      })),
    );
    cli.out.note(cli.out.tint('dim', `(${count(cells.length, 'row')})`));
  }
  if (columns.length === 0) cli.out.note(`${result.command} ${result.count ?? ''}`.trim());
}

async function run(
  sql: postgres.Sql,
  statement: string,
  seconds: number,
  write: boolean,
): Promise<Result> {
  try {
    // As text, in the server's own words: a Date of JavaScript would cut off the microseconds.
    const ask = async (on: Pick<postgres.Sql, 'unsafe'>) =>
      (await on.unsafe(statement, [], oneStatement).raw()) as unknown as Result;
    return write ? await ask(sql) : ((await sql.begin('read only', ask)) as Result);
  } catch (error) {
    const { code, message, hint } = explain(error);
    switch (code) {
      case '25006':
        throw new UserError(
          exitCodes.failed,
          `${message}: sql only reads unless told otherwise`,
          'add --write to let it change something; nothing was changed',
          error,
        );
      case '57014':
        throw new UserError(
          exitCodes.failed,
          `the statement took longer than ${seconds} s`,
          'raise it with --timeout; nothing was changed',
          error,
        );
      // Its schema, a table, a function: what is missing may be this version, or mistyped.
      case '3F000':
      case '42P01':
      case '42883': {
        const { migrationHelps } = await import('./migrate.ts');
        if (await migrationHelps(sql)) throw error;
        const told = error as Error & { hint?: string };
        throw new UserError(
          exitCodes.failed,
          told.message,
          (await meant(sql, told.message)) ?? told.hint ?? null,
          error,
        );
      }
      default:
        if (hint !== null || !leavesNothing(code, statement)) throw error;
        throw new UserError(
          exitCodes.failed,
          message,
          `${remedy(message)}nothing was changed`,
          error,
        );
    }
  }
}

/** Wrong values, constraints and syntax undo a statement, where it cannot commit in its middle. */
function leavesNothing(code: string, statement: string): boolean {
  return /^(22|23|42)/.test(code) && !/\b(call|commit|concurrently)\b/i.test(statement);
}

function remedy(message: string): string {
  if (/multiple commands/.test(message))
    return 'give one statement at a time, or use `postrider psql`; ';
  if (/for type uuid/.test(message))
    return (
      'an id is a UUID: of a campaign or an organization see postrider.campaigns, ' +
      "of a person select recipient_id from postrider.find_recipients(p_who => '…'); "
    );
  return '';
}

/** Of a function whose name was right and whose arguments were not; null where it is none. */
async function argumentsOf(sql: postgres.Sql, name: string): Promise<string | null> {
  const [row] = await sql<{ takes: string }[]>`
    select string_agg(pg_get_function_arguments(oid), '; or ') as takes
    from pg_proc
    where pronamespace = to_regnamespace('postrider')
      and proname = ${name}
    group by proname`;
  return row === undefined
    ? null
    : `postrider.${name} takes ${row.takes || 'no arguments'}; nothing was changed`;
}

/**
 * Names of ours that are near the one that is not there, or the arguments of the function that is;
 * null where there is neither.
 */
async function meant(sql: postgres.Sql, message: string): Promise<string | null> {
  const [, typed] = /postrider\.(\w+)/.exec(message) ?? [];
  if (typed === undefined) return null;
  const rows = await sql<{ name: string }[]>`
    select relname as name
    from pg_class
    where relnamespace = to_regnamespace('postrider')
      and relkind in ('v', 'r', 'p')
      and has_table_privilege(oid, 'select')
      and not relispartition
    union
    select proname
    from pg_proc
    where pronamespace = to_regnamespace('postrider')
      and has_function_privilege(oid, 'execute')`.catch(() => []);
  const names = rows.map(({ name }) => name);
  if (names.includes(typed)) return await argumentsOf(sql, typed);
  const near = nearWords(typed, names);
  return near.length === 0
    ? null
    : `did you mean ${near.map((name) => `postrider.${name}`).join(' or ')}?`;
}

const [BOOL, INT8, INT2, INT4, JSON_, FLOAT4, FLOAT8, NUMERIC, JSONB, TIMESTAMP, TIMESTAMPTZ] = [
  16, 20, 21, 23, 114, 700, 701, 1700, 3802, 1114, 1184,
];
const numbers: ReadonlySet<number> = new Set([INT2, INT4, INT8, FLOAT4, FLOAT8, NUMERIC]);

/**
 * Numbers and JSON as themselves, times as ISO 8601 in UTC; everything else as PostgreSQL writes
 * it.
 */
function valueOf(text: Cell, type: number): unknown {
  if (text === null) return null;
  if (type === BOOL) return text === 't';
  if (type === JSON_ || type === JSONB) return JSON.parse(text);
  if (numbers.has(type))
    return Number.isFinite(Number(text)) &&
      (type !== INT8 || Number.isSafeInteger(Number(text))) &&
      type !== NUMERIC
      ? Number(text)
      : text;
  if (type === TIMESTAMPTZ) return text.replace(' ', 'T').replace(/\+00$/, 'Z');
  if (type === TIMESTAMP) return text.replace(' ', 'T');
  return text;
}

/** One key for each column: `a, a` becomes `a, a_2`, or the first would be lost. */
function keysOf(names: readonly string[]): string[] {
  const taken = new Set(names);
  return names.map((name, index) => {
    if (names.indexOf(name) === index) return name;
    let n = 2;
    while (taken.has(`${name}_${n}`)) n += 1;
    taken.add(`${name}_${n}`);
    return `${name}_${n}`;
  });
}

function csvCell(value: Cell): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
