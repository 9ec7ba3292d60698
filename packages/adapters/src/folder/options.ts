/** The options of the folder that keeps rendered cards. */
import { z } from 'zod';

export const folderOptions = z.strictObject({
  path: z
    .string()
    .min(1)
    .optional()
    .describe(
      'the folder; relative to the campaign file. `proofs` in the data directory unless told',
    ),
});
