/**
 * Calls of every function that a role may execute, as the catalog has them, with arguments that
 * make no sense. A function that is new is called by itself.
 *
 * Each call is made and undone on the server, many in a round trip: what it changed is gone, and
 * only what it said is left.
 */
import type postgres from 'postgres';

export interface Callable {
  readonly name: string;
  readonly signature: string;
  readonly forOperators: boolean;
  /** It may change something. */
  readonly isVolatile: boolean;
  /** Its last argument takes any number of values: one array is given. */
  readonly isVariadic: boolean;
  readonly args: readonly { readonly name: string; readonly type: string }[];
}

export interface Refusal {
  readonly call: string;
  readonly state: string;
  readonly message: string;
  readonly hint: string;
}

/** The functions that this session may execute. What a trigger calls cannot be called. */
export async function callable(sql: postgres.Sql): Promise<Callable[]> {
  return [
    ...(await sql<Callable[]>`
      select p.proname as name,
        format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) as signature,
        p.provariadic <> 0 as "isVariadic",
        p.provolatile = 'v' as "isVolatile",
        has_function_privilege('postrider_operator', p.oid, 'execute') as "forOperators",
        coalesce(
          (
            select json_agg(
              json_build_object(
                'name', coalesce(p.proargnames[a.n], ''),
                -- Any type will do: numbers.
                'type', case a.type
                  when 'anycompatible'::regtype then 'integer' else format_type(a.type, null) end
              )
              order by a.n
            )
            from unnest(p.proargtypes::oid[]) with ordinality as a (type, n)
          ),
          '[]'
        ) as args
      from pg_proc p
      where p.pronamespace = 'postrider'::regnamespace
        and p.prokind = 'f'
        and p.prorettype <> 'trigger'::regtype
        and has_function_privilege(p.oid, 'execute')
      order by 2`),
  ];
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** Text that no index takes and no compression shortens. */
const LONG = `(select string_agg(md5(i::text), '') from generate_series(1, 400) i)`;

const ODD: Readonly<Record<string, readonly string[]>> = {
  uuid: [
    quoted('00000000-0000-0000-0000-000000000000'),
    quoted('ffffffff-ffff-ffff-ffff-ffffffffffff'),
  ],
  text: ["''", "' '", "'nobody'", `E'a\\x01b'`, "'\u{1f600}\u200b\ufffe'", `'%s %L ''"; --'`, LONG],
  'text[]': [
    "'{}'",
    "'{null}'",
    '\'{""}\'',
    "'{{a,b},{c,d}}'",
    "'{nobody,nobody}'",
    `array[${LONG}]`,
  ],
  'uuid[]': [
    "'{}'",
    "'{null}'",
    "'{00000000-0000-0000-0000-000000000000}'",
    "'{00000000-0000-0000-0000-000000000000,null}'",
  ],
  integer: ["'0'", "'1'", "'-1'", "'2147483647'", "'-2147483648'"],
  'integer[]': ["'{}'", "'{null}'", "'{2147483647,-1}'"],
  bigint: ["'0'", "'1'", "'-1'", "'9223372036854775807'", "'-9223372036854775808'"],
  'bigint[]': ["'{}'", "'{null}'", "'{9223372036854775807,-1}'"],
  boolean: ['true', 'false'],
  interval: ["'0'", "'1 microsecond'", "'-1 day'", "'100000 years'", "'-100000 years'"],
  'interval[]': ["'{}'", "'{null}'", "'{-1 day,100000 years}'"],
  'timestamp with time zone': [
    "'infinity'",
    "'-infinity'",
    "'294276-12-31'",
    "'4714-11-24 00:00:00+00 BC'",
    "'epoch'",
  ],
  'timestamp with time zone[]': ["'{}'", "'{null}'", "'{infinity,-infinity}'"],
  'timestamp without time zone': ["'infinity'", "'-infinity'", "'epoch'"],
  'date[]': ["'{}'", "'{null}'", "'{epoch}'"],
  'double precision': ["'0'", "'-1'", "'100'", "'1e300'", "'NaN'", "'infinity'"],
  smallint: ["'0'", "'-1'", "'32767'"],
  'smallint[]': ["'{}'", "'{null}'", "'{1}'"],
  date: ["'infinity'", "'-infinity'", "'5874897-12-31'", "'epoch'"],
  bytea: [`'\\x'`, `'\\x00ff'`],
  json: [],
  jsonb: [],
  'jsonb[]': ["'{}'", "'{null}'", `array['{}', '[]', '"x"', 'null']`],
};

/** JSON by the names that these functions read in it, and by none. */
const KEYS = [
  'recipientId',
  'mailpieceId',
  'outcome',
  'providerId',
  'eventId',
  'externalId',
  'email',
  'afterMs',
  'occurredAt',
  'attempt',
  'name',
];
function object(value: string): string {
  return `{${KEYS.map((key) => `"${key}": ${value}`).join(', ')}}`;
}

const NOBODY = '00000000-0000-0000-0000-000000000000';
const DOCUMENTS = [
  'null',
  '[]',
  '{}',
  '"x"',
  '1',
  'true',
  '[null]',
  '[1]',
  '[[]]',
  '[{}]',
  '[[{}]]',
  `${'['.repeat(200)}${']'.repeat(200)}`,
  ...['null', '""', '"nobody"', '-1e300', '{}', '[]'].flatMap((value) => [
    object(value),
    `[${object(value)}]`,
  ]),
  `[{"recipientId": "${NOBODY}", "mailpieceId": "${NOBODY}"}]`,
];

export interface Known {
  /** By the end of an argument's name, without `p_`: values that exist. */
  readonly [argument: string]: readonly string[];
}

/** What an argument may be given, what makes sense first. */
export function valuesOf(
  arg: Callable['args'][number],
  known: Known,
  infinite: boolean,
): readonly string[] {
  const name = arg.name.replace(/^p_/, '');
  const isJson = arg.type === 'json' || arg.type === 'jsonb';
  const documents = isJson ? DOCUMENTS.map(quoted) : [];
  const rows =
    arg.type.includes('.') || ['mailpiece', 'recipient_state', 'campaign'].includes(arg.type)
      ? []
      : null;
  const odd = rows ?? [...(ODD[arg.type] ?? []), ...documents];
  if (odd.length === 0 && rows === null)
    throw new Error(`no values for an argument of type ${arg.type}: ODD has none`);
  const type = arg.type.includes('.')
    ? arg.type
    : rows === null
      ? arg.type
      : `postrider.${arg.type}`;
  return [
    ...(arg.type === 'uuid'
      ? (known[name] ?? []).filter((value) => /^[0-9a-f-]{36}$/.test(value))
      : (known[name] ?? [])
    ).map(quoted),
    ...odd,
    ...(arg.type === 'interval' && infinite ? ["'infinity'", "'-infinity'"] : []),
    'null',
  ].map((value) => `${value}::${type}`);
}

/** Numbers that look random and are the same in each run. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Every value of each argument beside what makes sense for the others, nothing at all, and some
 * mixtures.
 */
export function callsOf(
  one: Callable,
  known: Known,
  infinite: boolean,
  mixtures: number,
): string[] {
  const values = one.args.map((arg) => valuesOf(arg, known, infinite));
  const sensible = values.map(([first]) => first ?? 'null');
  const roll = dice(
    [...one.signature].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7),
  );
  const rows = [
    sensible,
    ...values.flatMap((own, at) => own.map((value) => sensible.with(at, value))),
    ...Array.from({ length: one.args.length < 2 ? 0 : mixtures }, () =>
      values.map((own) => own[roll(own.length)] ?? 'null'),
    ),
  ];
  const written = (row: readonly string[]): string =>
    (one.isVariadic ? row.with(-1, `variadic ${row.at(-1)}`) : row).join(', ');
  return [...new Set(rows.map((row) => `select * from postrider.${one.name}(${written(row)})`))];
}

