/** The options of the files that tell what was sent. */
import { z } from 'zod';

/** @param defaultName of the file, in the data directory. */
export function fileOptions(defaultName: string) {
  return z.strictObject({
    path: z
      .string()
      .min(1)
      .optional()
      .describe(
        `the file; relative to the campaign file. ` +
          `\`${defaultName}\` in the data directory unless told`,
      ),
  });
}
