/**
 * The fields of a campaign file. Every one is described in docs/reference/campaign-file.md.
 */
import { z } from 'zod';
import type { PortName } from '@postrider/core/ports';
import { isCountry } from '@postrider/core/ports/countries';
import { unknownKind } from '@postrider/adapters';

/** A field that is there but empty counts as not there. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

function words(what: string, longest: number) {
  return z
    .string(what)
    .trim()
    .min(1, what)
    .max(longest)
    .refine((text) => !/[\u0000-\u001f\u007f]/.test(text), `${what}, without control characters`);
}
function days(most: number) {
  return z.int('a whole number of days').min(0).max(most);
}
const positive = z.int('a whole number').min(1);

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'small letters, digits and hyphens, for example main-press');

/**
 * Names an adapter, by its kind or by an account; its other options are the adapter's own, and
 * checked by it.
 */
function adapter(port: PortName) {
  return z.looseObject({
    kind: words('the kind of an adapter', 60)
      .refine((kind) => unknownKind(port, kind) === null, {
        error: ({ input }) => unknownKind(port, String(input)) ?? '',
        params: { sentence: true },
      })
      .optional(),
    connection: name.optional(),
  });
}

/** Of what happens to a card, what its sink is told. */
const eventStatuses = z
  .array(z.enum(['sent', 'in_transit', 'delivered', 'returned', 'failed', 'cancelled']))
  .min(1, 'at least one of them; leave out event_sink to tell nothing')
  .default(['sent', 'in_transit', 'delivered', 'returned']);

export const returnAddress = z.strictObject({
  line1: words('text', 200),
  line2: optional(words('text', 200)),
  city: words('text', 200),
  region: optional(words('text', 100)),
  postal_code: words('a text in quotes (a zero in front would be lost)', 20),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'two capital letters (ISO 3166), for example US')
    .refine(isCountry, 'is no country (ISO 3166)'),
});

export const budget = z.strictObject({
  amount: z.number().positive('more than 0'),
  price_per_card: z.number().positive('more than 0'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'three capital letters (ISO 4217), for example USD'),
});

export const schema = z.strictObject({
  name: words('text', 100).refine((name) => !name.includes('/'), 'a name without a slash'),
  organization: words('text', 200),
  time_zone: words('a time zone, for example America/New_York', 60).optional(),
  mode: z.enum(['automated', 'one_off']),
  segment: optional(words('the id of a segment at the audience', 200)),
  audience: adapter('audience').optional(),
  enricher: adapter('enricher').optional(),
  renderer: adapter('renderer').extend({ template: words('the file of a template', 1000) }),
  format: words('a format, for example 4x6', 60),
  image_host: adapter('imageHost').extend({
    remove_after_days: z
      .union([days(3650), z.literal('never')], 'a whole number of days, or never')
      .default(7),
    keep_at_most_days: days(3650).min(7).default(90),
  }),
  printer: adapter('printer').extend({ name: name.optional() }),
  mail_class: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,59}$/, 'small letters and underscores, for example first_class'),
  usage_meter: adapter('usageMeter').optional(),
  event_sink: adapter('eventSink').extend({ statuses: eventStatuses }).optional(),
  return_address: optional(returnAddress),
  dedupe: z.enum(['person', 'household']).default('household'),
  holdout: z
    .strictObject({
      percent: z
        .number()
        .min(0)
        .max(100)
        .refine(
          (percent) => Number.isInteger(Math.round(percent * 1e6) / 1e4),
          'a percentage with two decimals at most',
        ),
      salt: words('text', 200),
    })
    .optional(),
  exclusion_window_days: days(3650).default(30),
  frequency_cap: z
    .strictObject({ days: days(3650).min(1), mode: z.enum(['skip', 'defer']).default('skip') })
    .optional(),
  daily_cap: positive.optional(),
  total_cap: positive.optional(),
  budget: budget.optional(),
  offer_ends_on: z.iso.date('a day, for example 2026-11-30').optional(),
  transit_days: days(365).optional(),
  hold_back_minutes: z.int().min(0).max(43_200).default(0),
  assumed_after_days: days(365).min(1).optional(),
});

/** What a campaign file says, once it is in order. */
export type CampaignFields = z.infer<typeof schema>;

interface DeliveryTime {
  readonly transit: number;
  readonly assumed: number;
}
const slowest: DeliveryTime = { transit: 14, assumed: 35 };
/** The mail classes of which it is known how long they take. */
export const deliveryTimes: ReadonlyMap<string, DeliveryTime> = new Map([
  ['first_class', { transit: 5, assumed: 21 }],
  ['standard', slowest],
]);

/**
 * From the day a card is accepted: how long it usually takes, and when it counts as there although
 * nobody scanned it.
 */
export function deliveryTimeOf(mailClass: string): DeliveryTime {
  return deliveryTimes.get(mailClass) ?? slowest;
}
