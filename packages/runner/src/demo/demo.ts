/**
 * The demonstration: the main job on real input, from a list of customers to cards in letterboxes.
 *
 * It does by itself what an operator does command by command (examples/bakery/README.md), and
 * nothing else: the same functions of core and of the machine. Stopped at any point, by Ctrl-C or
 * kill -9, it goes on when it is started again.
 */
import { dirname, join } from 'node:path';
import {
  armPrinter,
  hold,
  launch,
  migrate,
  release,
  type Pipeline,
  type SyncReport,
} from '@postrider/core';
import type { Cli } from '../cli/cli.ts';
import { openDatabase, type OpenDatabase, type Sql } from '../cli/database.ts';
import { CliError } from '../cli/errors.ts';
import { exitCodes } from '../cli/exit-codes.ts';
import { count, printable } from '../cli/text.ts';
import { readCampaignFile, type CampaignFile } from '../config/campaign-file.ts';
import { exampleCampaign, type Project } from '../config/project.ts';
import { startHttp } from '../http/server.ts';
import { applyTo } from '../operate/apply.ts';
import { readSuppressions, suppressAll } from '../operate/suppressions.ts';
import { whenFree } from '../operate/sync.ts';
import { makePipeline, poolSize, quietLogger } from '../run/pipeline.ts';
import { beginAnew, requireKnownPrints } from './fresh.ts';
import { untilReceived, type Followed } from './follow.ts';
import {
  isListRead,
  readExamples,
  readFunnel,
  readReasons,
  type Funnel,
  type Place,
} from './funnel.ts';
import { openShop, type OpenShop } from '../print-shop/process.ts';
import { Progress } from './progress.ts';
import { countCards, resultOf, showSummary } from './summary.ts';

export interface DemoOptions {
  /** Null: the whole list; undefined: its first 300, and whoever is under way already. */
  readonly rows: number | null | undefined;
  readonly daysPerSecond: number | null;
  readonly fresh: boolean;
  readonly yes: boolean;
}

const FIRST_ROWS = 300;
/** A card takes six days. */
const DAYS_PER_SECOND = 4;
/**
 * Short, so that a demonstration that was killed goes on within half a minute; longer than the 10 s
 * that the shop may take to answer.
 */
const LEASE_SECONDS = 15;
// Shorter, so that a batch of a run that was cut off is looked after before we give up.
const ADAPTER_TIMEOUT_MS = 60_000;
/**
 * Between two demonstrations the campaign is on hold for this reason: a runner that is started for
 * something else would mail the rest of its list.
 */
const REST = 'the demonstration has ended; the next one goes on';

export async function demo(cli: Cli, options: DemoOptions): Promise<void> {
  const began = performance.now();
  const project = await cli.project();
  const progress = new Progress(cli);
  progress.title(
    'A bakery writes to its customers',
    'Ctrl-C stops at any time: the same command goes on, and no card is printed twice.',
  );
  const file = await readCampaignFile(exampleCampaign);
  progress.doing('database', 'starting');
  await using database = await openDatabase(cli, {
    create: true,
    max: poolSize(project.settings),
    name: 'postrider demo',
  });
  describeDatabase(progress, database, performance.now() - began);
  if (options.fresh)
    await beginAnew(
      cli,
      project,
      database.sql,
      { organization: file.organization, name: file.definition.name },
      options.yes,
    );
  // Starting a process takes as long as all that the database needs meanwhile.
  const opening = openShop(cli, project, database.sql, options.daysPerSecond ?? DAYS_PER_SECOND);
  opening.catch(() => undefined);
  let shop: OpenShop | null = null;
  try {
    const place = await prepare(progress, project, database.sql, file, options.rows);
    const cardsBefore = await countCards(project.printsDirectory);
    shop = await opening;
    const { report, funnel } = await mail(cli, {
      project,
      sql: database.sql,
      place,
      shop,
      progress,
      file,
      rows: options.rows === undefined ? FIRST_ROWS : options.rows,
    });
    progress.end();
    const result = await resultOf(
      project,
      report,
      funnel,
      cardsBefore,
      (performance.now() - began) / 1000,
    );
    if (cli.out.json) cli.out.emit(result);
    else {
      const reasons = await readReasons(database.sql, place);
      const goOn = !(await isListRead(database.sql, place));
      await showSummary(cli, result, {
        reasons,
        examples: await readExamples(database.sql, place),
        goOn,
      });
    }
    if ((funnel.counts['error'] ?? 0) > 0)
      throw new CliError(
        exitCodes.failed,
        `${count(funnel.counts['error'] ?? 0, 'person is', 'people are')} in error`,
        'postrider stuck says why, and what helps',
      );
  } finally {
    progress.end();
    // It may still be starting, where something before it went wrong.
    await (shop ?? (await opening.catch(() => null)))?.stop();
  }
}