/**
 * Makes the function that makes calls and undoes them, one after the other, with the rights of
 * its caller. Each call finds p_claim claimed as the actor, or nothing, and has to leave it so,
 * also when it is refused.
 */
export async function readyToCall(admin: postgres.Sql): Promise<void> {
  await admin.unsafe(`
    create schema probe;
    grant usage on schema probe to public;
    create function probe.acting(p_claim text default null) returns text
    language plpgsql security definer as $$
    begin
      if p_claim is not null then
        perform postrider.act_as(p_claim);
      end if;
      return postrider.acting();
    end $$;
    create function probe.refusals(p_calls text[], p_claim text default null)
    returns table (call text, state text, message text, hint text) language plpgsql as $$
    declare
      v_before text;
      v_after text;
    begin
      foreach call in array p_calls loop
        begin
          v_before := probe.acting(p_claim);
          begin
            execute call;
            v_after := probe.acting();
          exception when others then
            get stacked diagnostics
              state = returned_sqlstate,
              message = message_text,
              hint = pg_exception_hint;
            return next;
            v_after := probe.acting();
          end;
          if v_after <> v_before then
            state := '${KEPT}';
            message := format('acting() is %s before the call, and %s after it', v_before, v_after);
            hint := 'give back what act_as() returned';
            return next;
          end if;
          raise exception using errcode = 'ZZ000';
        exception when sqlstate 'ZZ000' then
          null;
        end;
      end loop;
    end $$`);
}

/** The state of a call that went through, or was refused, and kept its claim. */
export const KEPT = 'claim kept';

/** What is refused of these calls, and how. `claim`: the actor that each of them finds claimed. */
export async function refusals(
  sql: postgres.Sql,
  calls: readonly string[],
  claim: string | null = null,
): Promise<Refusal[]> {
  return [
    ...(await sql<Refusal[]>`
      select * from probe.refusals(${calls as string[]}, ${claim})`),
  ];
}
