/** The audience in a CSV file, or in a file for each segment. */
import type { AdapterWiring, AudiencePage, AudienceSource } from '@postrider/core/ports';
import { parseOptions } from '../kit/options.ts';
import { csvRows } from '../kit/people/csv-rows.ts';
import { fieldsOf } from '../kit/people/fields.ts';
import { segmentPaths } from '../kit/people/options.ts';
import { paginate } from '../kit/people/pages.ts';
import { csvOptions } from './options.ts';

/**
 * People in a CSV file with a header line. `row` is the line a record begins on, the header being
 * line 1.
 */
export function createCsvAudience(options: unknown, wiring: AdapterWiring): AudienceSource {
  const parsed = parseOptions('audience', csvOptions, options);
  const pathOf = segmentPaths(parsed, wiring);
  return {
    members(segmentId, { pageSize, limit }, context): AsyncIterable<AudiencePage> {
      return paginate(
        csvRows({ path: pathOf(segmentId), segmentId, needsExternalId: true }, parsed, context),
        { pageSize, limit },
        context.signal,
      );
    },
    async describe(segmentId, context) {
      const path = pathOf(segmentId);
      return await fieldsOf((onPlan) =>
        csvRows({ path, segmentId, needsExternalId: true, onPlan }, parsed, context),
      );
    },
  };
}
