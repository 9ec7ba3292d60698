/**
 * Opens psql. The address goes by the environment and never by the command line, which everybody on
 * the machine can read.
 */
import { spawn } from 'node:child_process';
import { findDatabase } from '@postrider/runner/database';
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';

export async function openPsql(cli: Cli, args: readonly string[]): Promise<void> {
  const { url } = await findDatabase(cli, false);
  // Ctrl-C belongs to psql: it cancels a statement there.
  cli.signals.catch(() => undefined);
  const child = spawn('psql', [...args], {
    stdio: 'inherit',
    env: { ...process.env, ...libpqEnvironment(url) },
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') reject(error);
      else
        reject(
          new UserError(
            exitCodes.unavailable,
            'psql is not installed',
            'it comes with PostgreSQL’s client package (postgresql-client, ' +
              'libpq); `postrider sql "…"` asks one question without it',
          ),
        );
    });
    child.once('close', (status, signal) =>
      resolve(status ?? (signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.failed)),
    );
  });
  process.exitCode = code;
}

/**
 * What a URL says, in the variables that libpq reads. Throws `UserError` for a text that is no URL.
 */
export function libpqEnvironment(url: string): Record<string, string> {
  if (!URL.canParse(url))
    throw new UserError(
      exitCodes.configuration,
      'DATABASE_URL is not the address of a database',
      'it looks like postgres://user:password@host:5432/name',
    );
  const parsed = new URL(url);
  const query = parsed.searchParams;
  const given: Record<string, string | null> = {
    PGHOST: query.get('host') ?? decodeURIComponent(parsed.hostname).replace(/^\[(.*)\]$/, '$1'),
    PGPORT: query.get('port') ?? parsed.port,
    PGUSER: query.get('user') ?? decodeURIComponent(parsed.username),
    PGPASSWORD: query.get('password') ?? decodeURIComponent(parsed.password),
    PGDATABASE: query.get('dbname') ?? decodeURIComponent(parsed.pathname.slice(1)),
    PGSSLMODE: query.get('sslmode'),
    PGSSLROOTCERT: query.get('sslrootcert'),
    PGSSLCERT: query.get('sslcert'),
    PGSSLKEY: query.get('sslkey'),
    PGOPTIONS: query.get('options'),
    PGTARGETSESSIONATTRS: query.get('target_session_attrs'),
    PGCHANNELBINDING: query.get('channel_binding'),
    PGAPPNAME: 'postrider psql',
  };
  return Object.fromEntries(
    Object.entries(given).filter(
      (pair): pair is [string, string] => pair[1] !== null && pair[1] !== '',
    ),
  );
}
