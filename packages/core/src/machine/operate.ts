/** Typed calls of what operators do with people and their cards, and to mend what failed. */
import { requireKnown } from '../common/invalid-options.ts';
import type { Sql } from './calls.ts';
import type { CampaignKey } from './campaigns.ts';
import * as calls from './generated/index.generated.ts';
import type { Reason, RecipientState } from './states.generated.ts';

export type Holdable = 'organization' | 'campaign' | 'printer' | 'connection' | 'recipient';

/** Something that can be held; a printer's id is its name. */
export interface HoldTarget {
  readonly organizationId: string;
  readonly kind: Holdable;
  readonly id: string;
}

export interface Held {
  readonly held: Holdable;
  readonly id: string;
  /** Cards that are at the printer's API and still go out. */
  readonly atPrinter: number;
  /** Of so many of these nobody knows whether the printer has them. */
  readonly unknown: number;
}

/** When it returns, nothing new begins. */
export async function hold(
  sql: Sql,
  { organizationId, kind, id }: HoldTarget,
  why: string | null = null,
): Promise<Held> {
  return await calls.hold(sql, { organizationId, kind, id, why });
}

/** Gives back what it was before the hold. Returns the status that follows. */
export async function release(
  sql: Sql,
  { organizationId, kind, id }: HoldTarget,
  why: string | null = null,
): Promise<string> {
  return await calls.release(sql, { organizationId, kind, id, why });
}

/** Tries a recipient in error again. Returns the state that follows. */
export async function retry(sql: Sql, recipientId: string): Promise<string> {
  return await calls.retry(sql, { recipientId });
}

export interface RetriedAll {
  /** How many, by the state that follows. */
  readonly tried: Readonly<Record<string, number>>;
  /** Not tried: a card of theirs may exist. */
  readonly refused: number;
  /** Still to be tried: call again. */
  readonly left: number;
}

/** Tries everybody of a campaign again who is in error for this reason, 10,000 at a time. */
export async function retryAll(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
  reason: Reason,
): Promise<RetriedAll> {
  return await calls.retryAll(sql, { organizationId, campaignId, reason });
}

/**
 * Clears an alarm. Returns when.
 * @param why what came of it; stays in the person's trace.
 */
export async function clearAlarm(sql: Sql, alarmId: string, why: string): Promise<Date> {
  return new Date(await calls.clearAlarm(sql, { alarmId, why }));
}

/** Webhooks that could not be read are read again; null: of all printers. Returns how many. */
export async function retryWebhooks(
  sql: Sql,
  organizationId: string,
  printerName: string | null = null,
): Promise<number> {
  return await calls.retryWebhooks(sql, { organizationId, printerName });
}

/** Which people of a campaign; what is left out does not matter. */
export interface CancelFilter {
  readonly states?: readonly RecipientState[];
  /** People who came to their state then or later. */
  readonly since?: Date;
  readonly regions?: readonly string[];
  /** ISO 3166-1 alpha-2. */
  readonly countries?: readonly string[];
  readonly printers?: readonly string[];
  readonly externalIds?: readonly string[];
}

/** People, by what a cancel does for them. */
export interface CancelCounts {
  /** Before the printer: the card is not made, and costs nothing. */
  readonly free: number;
  /** At the printer's API, or a card may exist: obeyed as soon as the printer has answered. */
  readonly atPrinter: number;
  /** The printer has the card, and is asked to call it back. */
  readonly asked: number;
  /** The printer has told that it is too late, or the carrier has it: nobody is asked. */
  readonly tooLate: number;
  /** The printer could not tell whether the card was printed: `resolve` comes first. */
  readonly unresolved: number;
}

export interface CancelPreview extends CancelCounts {
  /** Of those that are not made, or may not be: caps and budget get them back. */
  readonly counted: number;
  /** What these are counted with; null where the campaign has no price. */
  readonly countedMinor: number | null;
  readonly currency: string | null;
  /** What printers charge for the cards that are asked for, as far as they told, in major units. */
  readonly prices: readonly {
    readonly currency: string;
    readonly cards: number;
    readonly amount: number;
  }[];
}

export interface CancelledSome extends CancelCounts {
  /** Call again after this person; null: nobody is left. */
  readonly after: string | null;
}

/** What a cancel of these people of a campaign would do. It changes nothing. */
export async function cancelPreview(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
  filter: CancelFilter = {},
): Promise<CancelPreview> {
  return await calls.cancelPreview(sql, { organizationId, campaignId, filter });
}

