/** The options of the look-up file. */
import { z } from 'zod';
import { delimiterOption, rowOptions } from '../kit/people/options.ts';

export const lookupOptions = z.strictObject({
  path: z.string().min(1).describe('a CSV or NDJSON file with an e-mail and an address per row'),
  format: z
    .enum(['csv', 'ndjson'])
    .optional()
    .describe('`csv` or `ndjson`; by the ending of the file unless told'),
  delimiter: delimiterOption,
  ...rowOptions.shape,
});
