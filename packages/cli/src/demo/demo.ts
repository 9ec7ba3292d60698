/**
 * The demonstration: the main job on real input, from a list of customers to cards in letterboxes.
 *
 * It does by itself what an operator does command by command (examples/bakery/README.md), and
 * nothing else: the same functions of core and of the machine. Stopped at any point, by Ctrl-C or
 * kill -9, it goes on when it is started again.
 */
import type { Pipeline, SyncReport } from '@postrider/core';
import { openDatabase, type OpenDatabase, type Sql } from '@postrider/runner/database';
import { startHttp } from '@postrider/runner/http';
import { poolSize, quietLogger } from '@postrider/runner/pipeline';
import { count, exitCodes, UserError } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import type { Cli } from '../program/cli.ts';
import { explain } from '../errors/explain.ts';
import { whenLockIsFree } from '../operate/sync.ts';
import { commandPipeline } from '../operate/pipeline.ts';
import { countCards } from './cards.ts';
import { untilReceived, type Followed } from './follow.ts';
import { startFresh } from './fresh-start.ts';
import {
  isListRead,
  readExamples,
  readFunnel,
  readReasons,
  type Funnel,
  type Place,
} from './funnel.ts';
import { holdMailing, launchMailing, prepare } from './prepare.ts';
import { demoPrinters, type DemoPrinter, type PrinterKind } from './printers.ts';
import { Progress } from './progress.ts';
import { resultOf, showSummary } from './summary.ts';

export interface DemoOptions {
  readonly printer: PrinterKind;
  /** Null: the whole list; undefined: its first 300, and the people who are under way already. */
  readonly rows: number | null | undefined;
  readonly daysPerSecond: number | null;
  readonly fresh: boolean;
  readonly yes: boolean;
}

const FIRST_ROWS = 300;
/**
 * Short, so that a demonstration that was killed goes on within half a minute; longer than the 10 s
 * that the shop may take to answer.
 */
const LEASE_SECONDS = 15;
// Shorter, so that a batch of a run that was cut off is looked after before we give up.
const ADAPTER_TIMEOUT_MS = 60_000;

