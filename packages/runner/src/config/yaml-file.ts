/** Reads a YAML or JSON file by a schema. Whatever is wrong is told with file, line, field and what is allowed; all problems at once. */
import { readFile } from 'node:fs/promises';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { didYouMean } from '../cli/text.ts';

export interface Problem {
  /** Counted from 1; null where it is the file as a whole. */
  readonly line: number | null;
  readonly column: number | null;
  /** `holdout.percent`; blank where it is the file as a whole. */
  readonly field: string;
  readonly message: string;
}

/** A file of configuration cannot be used. Nothing was changed. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly file: string;
  readonly problems: readonly Problem[];
  readonly hint: string;
  constructor(file: string, problems: readonly Problem[], hint = 'nothing was changed', cause?: unknown) {
    super(problems.map((problem) => describe(file, problem)).join('\n'), cause === undefined ? {} : { cause });
    this.file = file;
    this.problems = problems;
    this.hint = hint;
  }
}

function describe(file: string, { line, column, field, message }: Problem): string {
  const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
  return field === '' ? `${place}: ${message}` : `${place}: ${field}: ${message}`;
}

export type Path = readonly (string | number)[];

export interface ConfigFile<Value> {
  readonly value: Value;
  /** A problem at a field, with its line: for what is found later, for example by an adapter. */
  problem(path: Path, message: string): Problem;
}

/** Throws `ConfigurationError`. A missing file is `missing`, where that is given. */
export async function readConfigFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  missing?: z.input<Schema>,
): Promise<ConfigFile<z.infer<Schema>>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && missing !== undefined)
      return { value: schema.parse(missing), problem: (path, message) => ({ line: null, column: null, field: path.join('.'), message }) };
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'is a directory' : `cannot be read (${code ?? String(error)})`;
    throw new ConfigurationError(file, [{ line: null, column: null, field: '', message: why }], 'nothing was changed', error);
  }
  return parseConfig(file, text, schema);
}

/** JSON is YAML, so one parser reads both. */
export function parseConfig<Schema extends z.ZodType>(file: string, text: string, schema: Schema): ConfigFile<z.infer<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { line, column: col, field: '', message: plain(error.message) };
    });
    throw new ConfigurationError(file, problems.slice(0, 5));
  }
  const problem = (path: Path, message: string): Problem => ({ ...placeOf(document, lines, path), field: path.join('.'), message });
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => explain(issue, schema, document, problem));
    throw new ConfigurationError(
      file,
      problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)),
    );
  }
  return { value: parsed.data, problem };
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType, document: Document, problem: ConfigFile<unknown>['problem']): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => {
      const guess = didYouMean(key, known);
      return problem([...path, key], `there is no such field; ${guess ?? `the fields here are ${known.join(', ')}`}`);
    });
  }
  if (issue.code === 'custom' && issue.params?.['sentence'] === true) return [problem(path, issue.message)];
  const given: unknown = document.getIn(path);
  if (given === undefined && issue.code === 'invalid_type') return [problem(path, `is missing: ${wanted(issue)}`)];
  const shown = typeof given === 'object' || given === undefined ? '' : `, not ${JSON.stringify(given).slice(0, 60)}`;
  return [problem(path, `must be ${wanted(issue)}${shown}`)];
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a group of fields',
  array: 'a list',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map(String).join(' or ');
    case 'too_small':
      return issue.origin === 'string' ? 'a text that is not blank' : `at least ${String(issue.minimum)}`;
    case 'too_big':
      return issue.origin === 'string' ? `at most ${String(issue.maximum)} characters` : `at most ${String(issue.maximum)}`;
    case 'invalid_type':
      return issue.message.startsWith('Invalid input') ? (kinds[issue.expected] ?? issue.expected) : issue.message;
    default:
      return issue.message;
  }
}

/** The names of the fields of an object inside a schema, for "did you mean". */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let at: z.ZodType | undefined = schema;
  for (const part of path) at = shapeOf(at)?.[part];
  return Object.keys(shapeOf(at) ?? {});
}

function shapeOf(schema: z.ZodType | undefined): Readonly<Record<string, z.ZodType>> | undefined {
  let at = schema;
  while (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodNullable || at instanceof z.ZodPipe)
    at = (at instanceof z.ZodPipe ? at.in : at.unwrap()) as z.ZodType;
  return at instanceof z.ZodObject ? (at.shape as Record<string, z.ZodType>) : undefined;
}

/** Of the field itself, or of the nearest group around it that is there. */
function placeOf(document: Document, lines: LineCounter, path: Path): { line: number | null; column: number | null } {
  for (let length = path.length; length >= 0; length -= 1) {
    const key = length === 0 ? document.contents : keyNode(document, path.slice(0, length));
    if (isNode(key) && Array.isArray(key.range)) {
      const { line, col } = lines.linePos(key.range[0]);
      return { line, column: col };
    }
  }
  return { line: null, column: null };
}

function keyNode(document: Document, path: Path): unknown {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const items: unknown = typeof parent === 'object' && parent !== null && 'items' in parent ? parent.items : [];
  if (!Array.isArray(items)) return undefined;
  const last = path.at(-1);
  if (typeof last === 'number') return items[last];
  for (const item of items as unknown[]) {
    if (typeof item !== 'object' || item === null || !('key' in item)) continue;
    const { key } = item;
    if (isNode(key) && String(key) === last) return key;
  }
  return undefined;
}

/** The parser's messages end with where it was; we say that ourselves. */
function plain(message: string): string {
  return message.replace(/ at line \d+, column \d+:?[\s\S]*$/, '').replace(/\.?$/, '');
}