function describeDatabase(progress: Progress, { server, source }: OpenDatabase, ms: number): void {
  progress.done(
    'database',
    server === null
      ? `yours, by ${source}`
      : `embedded PostgreSQL on port ${server.port}${server.started ? '' : ', running already'}`,
    ms,
  );
}

/**
 * Everything but the mailing itself. Each step may have been done before, and is then left as it
 * is.
 */
async function prepare(
  progress: Progress,
  project: Project,
  sql: Sql,
  file: CampaignFile,
  rows: DemoOptions['rows'],
): Promise<Place> {
  const began = performance.now();
  progress.doing('schema', 'looking');
  const plan = await migrate(sql);
  const changed = plan.migrations.length > 0 || plan.repeatables;
  progress.done(
    'schema',
    changed ? `${count(plan.migrations.length, 'migration')}, functions and views` : 'up to date',
    changed ? performance.now() - began : null,
  );

  await requireKnownPrints(project, sql);
  const { organizationId, campaignId } = await applyTo(sql, file);
  const suppressions = await readSuppressions(join(dirname(exampleCampaign), 'suppressions.csv'));
  await suppressAll(sql, organizationId, suppressions.entries, 'suppressions.csv');
  await armPrinter(sql, organizationId, file.definition.printer_name);
  const underWay = await wake(sql, { organizationId, campaignId }, file, rows);
  progress.done(
    'campaign',
    `${file.definition.name} of ${file.organization}: live, printer armed, ${count(suppressions.entries.length, 'suppression')}`,
  );
  if (underWay > 0)
    progress.done(
      'under way',
      `${count(underWay, 'person', 'people')} of an earlier start, who are mailed too`,
    );
  return { organizationId, campaignId };
}

/**
 * Makes the campaign active; who else has put it on hold wants it to stay so. Returns how many are
 * under way.
 */
async function wake(
  sql: Sql,
  place: Place,
  file: CampaignFile,
  rows: DemoOptions['rows'],
): Promise<number> {
  const { recipients, inFlight, status } = await readFunnel(sql, place);
  const { organizationId, campaignId } = place;
  const [held] = await sql<{ kind: string; name: string; why: string | null }[]>`
    select kind, name, why from postrider.holds where organization_id = ${organizationId} and why is distinct from ${REST}
      and (kind = 'organization' or campaign_id = ${campaignId} or printer = ${file.definition.printer_name}) order by kind`;
  if (held !== undefined) {
    throw new CliError(
      exitCodes.failed,
      `${held.kind} ${held.name} is held${held.why === null ? '' : `: ${printable(held.why)}`}`,
      `postrider release ${held.kind} ${JSON.stringify(held.name)} lets it go on; nothing was read, and nothing was mailed`,
    );
  }
  if (typeof rows === 'number' && recipients > rows && inFlight > 0) {
    throw new CliError(
      exitCodes.failed,
      `more than ${count(rows, 'row')} of the list are read already, and ${count(inFlight, 'person waits', 'people wait')} for a card`,
      '`postrider demo` without --rows mails them; nothing was mailed',
    );
  }
  if (status === 'paused') await release(sql, organizationId, 'campaign', campaignId);
  // Held before its launch it is pending again.
  await launch(sql, organizationId, campaignId, 'live');
  return inFlight;
}

