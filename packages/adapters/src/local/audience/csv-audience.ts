import { AudienceSourceError } from '@postrider/core/ports';
import type {
  AdapterFactory,
  AdapterWiring,
  AudiencePage,
  AudienceSource,
  CallContext,
} from '@postrider/core/ports';
import { z } from 'zod';
import { parseOptions } from '../../options.ts';
import { planHeader } from './columns.ts';
import type { ColumnPlan } from './columns.ts';
import { csvRecords, detectDelimiter } from './csv-records.ts';
import { fileAudienceOptions, segmentIndex, segmentPaths } from './options.ts';
import { paginate } from './pages.ts';
import { readRow } from './row.ts';
import type { RowResult, RowRules } from './row.ts';
import { openSource } from './source-file.ts';

const optionsSchema = fileAudienceOptions.extend({
  /** Found out from the header where it is not given. */
  delimiter: z.string().length(1).optional(),
});
type Options = z.infer<typeof optionsSchema>;

/**
 * People in a CSV file with a header line. `row` is the line a record begins on, the header being
 * line 1.
 */
export function createCsvAudience(options: unknown, wiring: AdapterWiring): AudienceSource {
  const parsed = parseOptions('audience', optionsSchema, options);
  const pathOf = segmentPaths(parsed, wiring);
  return {
    members(segmentId, { pageSize, limit }, context): AsyncIterable<AudiencePage> {
      return paginate(
        csvRows(pathOf(segmentId), segmentId, parsed, { needsExternalId: true }, context),
        { pageSize, limit },
        context.signal,
      );
    },
  };
}

/** @internal Also reads the file of the look-up enricher. */
export async function* csvRows(
  path: string,
  segmentId: string,
  options: Omit<Options, 'path' | 'segments'>,
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
  options: Omit<Options, 'path' | 'segments'>,
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

export const csvAudience: AdapterFactory<AudienceSource> = {
  kind: 'csv',
  create: createCsvAudience,
};
