/** `queue`: the cohorts on their way, with their jobs. */
import type { Command } from 'commander';
import { command, type Act } from '../program/command.ts';
import { relative } from '../output/text.ts';
import { open } from './open-database.ts';

export function queuedCohorts(program: Command, act: Act): void {
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
          cohort_id, stage, campaign, mode, people, made_at, begun_at, lease_until, runner, job,
          meaning
        from postrider.queue
        order by made_at, cohort_id`;
      cli.out.list(
        rows,
        [
          { title: 'stage', value: (row) => row.stage },
          { title: 'campaign', value: (row) => row.campaign, style: () => 'bold' },
          { title: 'mode', value: (row) => row.mode },
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
}

interface QueueRow {
  readonly cohort_id: string;
  readonly stage: string;
  readonly campaign: string;
  readonly mode: string;
  readonly people: number;
  readonly made_at: Date;
  readonly begun_at: Date | null;
  readonly lease_until: Date;
  readonly runner: string | null;
  readonly job: string | null;
  readonly meaning: string;
}
