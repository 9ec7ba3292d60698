/**
 * What the command line says. Data go to stdout and everything else to stderr, so that any command
 * can be piped; colour and redrawing only where a terminal is listening. Standard output of a
 * command with --json is JSON and nothing else: one object, or one a line for lists. So is what it
 * says on stderr, one object a line.
 */
import { styleText } from 'node:util';
import { renderRecords, renderTable, type Column, type Fields, type Style } from './table.ts';

type Stream = NodeJS.WriteStream;

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** False with --no-color. */
  readonly color: boolean;
}

export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly #color: { readonly out: boolean; readonly err: boolean };

  constructor(options: OutputOptions, env: NodeJS.ProcessEnv = process.env) {
    this.json = options.json;
    this.quiet = options.quiet;
    this.verbose = options.verbose;
    this.#color = {
      out: options.color && colorful(process.stdout, env),
      err: options.color && colorful(process.stderr, env),
    };
  }

  /** Whether somebody watches: only then is anything redrawn. */
  get live(): boolean {
    return process.stderr.isTTY && !this.quiet && process.env['TERM'] !== 'dumb';
  }

  /** For text that goes to stdout. */
  paint(style: Style, text: string): string {
    return this.#color.out ? styleText(style, text, { validateStream: false }) : text;
  }

  /** For text that goes to stderr. */
  tint(style: Style, text: string): string {
    return this.#color.err ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Data, for people. */
  print(text = ''): void {
    process.stdout.write(`${text}\n`);
  }

  /** Data, for programs: one line. */
  emit(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value, bigintAsText)}\n`);
  }

  /**
   * A list: NDJSON with --json, a table otherwise; `nothing` is said to people where it is empty.
   */
  list<Row>(
    rows: readonly Row[],
    columns: readonly Column<Row>[],
    options: { json?: (row: Row) => unknown; nothing?: string } = {},
  ): void {
    if (this.json) {
      for (const row of rows) this.emit(options.json === undefined ? row : options.json(row));
      return;
    }
    if (rows.length === 0) {
      if (options.nothing !== undefined) this.note(options.nothing);
      return;
    }
    this.print(
      renderTable(rows, columns, {
        width: terminalWidth(process.stdout),
        paint: (style, text) => this.paint(style, text),
      }),
    );
  }

  /** A list of a few wide things, one below the other. */
  records(records: readonly Fields[]): void {
    this.print(
      renderRecords(records, {
        width: terminalWidth(process.stdout),
        paint: (style, text) => this.paint(style, text),
      }),
    );
  }

  /** What a command did: an object with --json, a sentence otherwise. */
  result(value: object, sentence: string): void {
    if (this.json) this.emit(value);
    else this.print(sentence);
  }

  note(text: string): void {
    if (!this.quiet) this.#say('note', text, text);
  }

  detail(text: string): void {
    if (this.verbose) this.#say('note', text, this.tint('dim', text));
  }

  warn(text: string): void {
    this.#say('warning', text, `${this.tint('yellow', 'warning:')} ${text}`);
  }

  /**
   * Beside the data. A program that reads stderr for an error finds nothing else than JSON there.
   */
  #say(kind: 'note' | 'warning', text: string, shown: string): void {
    process.stderr.write(`${this.json ? JSON.stringify({ [kind]: text.trim() }) : shown}\n`);
  }
}

function colorful(stream: Stream, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '')
    return env['FORCE_COLOR'] !== '0';
  return stream.isTTY && env['TERM'] !== 'dumb';
}

/** Null where nobody reads on a screen: nothing is wrapped or cut then. */
function terminalWidth(stream: Stream): number | null {
  return stream.isTTY ? stream.columns : null;
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/**
 * `| head` closes the pipe: a quiet end, not a crash. `told` says that stdout cannot be written;
 * what is lost on stderr is lost.
 */
export function endOnLostOutput(told: (error: NodeJS.ErrnoException) => number): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 0 : told(error)),
  );
  process.stderr.on('error', () => undefined);
}
