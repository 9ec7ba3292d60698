/** The options of the CSV audience. */
import { z } from 'zod';
import { fileAudienceOptions } from '../kit/people/options.ts';

export const csvOptions = fileAudienceOptions.extend({
  delimiter: z
    .string()
    .length(1)
    .optional()
    .describe('one character; found out from the header unless told'),
});
