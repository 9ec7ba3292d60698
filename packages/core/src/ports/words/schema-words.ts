/**
 * What zod finds wrong, in our words: which field, what is allowed there, what stands there
 * instead.
 */
import { z } from 'zod';
import { didYouMean } from './near.ts';

export type Path = readonly (string | number)[];

export interface Fault {
  readonly path: Path;
  readonly message: string;
}

/** What was read, and by what. */
export interface Reading {
  readonly schema: z.ZodType;
  readonly value: unknown;
  /** What is said of a field that the schema does not have. */
  readonly noSuch?: string;
  /**
   * Fields that stand beside those of the schema, and are somebody else's to check: a name may have
   * been meant for one of them.
   */
  readonly beside?: readonly string[];
}

export function faultsOf(error: z.ZodError, reading: Reading): Fault[] {
  return error.issues.flatMap((issue) => explain(issue, reading));
}

function explain(
  issue: z.core.$ZodIssue,
  { schema, value, noSuch = 'there is no such field', beside = [] }: Reading,
): Fault[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    const known = [...keysAt(schema, path), ...(path.length === 0 ? beside : [])];
    const rest = known.length === 0 ? '' : `; the fields here are ${known.join(', ')}`;
    return issue.keys.map((key) => {
      const guess = didYouMean(key, known);
      return { path: [...path, key], message: `${noSuch}${guess === null ? rest : `; ${guess}`}` };
    });
  }
  if (issue.code === 'custom' && issue.params?.['sentence'] === true)
    return [{ path, message: issue.message }];
  const given = valueAt(value, path);
  if (given === undefined && ['invalid_type', 'invalid_value'].includes(issue.code))
    return [{ path, message: `is missing: ${wanted(issue)}` }];
  const shown = typeof given === 'object' || given === undefined ? '' : `, not ${shortly(given)}`;
  return [{ path, message: `must be ${wanted(issue)}${shown}` }];
}

/** What stands there: a whole file may, where one word belongs. */
function shortly(given: unknown): string {
  if (typeof given === 'function') return 'a function';
  if (typeof given === 'bigint') return `${given}n`;
  if (typeof given !== 'string') return String(given);
  return JSON.stringify(given.length > 60 ? `${given.slice(0, 60)}…` : given);
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path)
    at =
      typeof at === 'object' && at !== null
        ? (at as Readonly<Record<string, unknown>>)[part]
        : undefined;
  return at;
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a group of fields',
  record: 'a group of fields',
  array: 'a list',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function wanted(issue: z.core.$ZodIssue): string {
  // A schema's own words.
  if (!issue.code.startsWith('too_') && !issue.message.startsWith('Invalid '))
    return issue.message.replace(/^must be /, '');
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map(String).join(' or ');
    case 'too_small':
      return issue.origin === 'string'
        ? 'a text that is not blank'
        : `at least ${String(issue.minimum)}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `at most ${String(issue.maximum)} characters`
        : `at most ${String(issue.maximum)}`;
    case 'invalid_type':
      return kinds[issue.expected] ?? issue.expected;
    case 'invalid_format':
      return issue.format === 'url'
        ? 'a URL, for example http://127.0.0.1:8080'
        : 'written another way';
    default:
      return 'something else';
  }
}

/** The names of the fields of an object inside a schema, for "did you mean". */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let at: z.ZodType | undefined = schema;
  for (const part of path) at = shapeOf(at)?.[part];
  const found = innermost(at);
  if (found instanceof z.ZodRecord && found.keyType instanceof z.ZodEnum)
    return found.keyType.options.map(String);
  return Object.keys(shapeOf(at) ?? {});
}

function shapeOf(schema: z.ZodType | undefined): Readonly<Record<string, z.ZodType>> | undefined {
  const at = innermost(schema);
  return at instanceof z.ZodObject ? (at.shape as Record<string, z.ZodType>) : undefined;
}

function innermost(schema: z.ZodType | undefined): z.ZodType | undefined {
  let at = schema;
  while (
    at instanceof z.ZodOptional ||
    at instanceof z.ZodDefault ||
    at instanceof z.ZodNullable ||
    at instanceof z.ZodPipe
  )
    at = (at instanceof z.ZodPipe ? at.in : at.unwrap()) as z.ZodType;
  return at;
}
