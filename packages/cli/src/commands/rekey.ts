/**
 * `rekey`: households get the keys of today's rules. It shows whom that joins and parts, and asks.
 */
import type { Command } from 'commander';
import { command, flag, text, type Act } from '../program/command.ts';
import { open } from './open-database.ts';

export function rekeying(program: Command, act: Act): void {
  command(
    program,
    'rekey',
    'Gives the households of an organization the keys of today’s rules, after an upgrade ' +
      'that changes them. Shows first whom it joins and parts, and asks. ' +
      'It moves nobody, and nobody changes the arm of an experiment.',
    ['postrider rekey --dry-run', 'postrider rekey --organization "Flour & Field Bakery" --yes'],
  )
    .option('--organization <name>', 'by name or id; needed only where there are several')
    .option('--dry-run', 'only show it')
    .option('--yes', 'do not ask')
    .action(
      act(async (cli, _args, options) => {
        await using database = await open(cli);
        const { ensureOrganization } = await import('../operate/names.ts');
        const { rekeyHouseholds } = await import('../operate/rekey.ts');
        await rekeyHouseholds(
          cli,
          database.sql,
          await ensureOrganization(database.sql, text(options['organization'])),
          { dryRun: flag(options['dryRun']), yes: flag(options['yes']) },
        );
      }),
    );
}
