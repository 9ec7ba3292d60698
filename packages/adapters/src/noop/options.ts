/** The options of what does nothing. */
import { z } from 'zod';

export const noOptions = z.strictObject({});

export const noopPrinterOptions = z.strictObject({
  delayMs: z
    .number()
    .min(0)
    .max(60_000)
    .default(0)
    .describe('how long one request takes, in milliseconds'),
  maxBatch: z.int().min(1).max(1_000).default(50).describe('most cards in one request'),
});
