/**
 * A campaign file, checked, in the machine's words. Every field is described in
 * docs/reference/campaign-file.md.
 */
import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CampaignDefinition } from '@postrider/core';
import type { Address, PortName } from '@postrider/core/ports';
import { z } from 'zod';
import { unknownKind } from '../wiring/integrations.ts';
import {
  ConfigurationError,
  inOrder,
  readDraft,
  type ConfigDraft,
  type Problem,
} from './yaml-file.ts';

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

/** Names an adapter; its other options are the adapter's own, and checked by it. */
function adapter(port: PortName) {
  return z.looseObject({
    kind: words('the kind of an adapter', 60).refine((kind) => unknownKind(port, kind) === null, {
      error: ({ input }) => unknownKind(port, String(input)) ?? '',
      params: { sentence: true },
    }),
  });
}

const returnAddress = z.strictObject({
  line1: words('text', 200),
  line2: optional(words('text', 200)),
  city: words('text', 200),
  region: optional(words('text', 100)),
  postal_code: words('a text in quotes (a zero in front would be lost)', 20),
  country: z.string().regex(/^[A-Z]{2}$/, 'two capital letters (ISO 3166), for example US'),
});

const budget = z.strictObject({
  amount: z.number().positive('more than 0'),
  price_per_card: z.number().positive('more than 0'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'three capital letters (ISO 4217), for example USD'),
});

const schema = z.strictObject({
  name: words('text', 100).refine((name) => !name.includes('/'), 'a name without a slash'),
  organization: words('text', 200),
  time_zone: words('a time zone, for example America/New_York', 60).optional(),
  mode: z.enum(['automated', 'one_off']),
  segment: optional(words('the id of a segment at the audience', 200)),
  audience: adapter('audience').optional(),
  enricher: adapter('enricher').optional(),
  renderer: adapter('renderer').extend({ template: words('the file of a template', 1000) }),
  format: words('a format, for example 4x6', 60),
  image_host: adapter('imageHost'),
  printer: adapter('printer').extend({
    name: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9-]{0,62}$/,
        'small letters, digits and hyphens, for example print-shop',
      ),
  }),
  mail_class: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,59}$/, 'small letters and underscores, for example first_class'),
  usage_meter: adapter('usageMeter').optional(),
  event_sink: adapter('eventSink').optional(),
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
  assumed_after_days: days(365).min(1).optional(),
});

type File = z.infer<typeof schema>;

export interface CampaignFile {
  readonly path: string;
  readonly organization: string;
  readonly timeZone: string | null;
  readonly definition: CampaignDefinition;
  /**
   * An error at a field of this file, with its line; fields by their names in the file, for example
   * `audience.path`.
   */
  error(
    problems: readonly { readonly field: string; readonly message: string }[],
  ): ConfigurationError;
}

/**
 * From the day a card is accepted: how long it usually takes, and when it counts as there although
 * nobody scanned it.
 */
const slowest = { transit: 14, assumed: 35 };
const usual: Readonly<Record<string, { readonly transit: number; readonly assumed: number }>> = {
  first_class: { transit: 5, assumed: 21 },
  standard: slowest,
};

/**
 * A campaign file as it stands: where some of it cannot be used, the rest can still be looked at.
 */
export interface CampaignDraft {
  readonly path: string;
  readonly baseDirectory: string;
  readonly raw: Readonly<Record<string, unknown>>;
  /** Null where there are problems. */
  readonly file: CampaignFile | null;
  readonly problems: readonly Problem[];
  /** A problem at a field of this file, by its name there, for example `audience.path`. */
  problem(field: string, message: string): Problem;
}

/**
 * What may be meant, and most likely is not: told beside what cannot be used, of the fields that
 * can.
 */
export function oddities({ raw }: CampaignDraft, today = new Date()): string[] {
  const read = <Name extends keyof File>(name: Name): File[Name] | undefined =>
    schema.shape[name].safeParse(raw[name]).data as File[Name] | undefined;
  const found: string[] = [];
  if (
    (raw['audience'] ?? null) !== null &&
    (raw['segment'] ?? null) === null &&
    raw['mode'] !== 'automated'
  )
    found.push(
      'audience: there is no segment of it to read: nobody comes from it until segment names one',
    );
  const [end, mailClass] = [read('offer_ends_on'), read('mail_class')];
  if (mailClass === undefined) return found;
  const days = read('transit_days') ?? (usual[mailClass] ?? slowest).transit;
  const arrives = new Date(today.getTime() + days * 86_400_000).toISOString().slice(0, 10);
  if (end !== undefined && end < arrives)
    found.push(
      `offer_ends_on: ${end} is before a card mailed today arrives (transit_days: ${days}): everybody would be skipped`,
    );
  if (!Object.hasOwn(usual, mailClass))
    found.push(
      `mail_class: ${mailClass} is neither ${Object.keys(usual).join(' nor ')}: a printer may refuse it, and the times of standard count`,
    );
  return found;
}

