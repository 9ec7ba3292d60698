/**
 * Reads a YAML or JSON file by a schema. All problems are told at once, each with file, line, field
 * and what is allowed.
 */
import { readFile } from 'node:fs/promises';
import { faultsOf, type Path } from '@postrider/core/ports/schema-words';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { messageOf } from '../process/user-error.ts';

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
  constructor(
    file: string,
    problems: readonly Problem[],
    hint = 'nothing was changed',
    cause?: unknown,
  ) {
    super(
      problems.map((problem) => describe(file, problem)).join('\n'),
      cause === undefined ? {} : { cause },
    );
    this.file = file;
    this.problems = problems;
    this.hint = hint;
  }
}

function describe(file: string, { line, column, field, message }: Problem): string {
  const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
  return field === '' ? `${place}: ${message}` : `${place}: ${field}: ${message}`;
}

export interface ConfigFile<Value> {
  readonly value: Value;
  /** A problem at a field, with its line: for what is found later, for example by an adapter. */
  problem(path: Path, message: string): Problem;
}

/**
 * A file that could be read, whether or not its fields can be used: others may look at it too, so
 * that all problems are told at once.
 */
export interface ConfigDraft<Value> extends ConfigFile<Value | null> {
  /** As it stands in the file. */
  readonly raw: unknown;
  readonly problems: readonly Problem[];
}

/** Throws `ConfigurationError`. A missing file is `missing`, where that is given. */
export async function readConfigFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  missing?: z.input<Schema>,
): Promise<ConfigFile<z.infer<Schema>>> {
  return usable(file, await readDraft(file, schema, missing));
}

export function parseConfig<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
): ConfigFile<z.infer<Schema>> {
  return usable(file, parseDraft(file, text, schema));
}

function usable<Value>(
  file: string,
  { value, problems, problem }: ConfigDraft<Value>,
): ConfigFile<Value> {
  if (value === null) throw new ConfigurationError(file, problems);
  return { value, problem };
}

/** Throws `ConfigurationError` where there is nothing to look at: no such file, broken YAML. */
export async function readDraft<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  missing?: z.input<Schema>,
): Promise<ConfigDraft<z.infer<Schema>>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && missing !== undefined) {
      const problem = (path: Path, message: string): Problem => ({
        line: null,
        column: null,
        field: path.join('.'),
        message,
      });
      return { raw: missing, value: schema.parse(missing), problems: [], problem };
    }
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'is a directory'
          : `cannot be read (${code ?? String(error)})`;
    throw new ConfigurationError(
      file,
      [{ line: null, column: null, field: '', message: why }],
      'nothing was changed',
      error,
    );
  }
  return parseDraft(file, text, schema);
}

/** JSON is YAML, so one parser reads both. */
function parseDraft<Schema extends z.ZodType>(
  file: string,
  text: string,
  schema: Schema,
): ConfigDraft<z.infer<Schema>> {
  const lines = new LineCounter();
  const { document, raw } = readYaml(file, text, lines);
  const problem = (path: Path, message: string): Problem => ({
    ...placeOf(document, lines, path),
    field: path.join('.'),
    message,
  });
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { raw, value: parsed.data, problems: [], problem };
  const problems = faultsOf(parsed.error, { schema, value: raw }).map(({ path, message }) =>
    problem(path, message),
  );
  return { raw, value: null, problems: inOrder(problems), problem };
}

/** Throws `ConfigurationError`. */
function readYaml(
  file: string,
  text: string,
  lines: LineCounter,
): { readonly document: Document; readonly raw: unknown } {
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
    });
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { line, column: col, field: '', message: plain(error.message) };
    });
    if (problems.length > 0) throw new ConfigurationError(file, problems.slice(0, 5));
    const raw: unknown = document.toJS() ?? {};
    if (!isFlat(raw)) throw new Error(TOO_DEEP);
    return { document, raw };
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    // An alias of nothing or of too much, or more levels than the stack has.
    const message = plain(messageOf(error));
    const problem = { line: null, column: null, field: '', message };
    throw new ConfigurationError(file, [problem], undefined, error);
  }
}

const TOO_DEEP = 'is nested too deeply';

/** An alias of itself has no end, and what looks at a value level by level would not end either. */
function isFlat(value: unknown, levels = 30): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isFlat(inner, levels - 1));
}

/** As they stand in the file. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** Of the field itself, or of the nearest group around it that is there. */
function placeOf(
  document: Document,
  lines: LineCounter,
  path: Path,
): { line: number | null; column: number | null } {
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
  const parent: unknown =
    path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const items: unknown =
    typeof parent === 'object' && parent !== null && 'items' in parent ? parent.items : [];
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
  if (message.startsWith('Maximum call stack')) return TOO_DEEP;
  return message.replace(/ at line \d+, column \d+:?[\s\S]*$/, '').replace(/\.?$/, '');
}
