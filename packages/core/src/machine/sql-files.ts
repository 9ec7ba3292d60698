/**
 * The machine's SQL, read where it lies: `sql/` of the repository, or the copy that a package
 * carries beside its sources (scripts/carry-sql.js). psql runs the same files: `baseline.sql` and
 * `repeatable.sql` name them in order.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../common/message-of.ts';
import { MigrationError } from './migration-error.ts';

export interface SqlFile {
  /** Its path below `sql/`: the name by which a database remembers it. */
  readonly name: string;
  readonly text: string;
}

export interface SqlFiles {
  readonly bootstrap: SqlFile;
  /** Applied once, in this order: the baseline, then the migrations. */
  readonly migrations: readonly SqlFile[];
  /** Made anew by every version: the machine's data, functions and views. */
  readonly repeatables: readonly SqlFile[];
}

// The repository first: what a pack that was broken off has left in the package is not read.
const FOLDERS = ['../../../../sql/', '../../sql/'].map((path) => new URL(path, import.meta.url));

let found: URL | undefined;

function folder(): URL {
  found ??= FOLDERS.find((one) => existsSync(new URL('bootstrap.sql', one)));
  if (found !== undefined) return found;
  const looked = FOLDERS.map((one) => fileURLToPath(one)).join(' and in ');
  throw incomplete(`the machine's SQL is missing: there is no bootstrap.sql in ${looked}`);
}

function incomplete(what: string, cause?: unknown): MigrationError {
  return new MigrationError(
    'incomplete',
    what,
    'the package @postrider/core carries it: install it again whole; nothing was changed',
    cause,
  );
}

function reading<Read>(path: string, work: (url: URL) => Read): Read {
  const url = new URL(path, folder());
  try {
    return work(url);
  } catch (error) {
    throw incomplete(`sql/${path} cannot be read: ${messageOf(error)}`, error);
  }
}

function read(path: string): string {
  return reading(path, (url) => readFileSync(url, 'utf8'));
}

function file(name: string): SqlFile {
  return { name, text: read(name) };
}

/** The files that one of `sql/` includes, in its order. */
function included(path: string): SqlFile[] {
  return [...read(path).matchAll(/^\\ir (\S+)$/gm)].map(([, name = '']) => file(name));
}

function baseline(): SqlFile {
  const texts = included('baseline.sql').map(({ text }) => text);
  return { name: 'baseline', text: texts.join('\n') };
}

function migrations(): SqlFile[] {
  return reading('migrations/', (url) => readdirSync(url))
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => file(`migrations/${name}`));
}

let files: SqlFiles | undefined;

/** Read once, when it is first asked for. */
export function sqlFiles(): SqlFiles {
  return (files ??= {
    bootstrap: file('bootstrap.sql'),
    migrations: [baseline(), ...migrations()],
    repeatables: included('repeatable.sql'),
  });
}
