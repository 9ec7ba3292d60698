/** `reconcile`: printers are asked about cards of which nobody knows the outcome, now. */
import type { Command } from 'commander';
import { command, text, time, type Act } from '../program/command.ts';

export function reconciling(program: Command, act: Act): void {
  command(
    program,
    'reconcile',
    'Asks printers about cards of which nobody knows whether they were printed. ' +
      'After a restore from a backup, --since asks about everything since then: ' +
      'do that before mailing resumes.',
    [
      'postrider reconcile',
      'postrider reconcile --since 2026-11-24T03:00:00Z   # the time of the backup',
    ],
  )
    .option('--since <time>', 'the time of the backup that was restored', time)
    .option('--organization <name>', 'only of this one, by name or id')
    .action(
      act(async (cli, _args, options) => {
        const { reconcileNow } = await import('../operate/reconcile.ts');
        const since = options['since'];
        await reconcileNow(
          cli,
          since instanceof Date ? since : null,
          text(options['organization']),
        );
      }),
    );
}
