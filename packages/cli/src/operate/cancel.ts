/**
 * `cancel --campaign`: the cards of a campaign, or some of them, are called back. What is stopped
 * for nothing, what the printer is asked for and what is too late is said before.
 */
import { readFile } from 'node:fs/promises';
import {
  cancelPeople,
  cancelPreview,
  type CancelCounts,
  type CancelFilter,
  type CancelledSome,
  type CancelPreview,
} from '@postrider/core';
import { states } from '@postrider/core/states';
import type { Sql } from '@postrider/runner/database';
import { UserError, count, exitCodes } from '@postrider/runner/process';
import { confirm } from '../output/confirm.ts';
import { money } from '../output/money.ts';
import type { Fields } from '../output/table.ts';
import type { Cli } from '../program/cli.ts';
import type { CampaignRow } from './names.ts';

/** As it is typed; null: it was not given. */
export interface TypedFilter {
  readonly states: string | null;
  readonly since: Date | null;
  readonly regions: string | null;
  readonly countries: string | null;
  readonly printers: string | null;
  /** A file with an id of the source in each line. */
  readonly idsFile: string | null;
}

interface CancelOptions {
  readonly filter: TypedFilter;
  readonly why: string | null;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export async function cancelCampaign(
  cli: Cli,
  sql: Sql,
  campaign: CampaignRow,
  { filter: typed, why, dryRun, yes }: CancelOptions,
): Promise<void> {
  const { out } = cli;
  const filter = await readFilter(typed);
  const preview = await cancelPreview(sql, campaign, filter);
  const { name } = campaign;
  const stops = preview.free + preview.atPrinter + preview.asked;
  if (dryRun || stops === 0) {
    if (out.json) return out.emit({ campaign: name, dryRun, ...preview });
    out.records([[['', name], ...fieldsOf(preview)]]);
    if (stops === 0) out.note('\nnobody can be cancelled; nothing was changed');
    return;
  }
  if (!out.json) out.records([[['', name], ...fieldsOf(preview)]]);
  await confirm(out, { what: `This cancels ${count(stops, 'card')} of ${name}.`, yes });
  const done = { free: 0, atPrinter: 0, asked: 0, tooLate: 0, unresolved: 0 };
  let after: string | null = null;
  do {
    const some: CancelledSome = await cancelPeople(sql, campaign, filter, { why, after });
    done.free += some.free;
    done.atPrinter += some.atPrinter;
    done.asked += some.asked;
    done.tooLate += some.tooLate;
    done.unresolved += some.unresolved;
    ({ after } = some);
    const left = stops - done.free - done.atPrinter - done.asked;
    if (after !== null && left > 0) out.note(`${count(left, 'card')} to go`);
  } while (after !== null);
  const told = { ...preview, ...done };
  out.result(
    { campaign: name, dryRun, ...told },
    `${name}: ${sentenceOf(told)}. What becomes of them: postrider cancel --campaign ${name} ` +
      '--results',
  );
}

function sentenceOf({ free, atPrinter, asked, tooLate, unresolved }: CancelCounts): string {
  return [
    free === 0 ? '' : `${count(free, 'card is', 'cards are')} not made, which costs nothing`,
    atPrinter === 0
      ? ''
      : `${count(atPrinter, 'card is', 'cards are')} at the printer's API: obeyed when it answers`,
    asked === 0 ? '' : `the printer is asked to call ${count(asked, 'card')} back`,
    tooLate === 0 ? '' : `for ${count(tooLate, 'card')} it is too late`,
    unresolved === 0
      ? ''
      : `whether ${count(unresolved, 'card is', 'cards are')} printed nobody knows`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}

function fieldsOf(preview: CancelPreview): Fields {
  const { counted, countedMinor, currency, prices } = preview;
  const back =
    counted === 0
      ? 'nothing'
      : `${count(counted, 'card')} that ${counted === 1 ? 'was' : 'were'} opened ` +
        (countedMinor === null || currency === null
          ? 'are given back to the caps'
          : `are given back to caps and budget, with ${money(countedMinor, currency)}`);
  return [
    ['not made', `${preview.free}, for nothing`],
    ['at the printer’s API', `${preview.atPrinter}, obeyed when it has answered`],
    ['asked for', `${preview.asked}, if the printer can still call them back`],
    ['too late', String(preview.tooLate)],
    ['to be resolved', String(preview.unresolved)],
    ['given back', back],
    ...prices.map(
      ({ currency: of, cards, amount }) =>
        [
          'price',
          `${amount} ${of} for ${count(cards, 'card that is', 'cards that are')} asked for`,
        ] as const,
    ),
  ];
}

async function readFilter(typed: TypedFilter): Promise<CancelFilter> {
  const wanted = listOf(typed.states);
  const unknown = wanted?.find((state) => !states.some((one) => one === state));
  if (unknown !== undefined)
    throw new UserError(
      exitCodes.usage,
      `${unknown} is not a state`,
      `the states are ${states.join(', ')}; nothing was changed`,
    );
  return {
    ...(wanted === null ? {} : { states: states.filter((one) => wanted.includes(one)) }),
    ...(typed.since === null ? {} : { since: typed.since }),
    ...given('regions', listOf(typed.regions)),
    ...given('countries', listOf(typed.countries)),
    ...given('printers', listOf(typed.printers)),
    ...given('externalIds', typed.idsFile === null ? null : await idsOf(typed.idsFile)),
  };
}

function given(name: string, list: readonly string[] | null): CancelFilter {
  return list === null ? {} : { [name]: list };
}

function listOf(typed: string | null): readonly string[] | null {
  return (
    typed
      ?.split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '') ?? null
  );
}

async function idsOf(path: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(
      exitCodes.failed,
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'give a file with an id of the source in each line; nothing was changed',
    );
  }
  const ids = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (ids.length === 0)
    throw new UserError(
      exitCodes.failed,
      `${path} has no id in it`,
      'give a file with an id of the source in each line; nothing was changed',
    );
  return ids;
}

interface ResultRow {
  readonly result: string;
  readonly cards: number;
  readonly counted: number;
  readonly price: string | null;
  readonly price_currency: string | null;
}

/** What became of the cards of a campaign that were cancelled, with the money. */
export async function showResults(cli: Cli, sql: Sql, campaign: CampaignRow): Promise<void> {
  const rows = await sql<ResultRow[]>`
    select result, count(*)::int as cards, (count(*) filter (where is_counted))::int as counted,
      sum(price)::text as price, max(price_currency) as price_currency
    from postrider.cancellations
    where organization_id = ${campaign.organizationId}
      and campaign_id = ${campaign.campaignId}
    group by result
    order by cards desc, result`;
  cli.out.list(
    rows,
    [
      { title: 'result', value: (row) => meaningOf[row.result] ?? row.result, style: () => 'bold' },
      { title: 'cards', value: (row) => row.cards, right: true },
      { title: 'counted', value: (row) => row.counted, right: true },
      {
        title: 'price',
        value: (row) =>
          row.price_currency === null ? null : `${row.price ?? ''} ${row.price_currency}`,
      },
    ],
    { nothing: `nothing of ${campaign.name} was cancelled` },
  );
}

const meaningOf: Readonly<Record<string, string>> = {
  not_made: 'not made',
  called_back: 'called back at the printer',
  asked: 'the printer is asked',
  waits: 'waits for the printer',
  too_late: 'too late: it is printed',
  printed: 'printed',
};
