/** The options of Lob: of the account, and of a campaign's printer. */
import { z } from 'zod';
import { addressOption, timeoutOption } from '../kit/account.ts';

const LOB_KEEPS_KEYS = 86_400_000;

/** Of a connection. */
export const lobAccountOptions = z.strictObject({
  url: addressOption('https://api.lob.com/v1'),
  apiVersion: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/)
    .optional()
    .describe('the header `Lob-Version`; the account’s own version unless told'),
});
export type LobAccountOptions = z.infer<typeof lobAccountOptions>;

export const lobOptions = z.strictObject({
  useType: z
    .enum(['marketing', 'operational', 'account'])
    .default('marketing')
    .describe('what the cards are for, as Lob asks; `account`: as the account has it set'),
  artwork: z
    .enum(['bytes', 'links'])
    .default('bytes')
    .describe(
      'how Lob gets the artwork: `bytes` in the request, so that no public host holds names and addresses; `links` where the image host gives one file a side at an address that Lob takes (https, no query, ends in .pdf, .png or .jpg)',
    ),
  sender: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .describe(
      'the name above the return address that Lob keeps with the piece; without it the return address is only on the artwork',
    ),
  printSpeed: z
    .enum(['core'])
    .optional()
    .describe('`core`: two production days, where the account has it'),
  atOnce: z.int().min(1).max(200).default(50).describe('most requests of a cohort at a time'),
  timeoutMs: timeoutOption(30_000),
  keyLifetimeMs: z
    .int()
    .positive()
    .refine(
      (ms) => ms <= LOB_KEEPS_KEYS,
      `must be ${LOB_KEEPS_KEYS} at most: after 24 hours Lob makes a second card of a key`,
    )
    .default(LOB_KEEPS_KEYS)
    .describe('how long Lob remembers an idempotency key, in milliseconds: 24 hours, or less'),
  readLagMs: z
    .int()
    .min(0)
    .default(60_000)
    .describe(
      'how long a new piece may be missing from look-ups, in milliseconds. UNCONFIRMED: Lob tells no figure',
    ),
  pollDays: z
    .int()
    .min(1)
    .max(180)
    .default(45)
    .describe('where webhooks fall silent, and once a day, pieces of so many days are asked for'),
});
export type LobOptions = z.infer<typeof lobOptions>;
