/**
 * `run`: the pipeline and its HTTP, until it is told to stop; or, with --once, until nothing can
 * move.
 */
import type { Pipeline, Stopped, Waiting } from '@postrider/core';
import type { Cli } from '../cli/cli.ts';
import { openDatabase, type Sql } from '../cli/database.ts';
import { CliError } from '../cli/errors.ts';
import { exitCodes } from '../cli/exit-codes.ts';
import { count, relative } from '../cli/text.ts';
import type { Project } from '../config/project.ts';
import { startHttp, type RunningHttp } from '../http/server.ts';
import { requireMigrated } from '../operate/migrate.ts';
import { createLogger } from './logger.ts';
import { keepShopTold } from '../print-shop/webhooks.ts';
import { connectQueue, makePipeline, poolSize } from './pipeline.ts';

export interface RunOptions {
  readonly once: boolean;
  /** With `once`: false reads no list, neither first nor by the beat of the quarter-hour. */
  readonly sync: boolean;
  readonly port: number | undefined;
  readonly host: string | undefined;
  readonly http: boolean;
  readonly proofSlots: number | undefined;
  readonly mailSlots: number | undefined;
}

/** What is at work may take so long after the first signal. */
const PATIENCE_MS = 30_000;

export async function run(cli: Cli, options: RunOptions): Promise<void> {
  const project = withFlags(await cli.project(), options);
  const { settings } = project;
  if (!options.once && !options.sync)
    throw new CliError(exitCodes.usage, '--no-sync goes with --once');
  // Interventions are recorded with this name: what a runner holds, no person held.
  await using database = await openDatabase(cli, {
    max: poolSize(settings),
    name: 'postrider run, by itself',
  });
  const { sql } = database;
  await using queueSql = connectQueue(database.url);
  await requireMigrated(sql);
  const logger = await createLogger(
    cli.out,
    options.once && cli.out.live ? 'warn' : settings.logLevel,
  );
  project.makeDataDirectory();
  const pipeline = makePipeline(project, sql, logger, {
    settings: { beats: !options.once || options.sync },
    queueSql,
  });
  let ready = false;
  let untold = (): void => undefined;
  const http = options.http
    ? await startHttp({ ...settings.http, sql, pipeline, logger, isReady: () => ready })
    : null;
  cli.signals.catch((name) => {
    ready = false;
    void tellStop(cli, sql, pipeline.runnerId, name);
  });
  try {
    await pipeline.start();
    ready = true;
    if (http !== null) untold = await keepShopTold(project, sql, http.url, logger);
    announce(cli, http, project, pipeline);
    const waiting = options.once
      ? await pipeline.once({ sync: options.sync, signal: cli.signals.signal })
      : await untilStopped(cli);
    ready = false;
    sayStopped(cli, await pipeline.stop({ timeoutMs: PATIENCE_MS }));
    if (waiting !== null && cli.signals.received === null) showWaiting(cli, waiting);
  } finally {
    untold();
    await pipeline.stop({ timeoutMs: 1000 }).catch(() => undefined);
    await http?.close();
  }
  if (cli.signals.received === 'SIGINT') process.exitCode = 130;
}

function sayStopped(cli: Cli, { atWork }: Stopped): void {
  if (atWork === 0) {
    if (cli.signals.received !== null) cli.out.note('stopped; nothing is lost');
    return;
  }
  process.exitCode = exitCodes.failed;
  const who =
    atWork === null
      ? 'whether anybody is still at work, the database did not say'
      : `${count(atWork, 'person is', 'people are')} still at work`;
  cli.out.note(
    `stopped${atWork === null ? '' : ` after ${PATIENCE_MS / 1000} s`}; ${who}. Nothing is lost: people at work come back when their lease has passed (a minute), by any other runner or the next one`,
  );
}

function withFlags(project: Project, { host, port, proofSlots, mailSlots }: RunOptions): Project {
  const { settings } = project;
  return {
    ...project,
    settings: {
      ...settings,
      http: { host: host ?? settings.http.host, port: port ?? settings.http.port },
      proofSlots: proofSlots ?? settings.proofSlots,
      mailSlots: mailSlots ?? settings.mailSlots,
    },
  };
}

function announce(cli: Cli, http: RunningHttp | null, project: Project, pipeline: Pipeline): void {
  const { proofSlots, mailSlots } = project.settings;
  if (cli.out.json) {
    cli.out.emit({
      event: 'ready',
      url: http?.url ?? null,
      pid: process.pid,
      runnerId: pipeline.runnerId,
      proofSlots,
      mailSlots,
    });
    return;
  }
  const where =
    http === null
      ? 'it does not listen (--no-http)'
      : `${http.url}  /webhooks/<organization>/<printer>, /metrics, /health, /ready`;
  cli.out.note(
    `${cli.out.tint('green', 'running')}: ${proofSlots} proof and ${mailSlots} mail slots. Ctrl-C stops\n  ${where}`,
  );
}

async function untilStopped(cli: Cli): Promise<null> {
  const { signal } = cli.signals;
  // A promise alone keeps no process: the pool and the beats do that.
  if (!signal.aborted)
    await new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  return null;
}

/** Said at once, before anything is waited for. */
async function tellStop(cli: Cli, sql: Sql, runnerId: string, name: NodeJS.Signals): Promise<void> {
  const again = name === 'SIGINT' ? 'Ctrl-C again' : 'a second signal';
  const rows = await sql<{ stage: string; cohorts: number; people: number }[]>`
    select stage, count(*)::int as cohorts, sum(people)::int as people from postrider.cohort
    where runner_id = ${runnerId} and closed_at is null group by 1 order by 1`.catch(() => []);
  const work = rows.map(
    (row) =>
      `${count(row.cohorts, `${row.stage} cohort`)} (${count(row.people, 'person', 'people')})`,
  );
  const waits = work.length === 0 ? 'nothing is at work' : `waiting for ${work.join(' and ')}`;
  cli.out.note(
    `\nstopping: nothing new begins; ${waits}. ${again} does not wait, and loses nothing either`,
  );
}

function showWaiting(cli: Cli, waiting: readonly Waiting[]): void {
  const several = new Set(waiting.map((row) => row.organization)).size > 1;
  cli.out.list(
    waiting,
    [
      ...(several ? [{ title: 'organization', value: (row: Waiting) => row.organization }] : []),
      { title: 'campaign', value: (row) => row.campaign, style: () => 'bold' },
      { title: 'state', value: (row) => row.state },
      { title: 'people', value: (row) => row.people, right: true },
      { title: 'until', value: (row) => (row.until === null ? '' : relative(row.until)) },
      { title: 'waits for', value: (row) => row.why },
    ],
    { nothing: 'nothing waits: everybody is where they end' },
  );
}
