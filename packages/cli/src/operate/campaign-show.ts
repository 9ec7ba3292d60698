/** `campaign show`: everything about one campaign. */
import { states } from '@postrider/core/states';
import { openDatabase } from '@postrider/runner/database';
import { duration } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { campaignNamed } from './names.ts';
import { money } from '../output/money.ts';
import type { Fields } from '../output/table.ts';
import { relative } from '../output/text.ts';
import { outlookOf, outlookFields } from './spending-and-pace.ts';
import { asArgument } from '../output/as-command.ts';

export async function showCampaign(cli: Cli, name: string): Promise<void> {
  await using database = await openDatabase(cli);
  const { sql } = database;
  const { organizationId, campaignId } = await campaignNamed(sql, name);
  // A day is a day, in no time zone.
  const [settings] = await sql`
    select *, offer_ends_on::text as offer_ends_on
    from postrider.campaigns
    where organization_id = ${organizationId}
      and id = ${campaignId}`;
  const reasons = await sql<
    { state: string; reason: string | null; sentence: string | null; people: number }[]
  >`
    select state, reason, sentence, count(*)::int as people
    from postrider.recipients
    where organization_id = ${organizationId}
      and campaign_id = ${campaignId}
    group by 1, 2, 3
    order by array_position(${states}::text[], state), people desc`;
  const runs = await sql<SyncRun[]>`
    select
      kind, started_at, (extract(epoch from duration) * 1000)::float8 as ms, complete,
      fetched, created, changed, unchanged, repeated, conflicting, invalid, left_segment, error
    from postrider.sync_runs
    where organization_id = ${organizationId}
      and campaign_id = ${campaignId}
    order by started_at desc
    limit 5`;
  const [outlook] = await outlookOf(sql, organizationId, campaignId);
  const { out } = cli;
  if (out.json) {
    const { spending, pace } = outlook ?? { spending: null, pace: null };
    out.emit({ ...settings, spending, pace, states: reasons, syncs: runs });
    return;
  }
  const reads = settings?.['campaign_mode'] === 'automated' || settings?.['launched_at'] === null;
  out.records([
    [
      ['', `${String(settings?.['name'])} (${campaignId})`],
      ...fieldsOf(settings ?? {}),
      ...(outlook === undefined ? [] : outlookFields(outlook)),
    ],
  ]);
  out.print();
  out.list(
    reasons,
    [
      { title: 'state', value: (row) => row.state, style: () => 'bold' },
      { title: 'people', value: (row) => row.people, right: true },
      { title: 'reason', value: (row) => row.reason },
      { title: '', value: (row) => row.sentence },
    ],
    {
      nothing: reads
        ? `nobody is in it yet; read its list: postrider sync ${asArgument(name)}`
        : 'nobody is in it, and its list is not read any more',
    },
  );
  if (runs.length === 0) return;
  out.print();
  out.list(runs, [
    { title: 'sync', value: (row) => relative(row.started_at) },
    { title: 'kind', value: (row) => row.kind },
    { title: 'took', value: (row) => (row.ms === null ? 'under way' : duration(row.ms)) },
    { title: 'rows', value: (row) => row.fetched, right: true },
    { title: 'created', value: (row) => row.created, right: true },
    { title: 'changed', value: (row) => row.changed, right: true },
    { title: 'unusable', value: (row) => row.invalid, right: true },
    {
      title: '',
      value: (row) =>
        row.error ?? (row.complete || row.ms === null ? '' : 'not every row was read'),
    },
  ]);
}

/**
 * All that the file says, in its own words; what it leaves out and has no default is left out. The
 * effects stand among the adapters.
 */
function fieldsOf(settings: Readonly<Record<string, unknown>>): Fields {
  const {
    organization_id: _organization,
    id: _id,
    name: _name,
    printer_armed_at: armed,
    effects,
    event_statuses: statuses,
    remove_images_after: removeImages,
    keep_images_at_most: keepImages,
    ...others
  } = settings;
  const {
    campaign_mode: campaignMode,
    holdout_percent: holdoutPercent,
    holdout_salt: holdoutSalt,
    exclusion_window: exclusionWindow,
    assumed_after: assumedAfter,
    budget_minor: budget,
    price_minor: price,
    currency,
    frequency_cap_mode: capMode,
    ...rest
  } = others;
  const cap = rest['frequency_cap'];
  const shown: Record<string, unknown> = {
    ...rest,
    mode:
      `${String(campaignMode)}; ` +
      (rest['mode'] === 'test' ? 'test: nothing is printed' : String(rest['mode'])),
    holdout: `${String(holdoutPercent)} percent, salt ${String(holdoutSalt)}`,
    exclusion_window_days: daysOf(exclusionWindow),
    assumed_after_days: daysOf(assumedAfter),
    printer:
      `${String(rest['printer'])}, ` +
      (armed instanceof Date
        ? `armed for live printing since ${told(armed)}`
        : 'not armed for live printing'),
    return_address: parts(rest['return_address'], [
      'line1',
      'line2',
      'city',
      'region',
      'postalCode',
      'country',
    ]),
    adapters: parts(rest['adapters'], null),
    images:
      removeImages === null
        ? 'kept for ever'
        : `removed after ${daysOf(removeImages)} days, kept ${daysOf(keepImages)} at most`,
    event_sink_statuses: Array.isArray(effects) && effects.includes('event_sink') ? statuses : null,
    frequency_cap: typeof cap === 'string' ? `${cap}, ${String(capMode)}` : null,
    budget:
      typeof currency === 'string'
        ? `${money(Number(budget), currency)}, at ${money(Number(price), currency)} a card`
        : null,
  };
  return Object.entries(shown)
    .map(([key, value]) => [key.replaceAll('_', ' '), told(value)] as const)
    .filter(([, value]) => value !== '');
}

/** A file gives whole days; what a statement made of them stands as it is. */
function daysOf(interval: unknown): string {
  const text = String(interval);
  return /^\d+(?= days?$)/.exec(text)?.[0] ?? (/^[0:]+$/.test(text) ? '0' : text);
}

/** What an object says: its values in an order, or each with its name. */
function parts(value: unknown, order: readonly string[] | null): readonly string[] {
  const given = new Map(
    Object.entries(value ?? {}).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    ),
  );
  return order === null
    ? [...given].map(([name, part]) => `${name} ${part}`)
    : order.flatMap((name) => given.get(name) ?? []);
}

function told(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return `${value.toISOString()} (${relative(value)})`;
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object'
    ? JSON.stringify(value)
    : String(value as string | number | boolean);
}

interface SyncRun {
  readonly kind: string;
  readonly started_at: Date;
  readonly ms: number | null;
  readonly complete: boolean;
  readonly fetched: number;
  readonly created: number;
  readonly changed: number;
  readonly invalid: number;
  readonly error: string | null;
}
