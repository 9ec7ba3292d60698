/**
 * The life of a runner: the pipeline and its HTTP, until it is told to stop; or, with `once`, until
 * nothing can move. What people are told of it is the caller's.
 */
import { stripVTControlCharacters } from 'node:util';
import {
  requireMigrated,
  type Logger,
  type Pipeline,
  type Stopped,
  type Waiting,
} from '@postrider/core';
import { cohortsAtWork, type CohortsAtWork } from '@postrider/core/machine';
import type { Project } from '../config/project.ts';
import type { LogFormat } from '../config/settings.ts';
import { openDatabase, type Sql } from '../database/open.ts';
import { startHttp, type HttpOptions, type RunningHttp } from '../http/server.ts';
import { exitCodes } from '../process/exit-codes.ts';
import type { Host } from '../process/host.ts';
import type { Signals } from '../process/signals.ts';
import { UserError } from '../process/user-error.ts';
import type { CompleteEntry } from '../wiring/integrations.ts';
export type { LogFormat };
import { createLogger, isTextLog, type LogOutput } from './logger.ts';
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
  readonly logFormat: LogFormat | undefined;
  readonly progressSeconds: number | undefined;
}

export interface RunHost extends Host {
  readonly out: Host['out'] & LogOutput;
  readonly signals: Signals;
}

/** Says it to people, or in the log where that is JSON: every line of stderr is JSON then. */
export type Note = (event: string, text: string) => void;

/** What people are told. */
export interface Announcements {
  running(note: Note, http: RunningHttp | null, project: Project, pipeline: Pipeline): void;
  /** At once after the first signal. */
  stopping(note: Note, signal: NodeJS.Signals, atWork: readonly CohortsAtWork[]): void;
  stopped(note: Note, stopped: Stopped, patienceMs: number): void;
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

export interface Progressing {
  readonly pipeline: Pipeline;
  readonly sql: Sql;
  readonly logger: Logger;
  readonly everyMs: number;
}

/** What the program adds to a runner. */
export interface RunHooks {
  readonly announce: Announcements;
  readonly completeEntry: CompleteEntry;
  readonly explain: HttpOptions['explain'];
  /** Goes on beside the pipeline while it listens. Returns what ends it. */
  readonly beside: (listening: Listening) => Promise<() => void>;
  /** Says from now on what the pipeline does. Returns what says the rest, and ends it. */
  readonly progress: (progressing: Progressing) => () => Promise<void>;
}

/** What is at work may take so long after the first signal. */
const PATIENCE_MS = 30_000;

export async function run(host: RunHost, options: RunOptions, hooks: RunHooks): Promise<void> {
  const project = withFlags(await host.project(), options);
  const { announce, completeEntry, explain, progress } = hooks;
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
  const { logLevel, logFormat, progressSeconds } = settings;
  const told = await createLogger(out, logLevel, logFormat);
  const logger = options.once && out.live ? await createLogger(out, 'warn', logFormat) : told;
  const note: Note = isTextLog(out, logFormat)
    ? (_event, text) => out.note(text)
    : (event, text) => told.info({ event }, stripVTControlCharacters(text).trim());
  project.makeDataDirectory();
  const pipeline = makePipeline(project, sql, logger, {
    settings: { beats: !options.once || options.sync },
    queueSql,
    completeEntry,
  });
  let ready = false;
  let endBeside = (): void => undefined;
  let endProgress = async (): Promise<void> => await Promise.resolve();
  const http = options.http
    ? await startHttp({ ...settings.http, sql, pipeline, logger, isReady: () => ready, explain })
    : null;
  signals.catch((name) => {
    ready = false;
    // Asked before anything is waited for; nothing where the database does not answer.
    void cohortsAtWork(sql, pipeline.runnerId)
      .catch(() => [])
      .then((work) => announce.stopping(note, name, work));
  });
  try {
    await pipeline.start();
    ready = true;
    if (http !== null) endBeside = await hooks.beside({ project, sql, url: http.url, logger });
    announce.running(note, http, project, pipeline);
    if (progressSeconds > 0)
      endProgress = progress({ pipeline, sql, logger: told, everyMs: progressSeconds * 1000 });
    const waiting = options.once
      ? await pipeline.once({ sync: options.sync, signal: signals.signal })
      : await untilStopped(signals);
    ready = false;
    const stopped = await pipeline.stop({ timeoutMs: PATIENCE_MS });
    await endProgress();
    announce.stopped(note, stopped, PATIENCE_MS);
    if (waiting !== null && signals.received === null) announce.waiting(waiting);
  } finally {
    endBeside();
    await endProgress();
    await pipeline.stop({ timeoutMs: 1000 }).catch(() => undefined);
    await http?.close();
  }
}

function withFlags(project: Project, { host, port, ...options }: RunOptions): Project {
  const { settings } = project;
  return {
    ...project,
    settings: {
      ...settings,
      http: { host: host ?? settings.http.host, port: port ?? settings.http.port },
      proofSlots: options.proofSlots ?? settings.proofSlots,
      mailSlots: options.mailSlots ?? settings.mailSlots,
      logFormat: options.logFormat ?? settings.logFormat,
      progressSeconds: options.progressSeconds ?? settings.progressSeconds,
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