/** Throws `ConfigurationError` where there is nothing to look at: no such file, broken YAML. */
export async function readCampaignDraft(path: string): Promise<CampaignDraft> {
  const draft = await readDraft(path, schema);
  const { value } = draft;
  const raw = isGroup(draft.raw) ? draft.raw : {};
  const problems = inOrder([...draft.problems, ...contradictions(raw, draft.problem)]);
  const problem = (field: string, message: string): Problem =>
    draft.problem(field.split('.'), message);
  const baseDirectory = dirname(realpathSync(resolve(path)));
  const error: CampaignFile['error'] = (found) =>
    new ConfigurationError(
      path,
      found.map(({ field, message }) => problem(field, message)),
    );
  const file =
    value === null || problems.length > 0
      ? null
      : {
          path,
          organization: value.organization,
          timeZone: value.time_zone ?? null,
          definition: definitionOf(value, baseDirectory),
          error,
        };
  return { path, baseDirectory, raw, file, problems, problem };
}

/** Throws `ConfigurationError`. */
export async function readCampaignFile(path: string): Promise<CampaignFile> {
  const { file, problems } = await readCampaignDraft(path);
  if (file === null) throw new ConfigurationError(path, problems);
  return file;
}

/** Between fields that may each be well. */
function contradictions(
  raw: CampaignDraft['raw'],
  problem: ConfigDraft<unknown>['problem'],
): Problem[] {
  const problems: Problem[] = [];
  const missing = (field: string): boolean => (raw[field] ?? null) === null;
  if (!missing('segment') && missing('audience'))
    problems.push(
      problem(['segment'], 'names a segment, but there is no audience to read it from'),
    );
  if (raw['mode'] === 'automated' && missing('segment'))
    problems.push(
      problem(
        ['mode'],
        'an automated campaign follows a segment: name one with segment, or use one_off',
      ),
    );
  const money = budget.safeParse(raw['budget']);
  if (money.success) {
    const { digits, currency } = minorUnits(money.data.currency);
    for (const field of ['amount', 'price_per_card'] as const) {
      if (!isWhole(money.data[field] * 10 ** digits))
        problems.push(problem(['budget', field], `${currency} has ${digits} decimals`));
    }
  }
  return problems;
}

/** A group of fields, as far as the file has one there. */
export function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function definitionOf(file: File, baseDirectory: string): CampaignDefinition {
  const {
    audience,
    enricher,
    image_host,
    printer,
    usage_meter,
    event_sink,
    budget: money,
    return_address: from,
  } = file;
  const { template, ...renderer } = file.renderer;
  const ports = { audience, enricher, renderer, image_host, printer, usage_meter, event_sink };
  const known = usual[file.mail_class] ?? slowest;
  const scale = money === undefined ? 1 : 10 ** minorUnits(money.currency).digits;
  return {
    name: file.name,
    campaign_mode: file.mode,
    provider_segment_id: file.segment ?? null,
    integrations: Object.fromEntries(
      Object.entries(ports).filter(([, port]) => port !== undefined),
    ),
    base_directory: baseDirectory,
    template,
    format: file.format,
    mail_class: file.mail_class,
    printer_name: printer.name,
    return_address: from === undefined ? null : printed(from),
    dedupe: file.dedupe,
    exclusion_window: `${file.exclusion_window_days} days`,
    frequency_cap: file.frequency_cap === undefined ? null : `${file.frequency_cap.days} days`,
    frequency_cap_mode: file.frequency_cap?.mode ?? 'skip',
    holdout_percent: file.holdout?.percent ?? 0,
    holdout_salt: file.holdout?.salt ?? file.name,
    daily_cap: file.daily_cap ?? null,
    total_cap: file.total_cap ?? null,
    budget_minor: money === undefined ? null : Math.round(money.amount * scale),
    price_minor: money === undefined ? null : Math.round(money.price_per_card * scale),
    currency: money?.currency ?? null,
    offer_ends_on: file.offer_ends_on ?? null,
    transit_days: file.transit_days ?? known.transit,
    assumed_after: `${file.assumed_after_days ?? known.assumed} days`,
    effects: [
      ...(usage_meter === undefined ? [] : (['usage_meter'] as const)),
      ...(event_sink === undefined ? [] : (['event_sink'] as const)),
    ],
  };
}

function printed(from: z.infer<typeof returnAddress>): Address {
  const { line1, line2 = null, city, region = null, postal_code: postalCode, country } = from;
  return { line1, line2, city, region, postalCode, country };
}

/** As it stands on a card; null where there is none that can be used. */
export function returnAddressOf(raw: unknown): Address | null {
  const { data } = returnAddress.safeParse(raw);
  return data === undefined ? null : printed(data);
}

function minorUnits(currency: string): { digits: number; currency: string } {
  const { maximumFractionDigits } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions();
  return { digits: maximumFractionDigits ?? 2, currency };
}

/** 0.85 × 100 is 85.00000000000001 or thereabouts. */
function isWhole(minor: number): boolean {
  return Math.abs(minor - Math.round(minor)) < 1e-6;
}
