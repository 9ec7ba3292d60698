/**
 * `status`: the funnel. Reads what the trigger counted, and never looks at a person: it answers at
 * once, however many there are.
 */
import { states } from '@postrider/core/states';
import type { Sql } from '@postrider/runner/database';
import { count, printable } from '@postrider/runner/process';
import type { Command } from 'commander';
import type { Cli } from '../program/cli.ts';
import { command, decimal, flag, number, type Act } from '../program/command.ts';
import type { Column } from '../output/table.ts';
import { relative } from '../output/text.ts';
import { asArgument } from '../output/as-command.ts';
import { open } from './open-database.ts';

export function status(program: Command, act: Act): void {
  command(
    program,
    'status',
    'The funnel: how many people of each campaign are where. The counts always add up.',
    ['postrider status', 'postrider status --watch', 'postrider status --json | jq .received'],
  )
    .option('--watch', 'again and again until Ctrl-C')
    .option('--every <seconds>', 'with --watch; 2 unless told', decimal(0.2, 3600))
    .action(
      act(async (cli, _args, options) => {
        await using database = await open(cli);
        if (flag(options['watch']))
          await watch(cli, database.sql, (number(options['every']) ?? 2) * 1000);
        else await show(cli, database.sql);
      }),
    );
}

type Funnel = Readonly<Record<string, string | number>>;

async function funnel(sql: Sql): Promise<Funnel[]> {
  const rows = await sql`select * from postrider.funnel order by organization, campaign`;
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        ['recipients', ...states].includes(name) ? Number(value) : String(value),
      ]),
    ),
  );
}

async function show(cli: Cli, sql: Sql): Promise<void> {
  const rows = await funnel(sql);
  const { outlookLine, outlookOf } = await import('../operate/spending-and-pace.ts');
  const outlooks = await outlookOf(sql);
  if (cli.out.json) {
    const byId = new Map(outlooks.map((one) => [one.campaign_id, one]));
    for (const row of rows) {
      const outlook = byId.get(String(row['campaign_id']));
      cli.out.emit({ ...row, spending: outlook?.spending ?? null, pace: outlook?.pace ?? null });
    }
    return;
  }
  cli.out.list(rows, columnsFor(rows), {
    nothing: 'no campaign yet; apply one: postrider campaign apply <file>',
  });
  if (rows.length === 0) return;
  const lines = outlooks.map(outlookLine).filter((line) => line !== null);
  if (lines.length > 0) cli.out.note(`\n${lines.join('\n')}`);
  const tests = rows.filter((row) => row['mode'] === 'test' && row['status'] !== 'pending');
  if (tests.length > 0)
    cli.out.note(
      `\ntest: nothing was printed for ${tests.map((row) => row['campaign']).join(', ')}. ` +
        `${tests.length === 1 ? 'It goes' : 'They go'} live with: ` +
        tests.map((row) => launchLive(row, rows)).join('; '),
    );
  for (const { campaign, people, until } of await heldBack(sql))
    cli.out.note(
      `\n${printable(campaign)}: ${count(people, 'card is', 'cards are')} held back, the last ` +
        `${relative(until)}; until then they are called back for nothing: postrider cancel ` +
        `--campaign ${printable(campaign)}`,
    );
  const holds = await sql<
    {
      kind: string;
      name: string;
      since: Date | null;
      why: string | null;
      by_role: string | null;
      application: string | null;
    }[]
  >`
    select kind, name, since, why, by_role, application
    from postrider.holds
    order by since nulls first, name`;
  for (const { kind, name, since, why, by_role: role, application } of holds) {
    const by = role === null ? '' : ` by ${role}${application === null ? '' : `, ${application}`}`;
    cli.out.note(
      `\n${kind} ${name} is held${by}${since === null ? '' : `, ${relative(since)}`}` +
        (why === null ? '' : `: ${printable(why)}`),
    );
  }
  const [trouble] = await sql<{ stuck: number; overdue: number; alarms: number }[]>`
    select
      coalesce(sum(s.people) filter (where not s.is_overdue), 0)::int as stuck,
      coalesce(sum(s.people) filter (where s.is_overdue), 0)::int as overdue,
      (select count(*) from postrider.alarms)::int as alarms
    from (
      select x.people, coalesce(x.reason = 'overdue', false) as is_overdue
      from postrider.stuck x
      left join postrider.campaigns c
        on c.organization_id = x.organization_id
        and c.name = x.campaign
      -- People who wait for a launch or a release wait on purpose.
      where not (
        x.state in ('pending', 'proofed')
        and (c.status = 'paused' or c.status = 'pending' and x.state = 'proofed')
      )
    ) s`;
  if (trouble === undefined) return;
  if (trouble.stuck > 0)
    cli.out.note(
      `\n${count(trouble.stuck, 'person does', 'people do')} not move although they should: ` +
        'postrider stuck',
    );
  if (trouble.overdue > 0)
    cli.out.note(`\n${count(trouble.overdue, 'card is', 'cards are')} overdue: postrider stuck`);
  if (trouble.alarms > 0)
    cli.out.note(`\n${count(trouble.alarms, 'alarm is', 'alarms are')} open: postrider alarms`);
}

