/**
 * What an operator must look at, each one statement in the database: stuck, queue, alarms, doctor.
 */
import { UserError, count, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import { command, flag, wholeNumber, number, type Act } from '../program/command.ts';
import { explain } from '../errors/explain.ts';
import type { Check } from '../operate/migrate.ts';
import type { Fields } from '../output/table.ts';
import { relative } from '../output/text.ts';
import { alarms } from './alarms.ts';
import { asCommand } from './as-command.ts';
import { campaignOf, open } from './open.ts';

/** The one check that is asked of the program and not of the database. */
const SCHEMA = 'schema';

export function lookUps(program: Command, act: Act): void {
  command(
    program,
    'stuck',
    'Who does not move although they should: why, since when, and what helps. Nobody is good news.',
    ['postrider stuck', 'postrider stuck --campaign bakery-welcome --json'],
  )
    .option('--campaign <name>', 'only of this campaign')
    .option('--limit <n>', 'at most so many; 50 unless told', wholeNumber(1))
    .action(
      act(async (cli, _args, options) => {
        await using database = await open(cli);
        const campaign = await campaignOf(database.sql, options);
        const limit = number(options['limit']) ?? 50;
        const rows = await database.sql<StuckRow[]>`
          select
            campaign, recipient_id, people::int, state, since, reason, why, what_helps,
            cohort_id, job, mailpiece_id, mode
          from postrider.stuck
          where ${campaign?.name ?? null}::text is null
            or campaign = ${campaign?.name ?? null}
            and organization_id = ${campaign?.organizationId ?? null}
          order by people desc, since
          limit ${limit + 1}`;
        if (cli.out.json) {
          for (const row of rows.slice(0, limit)) cli.out.emit(row);
          return;
        }
        if (rows.length === 0) cli.out.note('nobody is stuck');
        else cli.out.records(rows.slice(0, limit).map(stuckFields));
        if (rows.length > limit) cli.out.note(`\nThere are more; --limit shows them.`);
      }),
    );

  command(
    program,
    'queue',
    'The cohorts on their way, with the job that carries each until it begins.',
    ['postrider queue'],
  ).action(
    act(async (cli) => {
      await using database = await open(cli);
      const rows = await database.sql<QueueRow[]>`
        select
          cohort_id, stage, campaign, people, made_at, begun_at, lease_until, runner, job, meaning
        from postrider.queue
        order by made_at, cohort_id`;
      cli.out.list(
        rows,
        [
          { title: 'stage', value: (row) => row.stage },
          { title: 'campaign', value: (row) => row.campaign, style: () => 'bold' },
          { title: 'people', value: (row) => row.people, right: true },
          { title: 'made', value: (row) => relative(row.made_at) },
          { title: 'runner', value: (row) => row.runner },
          {
            title: 'lease',
            value: (row) => (row.begun_at === null ? '' : relative(row.lease_until)),
          },
          { title: 'job', value: (row) => row.job },
          { title: 'meaning', value: (row) => row.meaning },
        ],
        { nothing: 'no cohort is on its way' },
      );
    }),
  );

  alarms(program, act);

  command(
    program,
    'doctor',
    'What is wrong with the database, the runners and the queue, and what helps. ' +
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
        const others = named.filter((name) => name !== SCHEMA);
        const isSchemaAsked = named.length === 0 || others.length < named.length;
        // What is asked of functions that are not there yet has no other answer.
        const rows = schema.verdict === 'bad' || isSchemaAsked ? [schema] : [];
        if (schema.verdict !== 'bad' && (named.length === 0 || others.length > 0))
          rows.push(
            ...(await database.sql<Check[]>`
              select check_name as "check", verdict, message, what_helps
              from postrider.doctor(variadic p_only => ${others}::text[])`.catch(
              (error: unknown) => {
                const { code, message, hint } = explain(error);
                throw code === 'PR020'
                  ? new UserError(exitCodes.usage, message, `${hint ?? ''}, ${SCHEMA}`, error)
                  : error;
              },
            )),
          );
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

interface StuckRow {
  readonly campaign: string;
  readonly recipient_id: string | null;
  readonly people: number;
  readonly state: string;
  readonly since: Date;
  readonly reason: string | null;
  readonly why: string;
  readonly what_helps: string;
  readonly mode: string;
}

interface QueueRow {
  readonly cohort_id: string;
  readonly stage: string;
  readonly campaign: string;
  readonly people: number;
  readonly made_at: Date;
  readonly begun_at: Date | null;
  readonly lease_until: Date;
  readonly runner: string | null;
  readonly job: string | null;
  readonly meaning: string;
}

function stuckFields(row: StuckRow): Fields {
  const whom =
    row.people === 1 && row.recipient_id !== null
      ? `recipient ${row.recipient_id}`
      : count(row.people, 'person', 'people');
  const test = row.mode === 'test' ? ' (test: nothing is printed)' : '';
  return [
    ['', `${row.campaign}${test}: ${whom} ${row.state}, ${relative(row.since)}`],
    ['why', row.why],
    ['helps', asCommand(row.what_helps, row.campaign)],
  ];
}
