/** `sync`: what the beat does, now, with a report. */
import { requireMigrated, type AmendedRow, type SyncKind, type SyncReport } from '@postrider/core';
import { openDatabase, type Sql } from '@postrider/runner/database';
import { quietLogger } from '@postrider/runner/pipeline';
import { UserError, count, duration, exitCodes, printable } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { explain } from '../errors/explain.ts';
import { LiveLines } from '../output/live-lines.ts';
import { listed } from '../output/text.ts';
import { howToSuppress } from './kept-out.ts';
import { campaignNamed, type CampaignRow } from './names.ts';
import { commandPipeline } from './pipeline.ts';
import { SHOWN_AMENDED, showAmended } from './sync-amend.ts';

export interface SyncNowOptions {
  readonly limit: number | null;
  readonly wait: boolean;
  readonly force: boolean;
  readonly allowDepartures: boolean;
  /** Take the amended rows of a one-off's list. */
  readonly amend: boolean;
  /** With amend: change nobody. */
  readonly dryRun: boolean;
}

const ASK_AGAIN_MS = 1000;
const SHOWN_REJECTS = 20;
const SHOWN_NOTES_OF_REASON = 5;

export async function syncNow(cli: Cli, name: string, options: SyncNowOptions): Promise<void> {
  const kind = kindOf(options);
  await using database = await openDatabase(cli, { max: 4, name: 'postrider sync' });
  const { sql } = database;
  await requireMigrated(sql);
  const campaign = await campaignNamed(sql, name);
  const pipeline = commandPipeline(await cli.project(), sql, quietLogger(cli.out));
  const live = cli.out.live && !cli.out.json ? new LiveLines() : null;
  const amended: AmendedRow[] = [];
  const report = await whenLockIsFree(
    cli,
    options.wait,
    async () =>
      await pipeline.sync(campaign.organizationId, campaign.campaignId, {
        kind,
        limit: options.limit,
        allowDepartures: options.allowDepartures,
        told: SHOWN_AMENDED,
        onAmended: (people) => amended.push(...people),
        onPage: (fetched) => live?.draw([`${campaign.name}: ${count(fetched, 'row')} read`]),
      }),
  ).finally(() => live?.clear());
  const rejects = await rowsOf(sql, 'sync_rejects', campaign, report);
  const notes = await rowsOf(sql, 'sync_notes', campaign, report);
  if (cli.out.json)
    cli.out.emit({
      ...report,
      ...(options.amend && { dryRun: options.dryRun, amended }),
      rejects,
      notes,
    });
  else {
    showReport(cli, report, { rejects, notes, amends: options.amend });
    if (options.amend) showAmended(cli.out, report, amended, options.dryRun);
  }
  if (report.error !== null) cli.out.warn(report.error);
}

function kindOf(options: SyncNowOptions): SyncKind {
  if (options.dryRun && !options.amend)
    throw new UserError(
      exitCodes.usage,
      '--dry-run goes with --amend',
      'a sync may be repeated, and `campaign apply` shows a list before; nothing was changed',
    );
  if (options.amend && (options.force || options.allowDepartures))
    throw new UserError(
      exitCodes.usage,
      '--amend goes without --force and --allow-departures',
      'nobody leaves by an amendment; nothing was changed',
    );
  if (options.amend) return options.dryRun ? 'amend_preview' : 'amend';
  return options.force ? 'forced' : 'manual';
}

