/** The audience in a file of JSON objects, or in a file for each segment. */
import type { AdapterWiring, AudiencePage, AudienceSource } from '@postrider/core/ports';
import { parseOptions } from '../kit/options.ts';
import { ndjsonRows } from '../kit/people/ndjson-rows.ts';
import { fieldsOf } from '../kit/people/fields.ts';
import { segmentPaths } from '../kit/people/options.ts';
import { paginate } from '../kit/people/pages.ts';
import { ndjsonOptions } from './options.ts';

/** `row` is the line of the file, counted from 1; there is no header. */
export function createNdjsonAudience(options: unknown, wiring: AdapterWiring): AudienceSource {
  const parsed = parseOptions('audience', ndjsonOptions, options);
  const pathOf = segmentPaths(parsed, wiring);
  return {
    members(segmentId, { pageSize, limit }, context): AsyncIterable<AudiencePage> {
      return paginate(
        ndjsonRows({ path: pathOf(segmentId), segmentId, needsExternalId: true }, parsed, context),
        { pageSize, limit },
        context.signal,
      );
    },
    async describe(segmentId, context) {
      const path = pathOf(segmentId);
      return await fieldsOf((onPlan) =>
        ndjsonRows({ path, segmentId, needsExternalId: true, onPlan }, parsed, context),
      );
    },
  };
}
