/** How types of SQL are given and read by generated calls: an unknown one is refused. */

interface Typed {
  /** In TypeScript. */
  readonly type: string;
  /** Of the name of a parameter or column: what it is counted in. */
  readonly suffix: string;
}

export interface ParameterType extends Typed {
  /** The text of the argument. `name`: of the parameter, for what names it. */
  send(value: string, name: string): string;
}

export interface ResultType extends Typed {
  /** The expression that is selected. */
  read(expression: string): string;
}

function parameter(type: string, helper: string, cast: string, suffix = ''): ParameterType {
  const send = (value: string): string =>
    `\${${helper === '' ? value : `${helper}(${value})`}}${cast}`;
  return { type, suffix, send };
}

/** The compiler cannot tell an id from another text: each is looked at, and named. */
function id(type: string, helper: string, cast: string): ParameterType {
  return { type, suffix: '', send: (value, name) => `\${${helper}(${value}, '${name}')}${cast}` };
}

const parameters: Readonly<Record<string, ParameterType>> = {
  text: parameter('string', '', ''),
  uuid: id('string', 'uuid', ''),
  integer: parameter('number', '', ''),
  bigint: parameter('number', '', ''),
  boolean: parameter('boolean', '', ''),
  bytea: parameter('Buffer', '', ''),
  'text[]': parameter('readonly string[]', '', '::text[]'),
  'integer[]': parameter('readonly number[]', '', '::text[]::integer[]'),
  'uuid[]': id('readonly string[]', 'uuids', '::uuid[]'),
  // In milliseconds.
  interval: parameter('number', 'interval', '::interval', 'Ms'),
  'interval[]': parameter('readonly string[]', '', '::text[]::interval[]'),
  // As text: the driver would write JSON of a string once more, and cut microseconds off a time.
  json: parameter('unknown', 'json', '::text::json'),
  jsonb: parameter('unknown', 'json', '::text::jsonb'),
  'timestamp with time zone': parameter('string | Date', 'time', '::text::timestamptz'),
};

function result(type: string, read: ResultType['read'], suffix = ''): ResultType {
  return { type, suffix, read };
}

function asItIs(expression: string): string {
  return expression;
}

const results: Readonly<Record<string, ResultType>> = {
  text: result('string', asItIs),
  uuid: result('string', asItIs),
  integer: result('number', asItIs),
  smallint: result('number', asItIs),
  boolean: result('boolean', asItIs),
  json: result('unknown', asItIs),
  jsonb: result('unknown', asItIs),
  'text[]': result('readonly string[]', asItIs),
  'uuid[]': result('readonly string[]', asItIs),
  // The driver has them as text.
  bigint: result('number', (expression) => `${expression}::float8`),
  // As a session writes bytes and times, they are read in more than one way.
  bytea: result('string', (expression) => `pg_catalog.encode(${expression}, 'base64')`),
  'timestamp with time zone': result('string', (expression) => `pg_catalog.to_json(${expression})`),
  interval: result(
    'number',
    (expression) => `extract(epoch from ${expression})::float8 * 1000`,
    'Ms',
  ),
};

/** Parameters that may be null although they must be given: the catalog does not tell of them. */
export const mayBeNull: ReadonlySet<string> = new Set([
  'work_done.p_campaign_id',
  'work_done.p_printer_name',
  'work_failed.p_campaign_id',
  'work_failed.p_printer_name',
]);

export function ofParameter(type: string): ParameterType {
  const found = parameters[type];
  if (found === undefined) throw new Error(`no generated call can be given a ${type}`);
  return found;
}

export function ofResult(type: string): ResultType {
  const found = results[type];
  if (found === undefined) throw new Error(`no generated call can tell of a ${type}`);
  return found;
}
