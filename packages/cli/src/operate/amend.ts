/** `amend`: the fields as they are typed, whom they are for, and what became of them. */
import { isPlain, readCell } from '@postrider/adapters/lists';
import { nearWords } from '@postrider/core/ports/near';
import {
  amend,
  type Amended,
  type AmendedContent,
  type AmendedPerson,
  type Amendment,
} from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import { UserError, count, exitCodes, printable } from '@postrider/runner/process';
import { confirm } from '../output/confirm.ts';
import type { Output } from '../output/output.ts';
import type { Cli } from '../program/cli.ts';
import { eachPerson, listedPeople } from './each-person.ts';
import { campaignNamed, fullRecipientName, peopleNamed, type RecipientRow } from './names.ts';

const roles = {
  first_name: 'firstName',
  last_name: 'lastName',
  line1: 'line1',
  line2: 'line2',
  city: 'city',
  region: 'region',
  postal_code: 'postalCode',
  country: 'country',
} as const;
type Column = keyof typeof roles;
const columns = Object.keys(roles) as readonly Column[];

/** Longer is no text for a card. */
const longestMergeText = 1000;

interface FieldsGiven {
  readonly fields: Amendment;
  /** What was read otherwise than it was typed. */
  readonly notes: readonly string[];
}

/** Reads fields as a cell of a list is read: what a list may not say may not be typed either. */
export function fieldsGiven(set: readonly string[], unset: readonly string[]): FieldsGiven {
  const fields: Record<string, string | null> = {};
  const merge: Record<string, string | null> = {};
  const notes: string[] = [];
  const seen = new Set<string>();
  const put = (name: string, value: string | null): void => {
    if (seen.has(name)) throw wrong(`${printable(name)} is given twice`, 'give each field once');
    seen.add(name);
    if (name.startsWith('merge.') && name.length > 6) {
      if (value !== null && !(value.length <= longestMergeText && value.isWellFormed()))
        throw wrong(
          `${printable(name)} is no text for a card`,
          `at most ${longestMergeText} characters of valid Unicode are taken`,
        );
      Object.defineProperty(merge, name.slice(6), { value, enumerable: true });
      return;
    }
    const column = columnNamed(name);
    if (value === null) {
      fields[roles[column]] = null;
      return;
    }
    const cell = readCell(roles[column], { column, text: value });
    if (cell.fault !== null) throw wrong(cell.fault.message.replace(/\.$/, ''), 'correct it');
    if (!isPlain(cell.value))
      throw wrong(
        `${column} has a line break or another character that cannot be printed`,
        'a second line of the street is line2',
      );
    notes.push(...cell.notes.map(({ message }) => message));
    fields[roles[column]] = cell.value;
  };
  for (const one of set) {
    const at = one.indexOf('=');
    if (at < 1)
      throw wrong(
        `--set ${printable(one)} has no value`,
        'as --set city=Oakland; `--set line2=` is blank, and --unset line2 takes it away',
      );
    put(one.slice(0, at), one.slice(at + 1));
  }
  for (const one of unset) put(one, null);
  if (seen.size === 0)
    throw wrong('no field is given', 'as --set city=Oakland, or --set merge.offer=B');
  return {
    fields: Object.keys(merge).length === 0 ? fields : { ...fields, merge },
    notes,
  };
}

function columnNamed(name: string): Column {
  const column = columns.find((one) => one === name || roles[one] === name);
  if (column !== undefined) return column;
  const [near] = nearWords(name, columns);
  throw wrong(
    `${printable(name)} is no field that can be amended`,
    near === undefined
      ? `fields are ${columns.join(', ')}, and merge.<field> for merge data`
      : `did you mean ${near}? Merge data is merge.<field>`,
  );
}

function wrong(message: string, hint: string): UserError {
  return new UserError(exitCodes.usage, message, `${hint}; nothing was changed`);
}

