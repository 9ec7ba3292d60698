/** `stuck`: who does not move although they should, each with what helps. */
import { count } from '@postrider/runner/process';
import type { Command } from 'commander';
import { command, wholeNumber, number, type Act } from '../program/command.ts';
import type { Fields } from '../output/table.ts';
import { relative } from '../output/text.ts';
import { asCommand } from '../output/as-command.ts';
import { campaignOf, open } from './open-database.ts';

export function stuckPeople(program: Command, act: Act): void {
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