/** Waits where somebody else syncs the same campaign, if that was asked for. */
export async function whenLockIsFree<T>(
  cli: Cli,
  wait: boolean,
  work: () => Promise<T>,
): Promise<T> {
  for (let said = false; ; said = true) {
    try {
      return await work();
    } catch (error) {
      const { code, message } = explain(error);
      if (code !== 'PR011' || !wait || cli.signals.signal.aborted) throw error;
      if (!said)
        cli.out.note(`waiting: ${message}; if that process is gone, its lock ends within 30 s`);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
}

/** A row that could not be used, or one of which something was changed or left out. */
export interface ToldRow {
  readonly row: number | null;
  readonly column: string | null;
  readonly externalId: string | null;
  readonly reason: string;
  readonly message: string;
}

async function rowsOf(
  sql: Sql,
  view: 'sync_rejects' | 'sync_notes',
  campaign: CampaignRow,
  report: SyncReport,
): Promise<ToldRow[]> {
  const rows = await sql<ToldRow[]>`
    select
      source_row::float8 as row, source_column as column, external_id as "externalId",
      reason, message
    from ${sql(`postrider.${view}`)}
    where organization_id = ${campaign.organizationId}
      and run_id = ${report.runId}
    order by source_row nulls last, message`;
  return [...rows];
}

function showReport(
  cli: Cli,
  report: SyncReport,
  {
    rejects,
    notes,
    amends,
  }: {
    readonly rejects: readonly ToldRow[];
    readonly notes: readonly ToldRow[];
    readonly amends: boolean;
  },
): void {
  const { out } = cli;
  const waited =
    report.waitedMs === 0 ? '' : `, ${duration(report.waitedMs)} of it waiting for rate limits`;
  out.print(
    `${out.paint('bold', report.campaign)}: ${count(report.fetched, 'row')} in ` +
      `${duration(report.durationMs)} (${count(report.pages, 'page')}${waited})`,
  );
  out.print();
  const lines: [string, number, string][] = [
    ['created', report.created, listed(report.createdByState)],
    [amends ? 'amended' : 'changed', report.changed, ''],
    ['unchanged', report.unchanged, ''],
    ['repeated', report.repeated, ''],
    ['conflicting', report.conflicting, 'another person has the id already'],
    ['unusable', report.invalid, ''],
    ['not added', report.notAdded, 'the campaign has read its list'],
    ['too late', report.tooLate, 'no card that could be amended'],
    [
      'left segment',
      report.leftSegment,
      report.complete
        ? ''
        : `not concluded${report.error === null ? ': not every page was read' : ''}`,
    ],
  ];
  out.list(
    lines.filter(
      ([title, n]) =>
        n > 0 ||
        (amends ? ['amended', 'unchanged'] : ['created', 'unchanged']).includes(title) ||
        (title === 'left segment' && !report.complete && !amends),
    ),
    [
      { title: 'rows', value: ([title]) => title },
      { title: '', value: ([, n]) => n, right: true },
      { title: '', value: ([, , more]) => more },
    ],
  );
  if (Object.keys(report.turnedAway).length > 0)
    out.print(`\nturned away: ${listed(report.turnedAway)}`);
  if ((report.turnedAway['do_not_mail'] ?? 0) > 0)
    out.print(`not to be mailed, as the list says: ${howToSuppress(null)}`);
  if (rejects.length > 0)
    listRows(cli, report, {
      view: 'sync_rejects',
      shown: rejects.slice(0, SHOWN_REJECTS),
      all: rejects.length,
    });
  const noted = Object.values(report.noted).reduce((sum, rows) => sum + rows, 0);
  if (noted === 0) return;
  out.print();
  out.print(
    printable(
      `${amends ? 'told by row' : 'taken, with something changed or left out'}: ` +
        listed(report.noted, report.notedColumns),
    ),
  );
  const seen = new Map<string, number>();
  const shown = notes.filter(({ reason }) => {
    const before = seen.get(reason) ?? 0;
    seen.set(reason, before + 1);
    return before < SHOWN_NOTES_OF_REASON;
  });
  listRows(cli, report, { view: 'sync_notes', shown, all: noted });
}

function listRows(
  { out }: Cli,
  report: SyncReport,
  {
    view,
    shown,
    all,
  }: {
    readonly view: 'sync_rejects' | 'sync_notes';
    readonly shown: readonly ToldRow[];
    readonly all: number;
  },
): void {
  out.print();
  out.list(shown, [
    { title: 'row', value: (row) => (row.row === null ? '' : String(row.row)), right: true },
    { title: 'column', value: (row) => row.column },
    { title: 'reason', value: (row) => row.reason, style: () => 'yellow' },
    { title: 'what', value: (row) => row.message },
  ]);
  if (all > shown.length)
    out.note(
      `${all - shown.length} more: postrider sql "select * from ` +
        `postrider.${view} where run_id = '${report.runId}'"`,
    );
}