/** A name that several organizations use is told with its organization. */
function launchLive({ campaign, organization }: Funnel, rows: readonly Funnel[]): string {
  const isShared = rows.filter((row) => row['campaign'] === campaign).length > 1;
  const name = isShared ? `${organization}/${campaign}` : String(campaign);
  return `postrider campaign launch ${asArgument(name)} --live`;
}

interface HeldBack {
  readonly campaign: string;
  readonly people: number;
  readonly until: Date;
}

/** Cards that wait for the end of their hold-back window, of campaigns that have one. */
async function heldBack(sql: Sql): Promise<readonly HeldBack[]> {
  return await sql<HeldBack[]>`
    select campaign, people::int as people, last_until as until
    from postrider.held_back
    order by campaign`;
}

/**
 * Only states in which somebody is: all fifteen do not fit on a screen. With --json they are all
 * there.
 */
function columnsFor(rows: readonly Funnel[]): Column<Funnel>[] {
  const several = new Set(rows.map((row) => row['organization'])).size > 1;
  const text = (title: string): Column<Funnel> => ({ title, value: (row) => row[title] });
  const shown = states.filter((state) => rows.some((row) => Number(row[state]) > 0));
  return [
    ...(several ? [text('organization')] : []),
    { ...text('campaign'), style: () => 'bold' },
    text('status'),
    // In a test nothing is printed: its people have received no card.
    text('mode'),
    { title: 'people', value: (row) => row['recipients'], right: true },
    ...shown.map((state): Column<Funnel> => ({
      title: state,
      value: (row) => row[state],
      right: true,
      ...(state === 'error' ? { style: () => 'red' } : {}),
    })),
  ];
}

async function watch(cli: Cli, sql: Sql, everyMs: number): Promise<void> {
  const { renderTable } = await import('../output/table.ts');
  const { LiveLines } = await import('../output/live-lines.ts');
  const live = new LiveLines(process.stdout);
  const { signal } = cli.signals;
  cli.signals.catch(() => undefined);
  while (!signal.aborted) {
    const rows = await funnel(sql);
    if (cli.out.json)
      for (const row of rows) cli.out.emit({ at: new Date().toISOString(), ...row });
    else if (process.stdout.isTTY) {
      const table = renderTable(rows, columnsFor(rows), {
        width: null,
        paint: (style, text) => cli.out.paint(style, text),
      });
      live.draw([
        ...table.split('\n'),
        '',
        cli.out.paint(
          'dim',
          `${new Date().toLocaleTimeString()}, every ${everyMs / 1000} s; Ctrl-C ends`,
        ),
      ]);
    } else cli.out.list(rows, columnsFor(rows));
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, everyMs);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  process.exitCode = 130;
}
