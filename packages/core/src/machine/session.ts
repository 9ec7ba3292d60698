/**
 * What a session of ours must be like, whatever defaults the database or the role were given.
 * Imports the driver alone: a command that asks one question opens its client by this too.
 */
import { withConnectionErrors } from './connection-error.ts';
import { sharesSessions } from './pooler.ts';
import type postgres from 'postgres';

/**
 * Sent when a session begins. The driver reads times and bytes as text in one style; pg-boss writes
 * literals and reads times; the machine's own functions rely on none of it, so that they tell the
 * same by psql.
 */
export const sessionSettings: Readonly<Record<string, string>> = {
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  client_min_messages: 'notice',
  check_function_bodies: 'on',
  // No other function takes the place of the server's own. What is not of the server is named with
  // its schema.
  search_path: 'pg_catalog, pg_temp',
  // The machine refuses any other (PR023).
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  row_security: 'on',
  exit_on_error: 'off',
  // What takes long is meant to: a migration, a page of a sync, a session that listens.
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  // A plan that was cached while a table was empty scans for ever: 109 s instead of 14 s.
  plan_cache_mode: 'force_custom_plan',
  jit: 'off',
};

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
function inWords(set: string): string {
  return (
    Object.entries(sessionSettings)
      // Each item of a list is a literal of its own: search_path would take the literal of a whole
      // list for one name.
      .map(([name, value]) => `${set} ${name} = ${value.split(', ').map(literal).join(', ')};\n`)
      .join('')
  );
}

function since17(isLocal: boolean): string {
  return `do $$ begin
  if current_setting('server_version_num')::int >= 170000 then
    perform set_config('transaction_timeout', '0', ${String(isLocal)});
  end if;
end $$;
`;
}

/** The same as a script, for a transaction that has begun. */
export const setForTransaction = inWords('set local') + since17(true);
/** And for a whole session. */
export const setForSession = inWords('set') + since17(false);

/** PostgreSQL 17 has it; an older server would refuse a session that names it. */
const SINCE_17 = { transaction_timeout: '0' };

/**
 * To be given to the driver as `onparameter`: what the first session tells of its server goes for
 * those that follow.
 */
export function learnServer(client: () => postgres.Sql) {
  return (name: string, value: unknown) => {
    if (name === 'server_version' && Number.parseInt(String(value), 10) >= 17)
      Object.assign(client().options.connection, SINCE_17);
  };
}

/**
 * The sessions of a client cannot be worked with: their settings would make what is read or written
 * wrong. Nothing was changed.
 */
export class UnsuitableSessionError extends Error {
  override readonly name = 'UnsuitableSessionError';
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** Rejects where the server does not answer. */
export async function checkAnswers(sql: postgres.Sql): Promise<void> {
  await sql`select 1`;
}

interface Demand {
  readonly setting: string;
  /** Of the value as `current_setting` tells it. */
  suits(value: string): boolean;
  readonly why: string;
}

function is(wanted: string) {
  return (value: string): boolean => value === wanted;
}

const demands: readonly Demand[] = [
  {
    setting: 'datestyle',
    suits: (style) => style.startsWith('ISO'),
    why: 'the driver and pg-boss read no other times',
  },
  {
    setting: 'extra_float_digits',
    suits: (digits) => Number(digits) >= 0,
    why: 'times would be rounded',
  },
  {
    setting: 'standard_conforming_strings',
    suits: is('on'),
    why: 'a backslash in what pg-boss writes would be read as something else',
  },
  { setting: 'array_nulls', suits: is('on'), why: 'nothing would be read as the word NULL' },
  {
    setting: 'session_replication_role',
    suits: (role) => role !== 'replica',
    why: 'moves would be neither checked nor recorded',
  },
  {
    setting: 'transaction_isolation',
    suits: is('read committed'),
    why: 'a check after a lock would not see what others did',
  },
  {
    setting: 'transaction_read_only',
    suits: is('off'),
    why: 'nothing could be written; or this is a standby',
  },
  { setting: 'row_security', suits: is('on'), why: 'reading would be refused' },
  { setting: 'exit_on_error', suits: is('off'), why: 'whatever is refused would end the session' },
];

/** Longer than anything of ours takes as a rule, in milliseconds. */
const SHORT_MS = 60_000;
const limits = [
  'statement_timeout',
  'transaction_timeout',
  'idle_session_timeout',
  'idle_in_transaction_session_timeout',
];

/**
 * Looks at a session of the client. A session of `connect()` that began before its server was known
 * is put right.
 *
 * Throws `UnsuitableSessionError` where what is read or written would be wrong. Returns what is
 * only harmful: sessions that end too soon.
 */
export async function requireSuitableSession(sql: postgres.Sql): Promise<readonly string[]> {
  if (await withConnectionErrors(sql, sharesSessions(sql)))
    throw new UnsuitableSessionError(
      'a pooler gives each transaction another session (transaction mode): notifications, ' +
        'settings and locks of a session would be lost',
      'connect without the pooler, or by its session mode (Supabase: port 5432 in place of 6543; ' +
        'Neon: the host without -pooler; PgBouncer: pool_mode = session); nothing was changed',
    );
  const asked = [...demands.map(({ setting }) => setting), ...limits];
  const looked = sql<{ settings: Record<string, string>; path: string[] }[]>`
    select pg_catalog.json_object_agg(s.name, pg_catalog.current_setting(s.name, true)) as settings,
      pg_catalog.array_remove(pg_catalog.current_schemas(true)::pg_catalog.text[], (
        select n.nspname::pg_catalog.text
        from pg_catalog.pg_namespace n
        where n.oid operator(pg_catalog.=) pg_catalog.pg_my_temp_schema()
      )) as path
    from pg_catalog.unnest(${asked}::pg_catalog.text[]) as s (name)`;
  const [told] = await withConnectionErrors(sql, looked);
  if (told === undefined) return [];
  const set = (name: string): string => told.settings[name] ?? '';
  const unsuitable = demands.find(
    ({ setting, suits }) => told.settings[setting] !== undefined && !suits(set(setting)),
  );
  const remedy =
    'take a client of connect(), or give yours the settings in docs/reference/library.md, ' +
    '"The client"; nothing was changed';
  if (unsuitable !== undefined)
    throw new UnsuitableSessionError(
      `${unsuitable.setting} is ${set(unsuitable.setting)} in these sessions: ${unsuitable.why}`,
      remedy,
    );
  if (told.path[0] !== 'pg_catalog')
    throw new UnsuitableSessionError(
      `search_path puts ${told.path[0] ?? 'nothing'} before pg_catalog in these sessions: ` +
        `functions there would take the place of the server's own`,
      remedy,
    );
  // A client of connect() has this option once it has had a session.
  const own = 'transaction_timeout' in sql.options.connection;
  if (own && set('transaction_timeout') !== '0')
    await sql`select pg_catalog.set_config('transaction_timeout', '0', false)`;
  return limits
    .filter((name) => !(own && name === 'transaction_timeout') && isShort(set(name)))
    .map((name) => `${name} is ${set(name)}`);
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Of a time as the server tells it: `0` for none, else a number and its unit. */
function isShort(told: string): boolean {
  const [, amount, unit] = /^(\d+)(ms|s|min|h|d)$/.exec(told) ?? [];
  return (
    amount !== undefined && unit !== undefined && Number(amount) * (UNITS[unit] ?? 0) < SHORT_MS
  );
}
