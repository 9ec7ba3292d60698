/**
 * Opens psql. The address goes by the environment and never by the command line, which everybody on
 * the machine can read.
 */
import { spawn } from 'node:child_process';
import { findDatabase } from '@postrider/runner/database';
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';

export async function openPsql(cli: Cli, args: readonly string[]): Promise<void> {
  const { address } = await findDatabase(cli, false);
  const { libpqEnvironment } = await import('@postrider/core/database-address');
  // Ctrl-C belongs to psql: it cancels a statement there.
  cli.signals.catch(() => undefined);
  const child = spawn('psql', [...args], {
    stdio: 'inherit',
    env: { ...libpqEnvironment(address, process.env), PGAPPNAME: 'postrider psql' },
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