/**
 * Cancels these people of a campaign, `limit` (1,000) at a time, in the order of their ids. It
 * tells of the people that it has looked at.
 */
export async function cancelPeople(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
  filter: CancelFilter = {},
  options: {
    readonly why?: string | null;
    readonly limit?: number;
    /** As the last call told it. */
    readonly after?: string | null;
  } = {},
): Promise<CancelledSome> {
  requireKnown('cancelPeople', options, ['why', 'limit', 'after']);
  const { why = null, limit, after } = options;
  return await calls.cancelPeople(sql, { organizationId, campaignId, filter, why, limit, after });
}

/** Cancels a recipient's card, also at the printer. Returns the state that follows. */
export async function cancel(
  sql: Sql,
  recipientId: string,
  why: string | null = null,
): Promise<string> {
  return await calls.cancel(sql, { recipientId, why });
}

/** Erases a person, for good: a later sync does not bring them back. Returns what was done. */
export async function erase(sql: Sql, recipientId: string): Promise<string> {
  return await calls.erase(sql, { recipientId });
}

/**
 * The only way out of outcome_unknown. Returns the state that follows.
 * @param evidence for `printed` the printer's id, for `not_printed` who said so and when.
 */
export async function resolve(
  sql: Sql,
  mailpieceId: string,
  verdict: 'printed' | 'not_printed',
  evidence: string,
): Promise<string> {
  return await calls.resolve(sql, { mailpieceId, verdict, evidence });
}

export interface SuppressionEntry {
  readonly email?: string | null;
  readonly externalId?: string | null;
  readonly line1?: string | null;
  readonly line2?: string | null;
  readonly postalCode?: string | null;
  readonly country?: string | null;
  readonly reason?: string | null;
}

const entryFields: readonly (keyof SuppressionEntry)[] = [
  'email',
  'externalId',
  'line1',
  'line2',
  'postalCode',
  'country',
  'reason',
];

/** Puts somebody on the do-not-mail list. Returns how many people it stopped. */
export async function suppress(
  sql: Sql,
  organizationId: string,
  entry: SuppressionEntry,
  source: string,
): Promise<number> {
  requireKnown('suppress', entry, entryFields);
  const { country, reason, ...known } = entry;
  return await calls.suppress(sql, {
    organizationId,
    ...known,
    country: country ?? undefined,
    reason: reason ?? undefined,
    source,
  });
}

export interface RekeyedPerson {
  readonly recipientId: string;
  readonly externalId: string;
  readonly name: string;
  readonly line1: string;
  readonly line2: string | null;
  readonly state: RecipientState;
  /** The key before the re-key. */
  readonly householdKey: string;
}

export interface RekeyedHousehold {
  readonly campaign: string;
  readonly people: readonly RekeyedPerson[];
}

export interface RekeyPreview {
  /** Of the rules of today. */
  readonly version: string;
  /** People whose household gets another key. */
  readonly people: number;
  readonly campaigns: readonly {
    readonly campaign: string;
    readonly people: number;
    readonly joined: number;
    readonly parted: number;
  }[];
  /** People of one campaign who become one household; at most as many as were asked for. */
  readonly joined: readonly RekeyedHousehold[];
  /** People of one household who will not be one. */
  readonly parted: readonly RekeyedHousehold[];
  /** Entries of the do-not-mail list that get another key. */
  readonly suppressions: number;
  /** Entries that stay as they are: their address is not kept. */
  readonly left: number;
}

/** Says whom a re-key would join and part, and changes nothing. */
export async function rekeyPreview(
  sql: Sql,
  organizationId: string,
  households?: number,
): Promise<RekeyPreview> {
  return await calls.rekeyPreview(sql, { organizationId, households });
}

export interface Rekeyed {
  /** What is called next; null: all is done. */
  readonly next: string | null;
  /** People whose household got another key. */
  readonly people: number;
  /** Entries that were added, so that an opt-out keeps reaching whom it reached. */
  readonly kept: number;
}

/** Gives the households of an organization today's keys, `limit` people at a time. */
export async function* rekey(
  sql: Sql,
  organizationId: string,
  limit?: number,
): AsyncGenerator<Rekeyed> {
  let next: string | null = null;
  do {
    const done: Rekeyed = await calls.rekey(sql, { organizationId, next, limit });
    yield done;
    next = done.next;
  } while (next !== null);
}
