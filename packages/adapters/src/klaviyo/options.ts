/** The options of Klaviyo: of the account, and of a campaign's event sink. */
import { z } from 'zod';
import { addressOption } from '../kit/account.ts';

/** Of a connection. */
export const klaviyoAccountOptions = z.strictObject({
  url: addressOption('https://a.klaviyo.com'),
  revision: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/, 'must be a day, as 2026-07-15')
    .default('2026-07-15')
    .describe('the header `revision`: the edition of the API that is spoken'),
});

export const klaviyoSinkOptions = z.strictObject({
  metric: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .default('Direct Mail')
    .describe(
      'how the metrics begin, as in `Direct Mail Delivered`. Klaviyo counts an event once by profile, metric and id: where this changes, what is told anew counts again',
    ),
  profileIds: z
    .enum(['klaviyo', 'any'])
    .default('klaviyo')
    .describe(
      '`klaviyo`: the source’s ids of people are ids of Klaviyo’s profiles, 26 capital letters and digits, and an event of anybody else fails and is not sent; `any`: each id is taken for one. UNCONFIRMED: that all ids have this form',
    ),
  bulkFrom: z
    .int()
    .min(0)
    .max(1000)
    .default(26)
    .describe(
      'so many new events at once, or more, go in one request; 0: each goes by itself. UNCONFIRMED: that a bulk request that Klaviyo takes (202) cannot fail later',
    ),
  atOnce: z.int().min(1).max(100).default(20).describe('most requests at the same time'),
  timeoutMs: z
    .int()
    .min(100)
    .max(15_000)
    .default(15_000)
    .describe('of one request, in milliseconds'),
});
export type KlaviyoSinkOptions = z.infer<typeof klaviyoSinkOptions>;
