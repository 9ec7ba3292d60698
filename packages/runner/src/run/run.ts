/**
 * The life of a runner: the pipeline and its HTTP, until it is told to stop; or, with `once`, until
 * nothing can move. What people are told of it is the caller's.
 */
import {
  requireMigrated,
  type Logger,
  type Pipeline,
  type Stopped,
  type Waiting,
} from '@postrider/core';
import { cohortsAtWork, type CohortsAtWork } from '@postrider/core/machine';
import type { Project } from '../config/project.ts';
import { openDatabase, type Sql } from '../database/open.ts';
import { startHttp, type HttpOptions, type RunningHttp } from '../http/server.ts';
import { exitCodes } from '../process/exit-codes.ts';
import type { Host } from '../process/host.ts';
import type { Signals } from '../process/signals.ts';
import { UserError } from '../process/user-error.ts';
import type { CompleteEntry } from '../wiring/integrations.ts';
import { createLogger, type LogOutput } from './logger.ts';
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

export interface RunHost extends Host {
  readonly out: Host['out'] & LogOutput;
  readonly signals: Signals;
}

/** What people are told. */
export interface Announcements {
  running(http: RunningHttp | null, project: Project, pipeline: Pipeline): void;
  /** At once after the first signal. */
  stopping(signal: NodeJS.Signals, atWork: readonly CohortsAtWork[]): void;
  stopped(stopped: Stopped, patienceMs: number): void;
  /** With `once`: why nothing moves any more. */
  waiting(waiting: readonly Waiting[]): void;
}

export interface Listening {
  readonly project: Project;
  readonly sql: Sql;
  /** Where webhooks are taken. */
  readonly url: string;
  readonly logger: Logger;
}

/** What the program adds to a runner. */
export interface RunHooks {
  readonly announce: Announcements;
  readonly completeEntry: CompleteEntry;
  readonly explain: HttpOptions['explain'];
  /** Goes on beside the pipeline while it listens. Returns what ends it. */
  readonly beside: (listening: Listening) => Promise<() => void>;
}

/** What is at work may take so long after the first signal. */
const PATIENCE_MS = 30_000;

export async function run(host: RunHost, options: RunOptions, hooks: RunHooks): Promise<void> {
  const project = withFlags(await host.project(), options);
  const { announce, completeEntry, explain } = hooks;
  const { settings } = project;
  const { out, signals } = host;
  if (!options.once && !options.sync)
    throw new UserError(exitCodes.usage, '--no-sync goes with --once');
  // Interventions are recorded with this name: what a runner holds, no person held.
  await using database = await openDatabase(host, {
    max: poolSize(settings),
    name: 'postrider run, by itself',
  });
  const { sql } = database;
  await using queueSql = connectQueue(database.address);
  await requireMigrated(sql);
  const logger = await createLogger(out, options.once && out.live ? 'warn' : settings.logLevel);
  project.makeDataDirectory();
  const pipeline = makePipeline(project, sql, logger, {
    settings: { beats: !options.once || options.sync },
    queueSql,
    completeEntry,
  });
  let ready = false;
  let endBeside = (): void => undefined;
  const http = options.http
    ? await startHttp({ ...settings.http, sql, pipeline, logger, isReady: () => ready, explain })
    : null;
  signals.catch((name) => {
    ready = false;
    // Asked before anything is waited for; nothing where the database does not answer.
    void cohortsAtWork(sql, pipeline.runnerId)
      .catch(() => [])
      .then((work) => announce.stopping(name, work));
  });
  try {
    await pipeline.start();
    ready = true;
    if (http !== null) endBeside = await hooks.beside({ project, sql, url: http.url, logger });
    announce.running(http, project, pipeline);
    const waiting = options.once
      ? await pipeline.once({ sync: options.sync, signal: signals.signal })
      : await untilStopped(signals);
    ready = false;
    announce.stopped(await pipeline.stop({ timeoutMs: PATIENCE_MS }), PATIENCE_MS);
    if (waiting !== null && signals.received === null) announce.waiting(waiting);
  } finally {
    endBeside();
    await pipeline.stop({ timeoutMs: 1000 }).catch(() => undefined);
    await http?.close();
  }
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

async function untilStopped({ signal }: Signals): Promise<null> {
  // A promise alone keeps no process: the pool and the beats do that.
  if (!signal.aborted)
    await new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  return null;
}
