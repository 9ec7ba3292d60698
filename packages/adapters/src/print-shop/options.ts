/** The options of the folder print shop. */
import { z } from 'zod';

export const printShopOptions = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http: or https: URL' })
    .optional()
    .describe('where the shop listens; the project’s own print shop unless told'),
  ledger: z
    .string()
    .min(1)
    .optional()
    .describe(
      'the id of the shop’s ledger, in the header `print-shop-ledger` of each answer. Set it beside `url`, so that a shop that has lost its ledger or was started in another folder is never believed; without it the first ledger that answers is taken for ours, for as long as the process lives',
    ),
  tokenSecret: z
    .string()
    .min(1)
    .default('PRINT_SHOP_TOKEN')
    .describe('the name of the secret that holds the token, not its value'),
  webhookSecret: z
    .string()
    .min(1)
    .default('PRINT_SHOP_WEBHOOK_SECRET')
    .describe(
      'the name of the secret that webhooks are signed with; it may hold several, apart by blanks or commas, while one is being replaced',
    ),
  keys: z.boolean().default(true).describe('whether the shop honours idempotency keys'),
  keyLifetimeMs: z
    .int()
    .positive()
    .default(86_400_000)
    .describe('how long it remembers a key, in milliseconds'),
  timeoutMs: z
    .int()
    .min(100)
    .max(120_000)
    .default(10_000)
    .describe('of one request, in milliseconds; shorter than the runner’s lease'),
  readLagMs: z
    .int()
    .min(0)
    .default(0)
    .describe('how long a new piece may be missing from look-ups, in milliseconds'),
  maxBatch: z.int().min(1).max(100).default(50).describe('most cards in one order'),
});
