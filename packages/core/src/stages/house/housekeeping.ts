/** The housekeeping of a minute. */
import { sqlState } from '../../machine/errors.ts';
import { failureOf, type PartFailure } from '../../runtime/beat-failures.ts';
import type { PipelineContext } from '../../runtime/context.ts';

const QUERY_CANCELED = '57014';

/**
 * In one statement, in which each part stands by itself. Where all of them together do not end in
 * time (a `statement_timeout`), in one for each.
 */
export async function keepHouse({ sql }: PipelineContext): Promise<readonly PartFailure[]> {
  try {
    return await sql<
      PartFailure[]
    >`select part, organizations, code, message, hint from postrider.keep_house()`;
  } catch (error) {
    if (sqlState(error) !== QUERY_CANCELED) throw error;
  }
  const failures: PartFailure[] = [];
  for (const { part } of await sql<
    { part: string }[]
  >`select part from unnest(postrider.house_parts()) as p (part)`) {
    try {
      failures.push(
        ...(await sql<
          PartFailure[]
        >`select part, organizations, code, message, hint from postrider.keep_house(${[part]})`),
      );
    } catch (error) {
      if (sqlState(error) !== QUERY_CANCELED) throw error;
      failures.push(failureOf(part, error));
    }
  }
  return failures;
}
