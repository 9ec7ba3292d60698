/** `sql`: one statement, read-only unless told. `psql`: the real thing. */
import type { Command } from 'commander';
import { command, flag, number, wholeNumber, type Act } from '../program/command.ts';

export function statements(program: Command, act: Act): void {
  command(
    program,
    'sql',
    'Runs one statement, in a read-only transaction and with a time limit unless told ' +
      'otherwise. The views postrider.funnel, stuck, queue, recipients, ' +
      'mailpieces and sync_runs are there for it, and the functions trace, why and doctor.',
    [
      'postrider sql "select * from postrider.stuck"',
      'postrider sql "select state, reason, count(*) from postrider.recipients group by 1, ' +
        '2" --csv',
      'postrider sql - < question.sql',
      `postrider sql --write "select postrider.hold('…', 'campaign', '…')"`,
    ],
  )
    .argument('<statement>', 'one statement; - reads it from stdin')
    .option('--write', 'let it change something')
    .option('--csv', 'CSV on stdout')
    .option('--timeout <seconds>', 'longest time; 30 unless told', wholeNumber(1, 86_400))
    .action(
      act(async (cli, [statement = ''], options) => {
        const { runStatement } = await import('../operate/statement.ts');
        await runStatement(cli, statement, {
          write: flag(options['write']),
          csv: flag(options['csv']),
          timeoutSeconds: number(options['timeout']),
        });
      }),
    );

  command(
    program,
    'psql',
    'Opens psql on the database. The address goes to it by the environment, ' +
      'so nobody sees the password in a list of processes.',
    ['postrider psql', 'postrider psql -- -c "\\dv postrider.*"'],
  )
    .argument('[args...]', 'for psql, after --')
    .action(
      act(async (cli, args) => {
        const { openPsql } = await import('../operate/psql.ts');
        await openPsql(cli, args);
      }),
    );
}
