/**
 * The machine's SQL, read where it lies: `sql/` of the repository, or the copy that a package
 * carries beside its sources. psql runs the same files: `baseline.sql` and `repeatable.sql` name
 * them in order.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

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

const FOLDERS = ['../../sql/', '../../../../sql/'].map((path) => new URL(path, import.meta.url));
const FOLDER = FOLDERS.find((folder) => existsSync(folder)) ?? new URL('sql/', import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, FOLDER), 'utf8');
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
  return readdirSync(new URL('migrations/', FOLDER))
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