export async function demo(cli: Cli, options: DemoOptions): Promise<void> {
  const began = performance.now();
  const project = await cli.project();
  const progress = new Progress(cli);
  progress.title(
    'A bakery writes to its customers',
    'Ctrl-C stops at any time: the same command goes on, and no card is printed twice.',
  );
  const printer = demoPrinters[options.printer];
  const file = await printer.file();
  progress.doing('database', 'starting');
  await using database = await openDatabase(cli, {
    create: true,
    max: poolSize(project.settings),
    name: 'postrider demo',
  });
  describeDatabase(progress, database, performance.now() - began);
  if (options.fresh)
    await startFresh(cli, {
      project,
      sql: database.sql,
      campaigns: await demoCampaigns(),
      yes: options.yes,
    });
  const { sql } = database;
  // Starting a process takes as long as all that the database needs meanwhile.
  const { daysPerSecond, rows } = options;
  const opening = printer.open({ cli, project, sql, daysPerSecond });
  opening.catch(() => undefined);
  try {
    const place = await prepare(progress, { sql, file, printer, opening, rows });
    const open = await opening;
    const { folder, slowBecause } = open;
    const cardsBefore = await countCards(sql, place, await open.cards());
    const { report, funnel } = await mail(cli, {
      project,
      sql,
      place,
      title: printer,
      printer: open,
      campaign: file.definition.name,
      progress,
      rows: rows === undefined ? FIRST_ROWS : rows,
    });
    progress.end();
    const cards = await countCards(sql, place, await open.cards());
    const newCards = cards - cardsBefore;
    const seconds = (performance.now() - began) / 1000;
    const result = resultOf(project, {
      report,
      funnel,
      printer,
      folder,
      cards,
      newCards,
      seconds,
    });
    if (cli.out.json) cli.out.emit(result);
    else {
      const reasons = await readReasons(sql, place);
      const goOn = !(await isListRead(sql, place));
      await showSummary(cli, result, {
        reasons,
        examples: await readExamples(sql, place),
        goOn,
        printer,
        slowBecause,
      });
    }
    if ((funnel.counts['error'] ?? 0) > 0)
      throw new UserError(
        exitCodes.failed,
        `${count(funnel.counts['error'] ?? 0, 'person is', 'people are')} in error`,
        'postrider stuck says why, and what helps',
      );
  } finally {
    progress.end();
    // It may still be starting, where something before it went wrong.
    await (await opening.catch(() => null))?.stop();
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

/** Of the demonstration with each printer. */
async function demoCampaigns(): Promise<{ organization: string; name: string }[]> {
  const files = await Promise.all(Object.values(demoPrinters).map((one) => one.file()));
  return files.map(({ organization, definition }) => ({ organization, name: definition.name }));
}

interface Mailing extends Followed {
  readonly project: Project;
  readonly title: DemoPrinter;
  readonly rows: number | null;
}

async function mail(cli: Cli, mailing: Mailing): Promise<{ report: SyncReport; funnel: Funnel }> {
  const { project, sql, place, printer, title, progress } = mailing;
  const logger = quietLogger(cli.out);
  // Without beats: the quarter-hourly sync would read the whole list, whatever number of rows was
  // asked for.
  project.makeDataDirectory();
  const leaseMs = (project.settings.leaseSeconds ?? LEASE_SECONDS) * 1000;
  const settings = { beats: false, leaseMs, reapMs: 2000, adapterTimeoutMs: ADAPTER_TIMEOUT_MS };
  const pipeline = commandPipeline(project, sql, logger, { settings });
  const http = await startHttp({
    host: '127.0.0.1',
    port: 0,
    sql,
    pipeline,
    logger,
    isReady: () => true,
    explain: (error) => explain(error).message,
  });
  const stop = async (): Promise<void> => void (await pipeline.stop({ timeoutMs: 15_000 }));
  cli.signals.catch((name) => {
    progress.end();
    cli.out.note(
      '\nStopping: nothing new begins, and cards at the printer are seen to their end. ' +
        `${name === 'SIGINT' ? 'Ctrl-C again' : 'A second signal'} ends at once.`,
    );
    // Held at once: a second signal leaves no time for it.
    void holdAgain(cli, mailing);
    void stop();
  });
  try {
    await printer.redirect(place.organizationId, http.url);
    progress.done(title.title, `${title.does} ${printer.folder}`);
    await launchMailing(sql, place);
    await pipeline.start();
    const report = await readList(cli, pipeline, mailing);
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
    await holdAgain(cli, mailing);
    await stop();
    await http.close();
  }
}

/** A campaign that stays live is said: a runner that is started for something else mails it. */
async function holdAgain(cli: Cli, { sql, place, campaign }: Mailing): Promise<void> {
  await holdMailing(sql, place).catch((error: unknown) =>
    cli.out.warn(
      `the campaign may still be live: ${explain(error).message}; ` +
        `postrider hold campaign ${campaign} holds it`,
    ),
  );
}

async function interrupted(sql: Sql, place: Place): Promise<UserError> {
  const { inFlight } = await readFunnel(sql, place);
  return new UserError(
    exitCodes.interrupted,
    `stopped with ${count(inFlight, 'person', 'people')} under way`,
    'Nothing is lost: the same command goes on.',
  );
}

async function readList(
  cli: Cli,
  pipeline: Pipeline,
  { place, progress, rows }: Mailing,
): Promise<SyncReport> {
  progress.doing('list', 'reading');
  // A demonstration that was killed while it read holds the campaign's lock for up to 30 s.
  const report = await whenLockIsFree(
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
    `${report.conflicting} conflicting`,
  ];
  progress.done('list', `${count(report.fetched, 'row')}: ${parts.join(', ')}`, report.durationMs);
  return report;
}