interface Mailing extends Followed {
  readonly project: Project;
  readonly file: CampaignFile;
  readonly rows: number | null;
}

async function mail(cli: Cli, mailing: Mailing): Promise<{ report: SyncReport; funnel: Funnel }> {
  const { project, sql, place, shop, progress, file, rows } = mailing;
  const logger = quietLogger(cli.out);
  // Without beats: the quarter-hourly sync would read the whole list, whatever number of rows was
  // asked for.
  project.makeDataDirectory();
  const leaseMs = (project.settings.leaseSeconds ?? LEASE_SECONDS) * 1000;
  const settings = { beats: false, leaseMs, reapMs: 2000, adapterTimeoutMs: ADAPTER_TIMEOUT_MS };
  const pipeline = makePipeline(project, sql, logger, { settings });
  const http = await startHttp({
    host: '127.0.0.1',
    port: 0,
    sql,
    pipeline,
    logger,
    isReady: () => true,
  });
  const stop = async (): Promise<void> => void (await pipeline.stop({ timeoutMs: 15_000 }));
  cli.signals.catch((name) => {
    progress.end();
    cli.out.note(
      `\nStopping: nothing new begins, and cards at the printer are seen to their end. ${name === 'SIGINT' ? 'Ctrl-C again' : 'A second signal'} ends at once.`,
    );
    void stop();
  });
  try {
    await shop.redirect(
      place.organizationId,
      `${http.url}/webhooks/${place.organizationId}/${file.definition.printer_name}`,
    );
    progress.done('print shop', `prints into ${project.printsDirectory}`);
    await pipeline.start();
    const report = await readList(cli, pipeline, place, progress, rows);
    const lookedUp = await pipeline.enrich(place.organizationId, place.campaignId);
    if (lookedUp > 0)
      progress.done(
        'addresses',
        `${count(lookedUp, 'person', 'people')} known by e-mail only looked up`,
      );
    const funnel = await untilReceived(cli, pipeline, mailing);
    return { report, funnel };
  } catch (error) {
    throw cli.signals.signal.aborted ? await interrupted(sql, place) : error;
  } finally {
    await stop();
    await http.close();
    await rest(sql, place).catch((error: unknown) => cli.out.detail(String(error)));
  }
}

/** Nothing more is mailed until somebody asks. A hold by somebody else stays theirs. */
async function rest(sql: Sql, place: Place): Promise<void> {
  const { status } = await readFunnel(sql, place);
  if (status === 'active')
    await hold(sql, place.organizationId, 'campaign', place.campaignId, REST);
}

async function interrupted(sql: Sql, place: Place): Promise<CliError> {
  const { inFlight } = await readFunnel(sql, place);
  return new CliError(
    exitCodes.interrupted,
    `stopped with ${count(inFlight, 'person', 'people')} under way`,
    'Nothing is lost: the same command goes on.',
  );
}

async function readList(
  cli: Cli,
  pipeline: Pipeline,
  place: Place,
  progress: Progress,
  rows: number | null,
): Promise<SyncReport> {
  progress.doing('list', 'reading');
  // A demonstration that was killed while it read holds the campaign's lock for up to 30 s.
  const report = await whenFree(
    cli,
    true,
    async () =>
      await pipeline.sync(place.organizationId, place.campaignId, {
        kind: 'manual',
        limit: rows,
        onPage: (fetched) => progress.doing('list', `${count(fetched, 'row')} read`),
      }),
  );
  const away = Object.values(report.turnedAway).reduce((sum, people) => sum + people, 0);
  const parts = [
    `${count(report.created, 'new recipient')}`,
    ...(away > 0 ? [`${away} of them turned away`] : []),
    ...(report.unchanged > 0 ? [`${report.unchanged.toLocaleString('en-US')} known`] : []),
    `${report.invalid} unusable`,
    `${report.repeated} repeated`,
  ];
  progress.done('list', `${count(report.fetched, 'row')}: ${parts.join(', ')}`, report.durationMs);
  return report;
}
