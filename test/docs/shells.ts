/**
 * Two ways to run a documented statement as it stands: the driver, and the real psql where the
 * machine has one.
 */
import { spawn, spawnSync } from 'node:child_process';
import { connect } from '../support/server.ts';
import type { Answer } from './documented.ts';

export interface Shell {
  readonly name: 'driver' | 'psql';
  /** @param variables what psql's \set would hold; a statement uses them as :'name'. */
  run(url: string, statement: string, variables: Readonly<Record<string, string>>): Promise<Answer>;
}

/** The server refused. The texts are as psql shows them. */
export class Refused extends Error {
  readonly shown: string;
  constructor(shown: string) {
    super(shown);
    this.shown = shown;
  }
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** As psql does it. An unset variable stays as it is, and the server refuses it. */
function interpolated(statement: string, variables: Readonly<Record<string, string>>): string {
  return statement.replaceAll(/:'(\w+)'/g, (whole, name: string) =>
    variables[name] === undefined ? whole : quoted(variables[name]),
  );
}

export const driver: Shell = {
  name: 'driver',
  async run(url, statement, variables) {
    const sql = connect(url, { fetch_types: false });
    try {
      const result = await sql
        .unsafe<Record<string, Uint8Array | null>[]>(interpolated(statement, variables))
        .raw();
      const rows = [...result].map((row) =>
        (row as readonly (Uint8Array | null)[]).map((cell) =>
          cell === null ? '' : Buffer.from(cell).toString(),
        ),
      );
      return { columns: result.columns.map((column) => column.name), rows };
    } catch (error) {
      if (!(error instanceof Error) || !('severity_local' in error)) throw error;
      const told = error as Error & { detail?: string; hint?: string };
      throw new Refused(
        [
          `ERROR:  ${told.message}`,
          told.detail && `DETAIL:  ${told.detail}`,
          told.hint && `HINT:  ${told.hint}`,
        ]
          .filter(Boolean)
          .join('\n'),
      );
    } finally {
      await sql.end({ timeout: 2 });
    }
  },
};

const COLUMN = '\u001f';
const ROW = '\u001e';

export const psql: Shell = {
  name: 'psql',
  async run(url, statement, variables) {
    const { hostname, port, username, password, pathname } = new URL(url);
    const sets = Object.entries(variables).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
    const child = spawn(
      'psql',
      [
        '-X',
        '-q',
        '-A',
        '-F',
        COLUMN,
        '-R',
        ROW,
        '-P',
        'footer=off',
        '-v',
        'ON_ERROR_STOP=1',
        ...sets,
        '-f',
        '-',
      ],
      {
        env: {
          ...process.env,
          PGHOST: hostname,
          PGPORT: port,
          PGUSER: decodeURIComponent(username),
          PGPASSWORD: decodeURIComponent(password),
          PGDATABASE: decodeURIComponent(pathname.slice(1)),
          PGCONNECT_TIMEOUT: '20',
          PGCLIENTENCODING: 'UTF8',
        },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.stdin.end(statement);
    const code = await new Promise<number | null>((resolve, reject) =>
      child.once('error', reject).once('close', resolve),
    );
    if (code !== 0) throw new Refused(err.trim().replace(/^psql:<stdin>:\d+: /, ''));
    const [head = '', ...rows] = out.replace(/[\n\u001e]+$/, '').split(ROW);
    return { columns: head.split(COLUMN), rows: rows.map((row) => row.split(COLUMN)) };
  },
};

/** Null: there is no psql on this machine. */
export function psqlFound(): string | null {
  const asked = spawnSync('psql', ['--version'], { encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout.trim() : null;
}
