/** Typed calls of a launch: what it would do, whose cards to look at before, and the launch. */
import { requireKnown } from '../common/invalid-options.ts';
import type { Sql } from './calls.ts';
import type { CampaignKey } from './campaigns.ts';
import * as calls from './generated/index.generated.ts';
import type { Reason, RecipientState } from './states.generated.ts';

export interface LaunchOptions {
  readonly mode: 'test' | 'live';
  readonly why?: string | null;
  /** With a live launch its printer is armed too; where the launch is refused, it is not. */
  readonly arm?: boolean;
}

/**
 * Makes a campaign active in a mode. What would stop every card is refused. From test to live goes
 * `goLive`, and nothing goes back.
 */
export async function launch(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
  options: LaunchOptions,
): Promise<string> {
  requireKnown('launch', options, ['mode', 'why', 'arm']);
  const { mode, why = null, arm = false } = options;
  return await calls.launch(sql, { organizationId, campaignId, mode, why, arm });
}

export interface GoLiveOptions {
  readonly why?: string | null;
  /** Its printer is armed too; where going live is refused, it is not. */
  readonly arm?: boolean;
}

/** What going live did. Of a campaign that was live already it counts nothing. */
export interface WentLive {
  readonly status: string;
  readonly mode: 'live';
  /** Mailpieces of the test: nothing was printed. */
  readonly voided: number;
  /** People who begin again. */
  readonly begunAgain: number;
  /** People who waited and may not be mailed: cancelled, opted out, or in another campaign. */
  readonly turnedAway: number;
}

/** Makes a campaign live that was launched in test mode. Nobody counts as mailed by its test. */
export async function goLive(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
  { why = null, arm = false }: GoLiveOptions = {},
): Promise<WentLive> {
  return await calls.goLive<WentLive>(sql, { organizationId, campaignId, why, arm });
}

/** The people whom a rule turned away, by reason. */
export interface TurnedAway {
  readonly state: RecipientState;
  readonly reason: Reason | null;
  readonly sentence: string | null;
  readonly people: number;
}

export interface LaunchCards {
  /** The people who are to get a card, without those who are held one by one. */
  readonly people: number;
  readonly held: number;
  /** Of people: who waits for another day, as after a card of another campaign. */
  readonly later: number;
  /** Cards that go today, by the organization's clock. */
  readonly now: number;
  /** Cards that total cap and budget allow. */
  readonly inAll: number;
  /** Of these: they would arrive after the end of the offer, and are skipped. */
  readonly tooLate: number;
  /** From the first card to the last. */
  readonly days: number;
}

export interface LaunchCaps {
  readonly daily: number | null;
  readonly openedToday: number;
  readonly total: number | null;
  readonly opened: number;
  readonly left: number | null;
}

/** In the smallest unit of the currency. */
export interface LaunchBudget {
  readonly currency: string;
  readonly price: number;
  readonly total: number;
  readonly spent: number;
  readonly left: number;
  /** So many cards. */
  readonly pays: number;
  /** Of the cards that go in time. */
  readonly cost: number;
  /** Of a card for everybody. */
  readonly costOfAll: number;
}

export interface LaunchPrinter {
  readonly name: string;
  readonly kind: string;
  readonly armed: boolean;
  readonly held: boolean;
  readonly heldWhy: string | null;
  /** By name; null: it needs none. */
  readonly connection: string | null;
}

/** Names that are longer than the printer prints. */
export interface LaunchNames {
  /** In letters. */
  readonly longest: number;
  /** How many are shortened. */
  readonly shortened: number;
  /** The first of them. */
  readonly examples: readonly { readonly name: string; readonly printed: string }[];
}

/** Days are days of the organization: YYYY-MM-DD. Null: no card goes, or the offer has no end. */
export interface LaunchMail {
  readonly format: string;
  readonly mailClass: string;
  readonly transitDays: number;
  /** For so long a card is called back for nothing before it goes to the printer. */
  readonly holdBackMinutes: number;
  readonly offerEndsOn: string | null;
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  readonly firstArrival: string | null;
  readonly lastArrival: string | null;
}

/** What the end of a test puts aside. */
export interface LaunchTest {
  /** Test cards: nothing was printed. */
  readonly cards: number;
  /**
   * People who would begin again, at most: the rules are asked once more. They are to be mailed.
   */
  readonly beginAgain: number;
}

/** What would stop every card. */
export interface LaunchBlocker {
  readonly blocker:
    | 'not_launchable'
    | 'mode_frozen'
    | 'printer_not_armed'
    | 'test_at_printer'
    | 'organization_held'
    | 'printer_held'
    | 'connection_held'
    | 'connection_mode'
    | 'offer_over'
    | 'total_cap_reached'
    | 'budget_spent'
    | 'nobody_to_mail';
  /** As a `MachineError` has it. */
  readonly code: 'PR012' | 'PR014' | 'PR015' | 'PR017';
  readonly message: string;
  readonly whatHelps: string;
}

export interface LaunchPreview {
  readonly campaign: string;
  readonly status: string;
  readonly mode: 'test' | 'live';
  readonly people: Readonly<Partial<Record<RecipientState, number>>>;
  readonly turnedAway: readonly TurnedAway[];
  readonly cards: LaunchCards;
  readonly caps: LaunchCaps;
  readonly budget: LaunchBudget | null;
  readonly printer: LaunchPrinter;
  /** Null: the printer prints names of any length. */
  readonly names: LaunchNames | null;
  readonly mail: LaunchMail;
  /** Null: no test would end by it. Else this is what `goLive` would do. */
  readonly test: LaunchTest | null;
  readonly blockers: readonly LaunchBlocker[];
}

/** Says what a launch would do, or the step from test to live, and changes nothing. */
export async function launchPreview(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
  options: Pick<LaunchOptions, 'mode' | 'arm'>,
): Promise<LaunchPreview> {
  requireKnown('launchPreview', options, ['mode', 'arm']);
  const { mode, arm = false } = options;
  return await calls.launchPreview(sql, { organizationId, campaignId, mode, arm });
}

/** Somebody whose card is worth a look before a launch. */
export interface SampledPerson {
  readonly recipientId: string;
  readonly why: readonly SampledFor[];
  readonly state: RecipientState;
  readonly externalId: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly address: {
    readonly line1: string;
    readonly line2: string | null;
    readonly city: string;
    readonly region: string | null;
    readonly postalCode: string;
    readonly country: string;
  };
  readonly merge: Readonly<Record<string, string>>;
  readonly reference: string;
  /** What will be printed, where it is made already. */
  readonly proof: SampledProof | null;
}

export type SampledFor =
  | 'first'
  | 'longest_name'
  | 'longest_address'
  | 'most_accents'
  | 'longest_merge_data'
  | 'missing_data';

export interface SampledProof {
  readonly frontUrl: string;
  readonly frontPage: number;
  readonly backUrl: string;
  readonly backPage: number;
  readonly contentHash: string;
}

/**
 * The first who would be mailed, and those whose cards are most likely to go wrong. Of a campaign
 * that was launched in test mode they may have a test card.
 */
export async function launchSample(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
  people?: number,
): Promise<readonly SampledPerson[]> {
  return await calls.launchSample(sql, { organizationId, campaignId, people });
}
