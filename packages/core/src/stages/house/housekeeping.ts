/** The housekeeping of a minute. */
import { sqlState } from '../../common/driver-errors.ts';
import { housekeepingParts, runHousekeeping, type PartFailure } from '../../machine/house.ts';
import { failureOf } from '../../runtime/part-failure.ts';
import type { PipelineContext } from '../../runtime/context.ts';

const QUERY_CANCELED = '57014';
const DAY_MS = 24 * 3_600_000;

/**
 * In one statement, in which each part stands by itself. Where all of them together do not end in
 * time (a `statement_timeout`), in one for each.
 */
export async function beatHouse({
  sql,
  settings,
}: PipelineContext): Promise<readonly PartFailure[]> {
  const keepCallsMs = settings.callsKeptDays * DAY_MS;
  try {
    return await runHousekeeping(sql, keepCallsMs);
  } catch (error) {
    if (sqlState(error) !== QUERY_CANCELED) throw error;
  }
  const failures: PartFailure[] = [];
  for (const part of await housekeepingParts(sql)) {
    try {
      failures.push(...(await runHousekeeping(sql, keepCallsMs, [part])));
    } catch (error) {
      if (sqlState(error) !== QUERY_CANCELED) throw error;
      failures.push(failureOf(part, error));
    }
  }
  return failures;
}