export interface AmendGiven {
  readonly given: string;
  readonly campaign: string | undefined;
  readonly organization: string | undefined;
  readonly fields: Amendment;
  readonly why: string | null;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export async function amendPerson(cli: Cli, sql: Sql, asked: AmendGiven): Promise<void> {
  const { out } = cli;
  const people = await amendable(sql, asked);
  await confirm(out, {
    what: `This amends ${count(people.length, 'card')}: ${listedPeople(people)}.`,
    yes: asked.yes || asked.dryRun || people.length === 1,
  });
  await eachPerson(out, people, async (one) =>
    tell(out, one, await amend(sql, one.recipientId, asked.fields, asked), asked.fields),
  );
}

/** Of several, those whose card is still to come; where there are none, it is refused for all. */
async function amendable(sql: Sql, asked: AmendGiven): Promise<readonly RecipientRow[]> {
  const campaign = asked.campaign === undefined ? null : await campaignNamed(sql, asked.campaign);
  const organization = campaign?.organizationId ?? asked.organization;
  const found = (await peopleNamed(sql, [asked.given], organization)).filter(
    (one) => campaign === null || one.campaign === campaign.name,
  );
  if (campaign !== null && found.length === 0)
    throw new UserError(
      exitCodes.failed,
      `${printable(asked.given)} is not in campaign ${printable(campaign.name)}`,
      `postrider why ${JSON.stringify(asked.given)} says where; nothing was changed`,
    );
  const { terminalStates } = await import('@postrider/core/states');
  const over = new Set<string>(terminalStates);
  const open = found.filter(
    ({ state, reason }) =>
      !over.has(state) ||
      state === 'error' ||
      (state === 'skipped' && ['no_address', 'bad_address'].includes(reason ?? '')),
  );
  return open.length > 0 ? open : found;
}

function tell(out: Output, one: RecipientRow, told: AmendedPerson, fields: Amendment): void {
  if (out.json)
    return out.emit({ ...told, organization: one.organization, campaign: one.campaign });
  const who = fullRecipientName(one);
  if (told.outcome === 'unchanged')
    return out.print(`${who}: ${told.state}, and stands so already: nothing was changed`);
  const move = told.was === told.state ? told.state : `${told.was} → ${told.state}`;
  out.print(`${who}: ${told.dryRun ? 'would be amended' : 'amended'}, ${move}`);
  for (const line of changesOf(told)) out.print(`  ${line}`);
  out.print(`  ${whatFollows(told)}`);
  for (const key of Object.keys(fields.merge ?? {}))
    if (!Object.hasOwn(told.before.merge, key))
      out.note(
        `merge.${printable(key)} was not there before; there is ` +
          (Object.keys(told.before.merge).map(printable).join(', ') || 'no merge data'),
      );
  if (told.dryRun) out.note('nothing was changed');
}

/** `line1: "1 Elm St" → "9 Oak St"`, each field that changes. */
export function changesOf({ changed, before, after }: Amended): string[] {
  return changed.map((field) => {
    const [was, is] = [before, after].map((content) => valueOf(content, field));
    return `${printable(field)}: ${quoted(was)} → ${quoted(is)}`;
  });
}

function valueOf(content: AmendedContent, field: string): string | null {
  if (field === 'email') return [content.email, ...content.otherEmails].join('; ') || null;
  if (field.startsWith('merge.')) return content.merge[field.slice(6)] ?? null;
  const column = columns.find((one) => one === field);
  return column === undefined ? null : content[roles[column]];
}

function quoted(value: string | null | undefined): string {
  return value === null || value === undefined ? 'none' : `"${printable(value)}"`;
}

/** What the rules make of it, in words. */
export function whatFollows(told: Amended): string {
  const detail = told.detail === null ? '' : `: ${printable(told.detail)}`;
  const household = told.newHousehold ? 'another household; ' : '';
  switch (told.state) {
    case 'pending':
      return told.reason === 'frequency_deferred'
        ? `${household}the household was mailed lately: the card is made later`
        : `${household}the card is made anew`;
    case 'address_enrichable':
    case 'address_enriching':
      return 'it still waits for an address';
    default:
      return `${household}no card is made (${told.reason}${detail})`;
  }
}
