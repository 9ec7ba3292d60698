/** `sync` and `enrich`: what the beats do, now, with a report. */
import { requireMigrated, type SyncReport } from '@postrider/core';
import { openDatabase, type Sql } from '@postrider/runner/database';
import { quietLogger } from '@postrider/runner/pipeline';
import { count, duration, printable } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { explain } from '../errors/explain.ts';
import { LiveLines } from '../output/live-lines.ts';
import { listed } from '../output/text.ts';
import { campaignNamed, type CampaignRow } from './names.ts';
import { commandPipeline } from './pipeline.ts';

export interface SyncNowOptions {
  readonly limit: number | null;
  readonly wait: boolean;
  readonly force: boolean;
  readonly allowDepartures: boolean;
}

const ASK_AGAIN_MS = 1000;
const SHOWN_REJECTS = 20;
const SHOWN_NOTES_OF_REASON = 5;

export async function syncNow(cli: Cli, name: string, options: SyncNowOptions): Promise<void> {
  await using database = await openDatabase(cli, { max: 4, name: 'postrider sync' });
  const { sql } = database;
  await requireMigrated(sql);
  const campaign = await campaignNamed(sql, name);
  const pipeline = commandPipeline(await cli.project(), sql, quietLogger(cli.out));
  const live = cli.out.live && !cli.out.json ? new LiveLines() : null;
  const kind = options.force ? 'forced' : 'manual';
  const report = await whenLockIsFree(
    cli,
    options.wait,
    async () =>
      await pipeline.sync(campaign.organizationId, campaign.campaignId, {
        kind,
        limit: options.limit,
        allowDepartures: options.allowDepartures,
        onPage: (fetched) => live?.draw([`${campaign.name}: ${count(fetched, 'row')} read`]),
      }),
  ).finally(() => live?.clear());
  const rejects = await rowsOf(sql, 'sync_rejects', campaign, report);
  const notes = await rowsOf(sql, 'sync_notes', campaign, report);
  if (cli.out.json) cli.out.emit({ ...report, rejects, notes });
  else showReport(cli, report, rejects, notes);
  if (report.error !== null) cli.out.warn(report.error);
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
  rejects: readonly ToldRow[],
  notes: readonly ToldRow[],
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
    ['changed', report.changed, ''],
    ['unchanged', report.unchanged, ''],
    ['repeated', report.repeated, ''],
    ['conflicting', report.conflicting, 'another person has the id already'],
    ['unusable', report.invalid, ''],
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
        ['created', 'unchanged'].includes(title) ||
        (title === 'left segment' && !report.complete),
    ),
    [
      { title: 'rows', value: ([title]) => title },
      { title: '', value: ([, n]) => n, right: true },
      { title: '', value: ([, , more]) => more },
    ],
  );
  if (Object.keys(report.turnedAway).length > 0)
    out.print(`\nturned away: ${listed(report.turnedAway)}`);
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
      `taken, with something changed or left out: ${listed(report.noted, report.notedColumns)}`,
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

export async function enrichNow(cli: Cli, name: string): Promise<void> {
  await using database = await openDatabase(cli, { max: 4, name: 'postrider enrich' });
  const { sql } = database;
  await requireMigrated(sql);
  const campaign = await campaignNamed(sql, name);
  const before = await waiting(sql, campaign);
  const logger = {
    ...quietLogger(cli.out),
    warn: (fields: object, message: string) => warned(cli, fields, message),
  };
  const pipeline = commandPipeline(await cli.project(), sql, logger);
  const taken = await pipeline.enrich(campaign.organizationId, campaign.campaignId);
  const after = await waiting(sql, campaign);
  const notFound = after.notFound - before.notFound;
  const found =
    before.enrichable + before.enriching - after.enrichable - after.enriching - notFound;
  cli.out.result(
    {
      campaign: campaign.name,
      taken,
      found,
      notFound,
      atEnricher: after.enriching,
      waiting: after.enrichable,
      held: after.held,
    },
    `${campaign.name}: ${lookedUp(campaign, { taken, found, notFound }, after)}`,
  );
}

/** What an enricher warns of, with its rows where it tells some. */
function warned({ out }: Cli, fields: object, message: string): void {
  const { path, rows } = fields as { readonly path?: unknown; readonly rows?: unknown };
  out.warn(`${typeof path === 'string' ? `${path}: ` : ''}${message}`);
  if (Array.isArray(rows)) for (const row of rows) out.note(String(row));
}

function lookedUp(
  campaign: CampaignRow,
  { taken, found, notFound }: Record<'taken' | 'found' | 'notFound', number>,
  { enrichable, enriching, held }: Waiting,
): string {
  const parts = [
    found + notFound > 0
      ? `${count(found, 'address', 'addresses')} found, ${notFound} not found`
      : '',
    enriching > 0 ? `${count(enriching, 'person', 'people')} not answered for yet` : '',
    enrichable > 0 && held !== null
      ? `${count(enrichable, 'person waits', 'people wait')} for an address, ` +
        `and nobody is looked up while the ${held} is held: ` +
        `postrider release ${held} ` +
        JSON.stringify(held === 'campaign' ? campaign.name : campaign.organization)
      : enrichable > 0
        ? `${count(enrichable, 'person waits', 'people wait')} for the next time`
        : '',
  ].filter((part) => part !== '');
  return parts.length > 0
    ? parts.join('; ')
    : taken > 0
      ? `${count(taken, 'person', 'people')} looked up`
      : 'nobody waits for an address';
}

interface Waiting {
  readonly enrichable: number;
  readonly enriching: number;
  readonly notFound: number;
  /** What keeps them, if anything. */
  readonly held: 'organization' | 'campaign' | null;
}

async function waiting(sql: Sql, { organizationId, campaignId }: CampaignRow): Promise<Waiting> {
  const [row] = await sql<Waiting[]>`
    select
      address_enrichable::int as enrichable,
      address_enriching::int as enriching,
      (
        select count(*)::int
        from postrider.recipients r
        where r.organization_id = f.organization_id
          and r.campaign_id = f.campaign_id
          and r.state = 'skipped'
          and r.reason = 'no_address'
      ) as "notFound",
      (
        select min(h.kind)
        from postrider.holds h
        where h.organization_id = f.organization_id
          and (
            h.kind = 'organization'
            or h.kind = 'campaign' and h.campaign_id = f.campaign_id
          )
      ) as held
    from postrider.funnel f
    where organization_id = ${organizationId}
      and campaign_id = ${campaignId}`;
  return row ?? { enrichable: 0, enriching: 0, notFound: 0, held: null };
}
