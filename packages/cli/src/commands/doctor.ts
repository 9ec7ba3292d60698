/** `doctor`: what is wrong with the database, the runners and the queue, and what helps. */
import { UserError, count, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import { command, flag, type Act } from '../program/command.ts';
import { explain } from '../errors/explain.ts';
import type { Check } from '../operate/migrate.ts';
import { open } from './open-database.ts';

/** These are asked of the program and not of the database. */
const SCHEMA = 'schema';
const SECRETS = 'secrets';

export function checks(program: Command, act: Act): void {
  command(
    program,
    'doctor',
    'What is wrong with the database, the runners, the queue and the secrets of connections, ' +
      'and what helps. ' +
      'Exit code 1 where something is bad. A check that is named looks at everything, ' +
      'however long that takes; all of them together answer at once, ' +
      'and say where they counted up to a bound.',
    [
      'postrider doctor',
      'postrider doctor --bad',
      'postrider doctor history "lost mailpieces" --json',
    ],
  )
    .argument(
      '[check...]',
      'only these: the names in the first column (of all beats together: beats)',
    )
    .option('--bad', 'only what is not well')
    .action(
      act(async (cli, named, options) => {
        await using database = await open(cli);
        const { checkSchema } = await import('../operate/migrate.ts');
        const schema = await checkSchema(database.sql);
        const others = named.filter((name) => name !== SCHEMA && name !== SECRETS);
        const isAsked = (name: string): boolean => named.length === 0 || named.includes(name);
        // What is asked of functions that are not there yet has no other answer.
        const rows = schema.verdict === 'bad' || isAsked(SCHEMA) ? [schema] : [];
        if (schema.verdict !== 'bad' && (named.length === 0 || others.length > 0))
          rows.push(
            ...(await database.sql<Check[]>`
              select check_name as "check", verdict, message, what_helps
              from postrider.doctor(variadic p_only => ${others}::text[])`.catch(
              (error: unknown) => {
                const { code, message, hint } = explain(error);
                throw code === 'PR020'
                  ? new UserError(
                      exitCodes.usage,
                      message,
                      `${hint ?? ''}, ${SCHEMA}, ${SECRETS}`,
                      error,
                    )
                  : error;
              },
            )),
          );
        if (schema.verdict !== 'bad' && isAsked(SECRETS)) {
          const { checkSecrets } = await import('../accounts/check-secrets.ts');
          rows.push(await checkSecrets(database.sql, await cli.project()));
        }
        const shown = flag(options['bad']) ? rows.filter((row) => row.verdict !== 'ok') : rows;
        cli.out.list(
          shown,
          [
            {
              title: '',
              value: (row) => row.verdict,
              style: (row) => ({ ok: 'green', warn: 'yellow', bad: 'red' } as const)[row.verdict],
            },
            { title: 'check', value: (row) => row.check, style: () => 'bold' },
            {
              title: 'what',
              value: (row) => row.message + (row.what_helps === null ? '' : ` → ${row.what_helps}`),
            },
          ],
          { nothing: 'all is well' },
        );
        const bad = rows.filter((row) => row.verdict === 'bad').length;
        if (bad > 0)
          throw new UserError(
            exitCodes.failed,
            `${count(bad, 'check')} bad`,
            'what helps stands beside each',
          );
      }),
    );
}
