/** The people in a CSV file, for an audience and for look-ups of addresses. */
import { AudienceSourceError } from '@postrider/core/ports';
import type { CallContext } from '@postrider/core/ports';
import { planHeader } from './columns.ts';
import type { ColumnPlan } from './columns.ts';
import { csvRecords, detectDelimiter } from './csv-records.ts';
import { segmentIndex } from './options.ts';
import type { RowOptions } from './options.ts';
import { readRow } from './row.ts';
import type { RowResult, RowRules } from './row.ts';
import { openSource } from './source-file.ts';

export interface CsvRowOptions extends RowOptions {
  readonly delimiter?: string | undefined;
}

/** `line` of a row is the one that its record begins on, the header being line 1. */
export async function* csvRows(
  path: string,
  segmentId: string,
  options: CsvRowOptions,
  { needsExternalId }: { readonly needsExternalId: boolean },
  context: Pick<CallContext, 'signal'>,
): AsyncGenerator<RowResult> {
  const { signal } = context;
  signal.throwIfAborted();
  const rules: RowRules = { defaultCountry: options.defaultCountry, needsExternalId };
  const file = await openSource(path, options.encoding);
  try {
    let plan: ColumnPlan | null = null;
    let filter: number | undefined;
    for await (const { cells, line } of csvRecords(
      path,
      file,
      options.delimiter ?? detectDelimiter(file.head),
      signal,
    )) {
      if (plan === null) {
        plan = headerOf(path, cells, options, needsExternalId);
        filter = segmentIndex(plan, options.segmentColumn);
        if (options.segmentColumn !== undefined && filter === undefined) {
          throw new AudienceSourceError(
            `${path}: there is no column "${options.segmentColumn}" to filter the segment by (line 1)`,
          );
        }
      } else if (filter === undefined || cells[filter]?.trim() === segmentId) {
        yield readRow(plan, cells, line, rules);
      }
    }
    if (plan === null)
      throw new AudienceSourceError(
        `${path}: the file has no header line; the first line must name the columns`,
      );
    await file.assertUnchanged();
  } finally {
    await file.close();
  }
}

function headerOf(
  path: string,
  cells: readonly string[],
  options: CsvRowOptions,
  needsExternalId: boolean,
): ColumnPlan {
  try {
    return planHeader(cells, options.columns, needsExternalId);
  } catch (error) {
    throw error instanceof AudienceSourceError
      ? new AudienceSourceError(`${path}: ${error.message}`, { cause: error })
      : error;
  }
}
