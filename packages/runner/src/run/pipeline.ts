/** A pipeline of core with this project's adapters and settings. */
import type { DatabaseAddress } from '@postrider/core/database-address';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  connect,
  createPipeline,
  defaultSettings,
  restoreWatermarkFolder,
  type Logger,
  type Pipeline,
  type PipelineSettings,
} from '@postrider/core';
import type { Project } from '../config/project.ts';
import type { Settings } from '../config/settings.ts';
import type { Sql } from '../database/open.ts';
import { createIntegrations, type CompleteEntry } from '../wiring/integrations.ts';

export interface MakeOptions {
  readonly settings?: Partial<PipelineSettings>;
  readonly queueSql?: Sql;
  readonly completeEntry?: CompleteEntry;
}

export function makePipeline(
  project: Project,
  sql: Sql,
  logger: Logger,
  { settings, queueSql = sql, ...wiring }: MakeOptions = {},
): Pipeline {
  const { proofSlots, mailSlots, cohortSize, callsKeptDays } = project.settings;
  project.makeDataDirectory();
  return createPipeline({
    sql,
    queueSql,
    logger,
    integrations: createIntegrations(project, {
      ...wiring,
      sql,
      onUnreadable: ({ message, hint }) => logger.warn({ hint }, message),
    }),
    // An image host may keep its files elsewhere in the project than by default.
    artworkFolders: [project.proofsDirectory, project.directory],
    restoreWatermark: restoreWatermarkFolder(join(project.dataDirectory, 'restore-watermark')),
    settings: {
      runnerName: `${hostname()}:${process.pid}`,
      proofSlots,
      mailSlots,
      cohortSize,
      leaseMs: leaseMsOf(project.settings),
      callsKeptDays,
      ...settings,
    },
  });
}

export function leaseMsOf({ leaseSeconds }: Settings): number {
  return leaseSeconds === null ? defaultSettings.leaseMs : leaseSeconds * 1000;
}

/**
 * A client for the queue's own traffic, which need not wait for the disk; see
 * `PipelineOptions.queueSql`.
 */
export function connectQueue(address: DatabaseAddress): Sql & AsyncDisposable {
  const sql = connect(address, { max: 6, name: 'postrider queue', synchronousCommit: 'off' });
  return Object.assign(sql, {
    [Symbol.asyncDispose]: async (): Promise<void> => await sql.end({ timeout: 5 }),
  });
}

/** Connections for a pipeline: its slots, the beats, and some for questions meanwhile. */
export function poolSize({
  proofSlots,
  mailSlots,
}: {
  readonly proofSlots: number;
  readonly mailSlots: number;
}): number {
  return proofSlots + mailSlots + 8;
}

/** For commands that only say something when something is wrong. */
export function quietLogger(out: { detail(text: string): void }): Logger {
  const say = (fields: object, message: string): void =>
    out.detail(`${message} ${JSON.stringify(fields)}`);
  return { debug: say, info: say, warn: say, error: say };
}
