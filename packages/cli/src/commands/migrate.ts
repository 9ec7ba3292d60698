/** `migrate`: brings the database to this version. */
import type { Command } from 'commander';
import { command, flag, type Act } from '../program/command.ts';

export function migrating(program: Command, act: Act): void {
  command(
    program,
    'migrate',
    'Brings the database to this version. Safe from several processes at once, ' +
      'and cheap where there is nothing to do. It changes nothing but the schemas postrider ' +
      'and postrider_queue, and needs no superuser.',
    [
      'postrider migrate',
      'postrider migrate --dry-run > migration.sql   # what it would do, for psql',
    ],
  )
    .option('--dry-run', 'print the SQL and change nothing')
    .action(
      act(async (cli, _args, options) => {
        const { migrateDatabase } = await import('../operate/migrate.ts');
        await migrateDatabase(cli, flag(options['dryRun']));
      }),
    );
}
