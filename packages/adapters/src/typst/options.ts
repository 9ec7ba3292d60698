/** The options of the typst renderer. */
import { z } from 'zod';

export const typstOptions = z.strictObject({
  fonts: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'TrueType or OpenType files, or folders of them; relative to the campaign file. The family of the first is what a template starts with, the others stand in for letters that it lacks. Lora unless told',
    ),
});
