/**
 * What happened, and why: trace and why of a person, interventions of operators. One statement in
 * the database each.
 */
import type { Sql } from '@postrider/runner/database';
import { exitCodes, printable, UserError } from '@postrider/runner/process';
import type { Command } from 'commander';
import type { Cli } from '../program/cli.ts';
import { command, number, text, wholeNumber, type Act, type Options } from '../program/command.ts';
import { clock, zone } from '../output/text.ts';
import { asCommand } from '../output/as-command.ts';
import { campaignOf, open } from './open-database.ts';

const who = 'an e-mail, customer id, reference on the card, or the id of a recipient or mailpiece';

const whose = 'whose customer it is, where an id is used by several';

export function histories(program: Command, act: Act): void {
  tracing(program, act);
  explaining(program, act);
  listingInterventions(program, act);
}

function tracing(program: Command, act: Act): void {
  command(
    program,
    'trace',
    'The whole story of one person: everything that ever happened, in order.',
    ['postrider trace ada@example.com', 'postrider trace FF-10007 --json | jq -r .what'],
  )
    .argument('<who>', who)
    .option('--organization <name>', whose)
    .action(
      act(async (cli, [given = ''], options) => {
        const rows = await about(
          cli,
          given,
          options,
          async (sql, only) =>
            await sql<TraceRow[]>`
              select *
              from postrider.trace(p_who => ${given}, p_organization_id => ${only})`,
        );
        const organizations = new Set(rows.map((row) => row.organization));
        const campaigns = new Set(rows.map((row) => row.campaign));
        const people = new Set(rows.map((row) => row.recipient_id));
        cli.out.list(rows, [
          { title: `when (${zone})`, value: (row) => clock(row.at), style: () => 'dim' },
          ...(organizations.size > 1
            ? [{ title: 'organization', value: (row: TraceRow) => row.organization }]
            : []),
          ...(campaigns.size > 1
            ? [{ title: 'campaign', value: (row: TraceRow) => row.campaign }]
            : []),
          ...(people.size > campaigns.size
            ? [{ title: 'recipient', value: (row: TraceRow) => row.recipient_id }]
            : []),
          {
            title: 'what',
            value: (row) => row.what,
            style: (row) => (row.move_no === null ? null : 'bold'),
          },
          {
            title: 'by',
            value: (row) =>
              row.move_no === null && row.by_role !== null ? row.by_role : row.actor,
          },
          { title: 'detail', value: (row) => row.detail },
        ]);
      }),
    );
}

function explaining(program: Command, act: Act): void {
  command(program, 'why', 'One sentence: where somebody is, why, what comes next and when.', [
    'postrider why ada@example.com',
  ])
    .argument('<who>', who)
    .option('--organization <name>', whose)
    .action(
      act(async (cli, [given = ''], options) => {
        const rows = await about(
          cli,
          given,
          options,
          async (sql, only) =>
            await sql<{ why: string }[]>`
              select *
              from postrider.why(p_who => ${given}, p_organization_id => ${only}) as why`,
        );
        for (const row of rows)
          cli.out.result(row, printable(asCommand(row.why, '<campaign>').replace(/ +/g, ' ')));
      }),
    );
}

function listingInterventions(program: Command, act: Act): void {
  command(
    program,
    'interventions',
    'What was done by hand (applied, launched, held, released, ended, armed, ' +
      'suppressed, cancelled, tried again, resolved, erased …), by whom, when and why: ' +
      'the last first.',
    ['postrider interventions', 'postrider interventions --campaign bakery-welcome --json'],
  )
    .option('--campaign <name>', 'only of this campaign and its people')
    .option('--limit <n>', 'at most so many; 50 unless told', wholeNumber(1))
    .action(
      act(async (cli, _args, options) => {
        await using database = await open(cli);
        const campaign = await campaignOf(database.sql, options);
        const rows = await database.sql<InterventionRow[]>`
          select
            i.at, i.action, i.kind, i.campaign, i.printer, i.recipient_id, i.why,
            i.by_role, i.application, o.name as organization
          from postrider.interventions i
          join postrider.organizations o on o.id = i.organization_id
          where ${campaign?.campaignId ?? null}::uuid is null
            or i.campaign_id = ${campaign?.campaignId ?? null}
            and i.organization_id = ${campaign?.organizationId ?? null}
          order by i.at desc, i.id desc
          limit ${number(options['limit']) ?? 50}`;
        cli.out.list(
          rows,
          [
            { title: `when (${zone})`, value: (row) => clock(row.at), style: () => 'dim' },
            { title: 'what', value: (row) => `${row.action} ${row.kind}`, style: () => 'bold' },
            {
              title: 'which',
              value: (row) =>
                [row.campaign, row.printer, row.recipient_id]
                  .filter((name) => name !== null)
                  .join(' ') || row.organization,
            },
            { title: 'by', value: (row) => row.by_role },
            { title: 'with', value: (row) => row.application },
            { title: 'why', value: (row) => row.why },
          ],
          { nothing: 'nobody has intervened' },
        );
      }),
    );
}

/**
 * What the database tells of somebody. Throws where nobody is known by that, with what is known.
 */
async function about<Row>(
  cli: Cli,
  given: string,
  options: Options,
  ask: (sql: Sql, organizationId: string | null) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  if (given.trim() === '')
    throw new UserError(exitCodes.usage, 'it is not said whom to look for', `give ${who}`);
  await using database = await open(cli);
  const names = await import('../operate/names.ts');
  const only = await names.organizationIdOf(database.sql, text(options['organization']));
  // Of an id of nobody the database tells more than nothing, and that is an error here.
  await names.recipientsNamed(database.sql, given, { organizationId: only });
  return await ask(database.sql, only);
}

interface TraceRow {
  readonly at: Date;
  readonly organization: string;
  readonly campaign: string;
  readonly recipient_id: string;
  readonly move_no: number | null;
  readonly what: string;
  readonly detail: string | null;
  readonly actor: string | null;
  readonly by_role: string | null;
}

interface InterventionRow {
  readonly at: Date;
  readonly action: string;
  readonly kind: string;
  readonly organization: string;
  readonly campaign: string | null;
  readonly printer: string | null;
  readonly recipient_id: string | null;
  readonly why: string | null;
  readonly by_role: string;
  readonly application: string | null;
}
