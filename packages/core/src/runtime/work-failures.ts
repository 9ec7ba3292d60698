/**
 * What fails of the work that beats send jobs for: logged each time, and counted in the database
 * until it works again. The caller says which campaign's or printer's work it is, or neither for a
 * whole job.
 */
import { isLostSession } from '../common/driver-errors.ts';
import { messageOf } from '../common/message-of.ts';
import { storable } from '../common/text.ts';
import { noteWorkDone, noteWorkFailed, type FailureCount, type Work } from '../machine/house.ts';
import { hintOf } from './part-failure.ts';
import type { PipelineContext } from './context.ts';

/** Errors that were counted where they happened, and pass further doors. */
const counted = new WeakSet<object>();

// More is not kept, and its form is not looked through.
const LONGEST = 2000;

// By what it is called, as in a form, a header, JSON or JSON within JSON.
const SECRET =
  /\b([\w-]*(?:key|token|secret|password)[\\"']*\s*[=:]\s*)(?:\\?"[^"]*"?|\\?'[^']*'?|[^\s&,;"'}]+)/gi;

/**
 * What is kept of an error, and shown, holds no secret and no personal data: no credentials or
 * query of an address, no token, no e-mail.
 */
export function redacted(said: string): string {
  return storable(said.slice(0, LONGEST))
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1')
    .replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, '$1')
    .replaceAll(
      /\b(authorization[\\"']*\s*[:=]\s*[\\"']*[^\s\\"']+|bearer)\s+[^\s\\"',]+/gi,
      '$1 …',
    )
    .replaceAll(SECRET, '$1…')
    .replaceAll(/[^\s<>"'(),;:=]+(?:@|%40)[^\s<>"'(),;:=]+/g, '…');
}

/** The SQLSTATE, or the code of the network, which `fetch` hides in the cause. */
function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : null;
}

function named({ organizationId, work, campaignId, printer }: Work): object {
  return {
    organization: organizationId,
    work,
    ...(campaignId === undefined ? {} : { campaignId }),
    ...(printer === undefined ? {} : { printer }),
  };
}

/** What failed of a work, and how it is logged. */
export interface WorkFailure {
  readonly error: unknown;
  /** What the log says of it. */
  readonly line: string;
  /** What the log has beside the work. */
  readonly fields?: object;
}

/**
 * Logs that it failed, and counts it. A lost connection, and what fails because the pipeline stops,
 * is logged, and counts for nothing: null. Never throws: what cannot be counted is logged all the
 * same.
 */
export async function workFailed(
  { sql, logger, stopping }: PipelineContext,
  work: Work,
  { error, line, fields = {} }: WorkFailure,
): Promise<FailureCount | null> {
  if (typeof error === 'object' && error !== null) {
    if (counted.has(error)) return null;
    counted.add(error);
  }
  const said = redacted(messageOf(error));
  const [code, hint] = [codeOf(error), hintOf(error)];
  const concludes = !stopping.aborted && !isLostSession(error);
  const told = { message: said, code, hint: hint === null ? null : redacted(hint) };
  const count = !concludes
    ? null
    : await noteWorkFailed(sql, work, told).catch((cannot: unknown) => {
        const fields = { ...named(work), error: messageOf(cannot) };
        logger.error(fields, 'what failed could not be counted');
        return null;
      });
  logger[concludes ? 'error' : 'warn'](
    {
      ...named(work),
      ...fields,
      code,
      hint,
      error: said,
      inARow: count?.failures,
      since: count?.since,
    },
    line,
  );
  return count;
}

interface Failure {
  readonly work: Work;
  /** Null: it was done. */
  readonly failed: WorkFailure | null;
}

/**
 * A round of work that is done in batches: each work counts once, however many of its batches fail,
 * and as failed where any of them does.
 */
export class FailureRound {
  readonly #works = new Map<string, Failure>();

  done(work: Work): void {
    const key = JSON.stringify(named(work));
    if (!this.#works.has(key)) this.#works.set(key, { work, failed: null });
  }

  failed(work: Work, failed: WorkFailure): void {
    const key = JSON.stringify(named(work));
    if (!this.#works.get(key)?.failed) this.#works.set(key, { work, failed });
  }

  /** At its end, also where that is an error. Never throws. */
  async count(context: PipelineContext): Promise<void> {
    for (const { work, failed } of this.#works.values()) {
      if (failed === null) await workDone(context, work);
      else await workFailed(context, work, failed);
    }
  }
}

/** What had failed of it is over. Never throws: the next time says it again. */
export async function workDone({ sql, logger }: PipelineContext, work: Work): Promise<void> {
  const over = await noteWorkDone(sql, work).catch((error: unknown) => {
    const fields = { ...named(work), error: messageOf(error) };
    logger.warn(fields, 'that it works again could not be noted');
    return [];
  });
  for (const { failures, since } of over)
    logger.info({ ...named(work), failures, since }, 'what had failed works again');
}
