/** The pipeline of a command: that of a runner, which finds the print shop of the project. */
import type { Logger, Pipeline } from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import { makePipeline, type MakeOptions } from '@postrider/runner/pipeline';
import type { Project } from '@postrider/runner/project';
import { completeEntry } from '../print-shop/complete-entry.ts';

export function commandPipeline(
  project: Project,
  sql: Sql,
  logger: Logger,
  options: Omit<MakeOptions, 'completeEntry'> = {},
): Pipeline {
  return makePipeline(project, sql, logger, { ...options, completeEntry });
}
