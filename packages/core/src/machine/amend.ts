/** Typed calls that amend people: one of them, or a page of a list that was read before. */
import type { Member, Reject } from '../ports/index.ts';
import type { Sql } from './calls.ts';
import * as calls from './generated/index.generated.ts';
import type { RecipientState } from './states.generated.ts';
import { flatMembers, type SyncRun } from './sync.ts';

/**
 * What of a person is to change. A blank text: there is nothing, as in a blank cell of a list.
 * Null: the list has no such field; of merge data it is taken away.
 */
export interface Amendment {
  readonly firstName?: string | null;
  readonly lastName?: string | null;
  readonly line1?: string | null;
  readonly line2?: string | null;
  readonly city?: string | null;
  readonly region?: string | null;
  readonly postalCode?: string | null;
  /** Two letters of ISO 3166. */
  readonly country?: string | null;
  readonly merge?: Readonly<Record<string, string | null>>;
}

/** What of a person can be amended, and the key of their household. */
export interface AmendedContent {
  /** Another one comes with a row of a list only. */
  readonly email: string | null;
  readonly otherEmails: readonly string[];
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly line1: string | null;
  readonly line2: string | null;
  readonly city: string | null;
  readonly region: string | null;
  readonly postalCode: string | null;
  readonly country: string | null;
  readonly merge: Readonly<Record<string, string>>;
  readonly householdKey: string | null;
}

/** What became of a person; in a dry run, what would have. */
export interface Amended {
  readonly recipientId: string;
  readonly externalId: string;
  /** Unchanged: everything stood as it is to be. */
  readonly outcome: 'amended' | 'unchanged';
  readonly was: RecipientState;
  readonly state: RecipientState;
  readonly reason: string;
  /** Whose double they are, what is wrong with the address, which opt-out reaches it. */
  readonly detail: string | null;
  /** As `line1`, `postal_code`, `merge.offer`. */
  readonly changed: readonly string[];
  readonly newHousehold: boolean;
  readonly before: AmendedContent;
  readonly after: AmendedContent;
}

/** Of a list; the row is null where the source tells none. */
export interface AmendedRow extends Amended {
  readonly row: number | null;
}

export interface AmendedPerson extends Amended {
  readonly dryRun: boolean;
}

export interface AmendOptions {
  /** Stays in the person's trace. */
  readonly why?: string | null;
  /** Tells what would become of the person, and takes it back. */
  readonly dryRun?: boolean;
}

/**
 * Amends a person before the printer may have the card, by the rules of a sync. Throws
 * `MachineError` of code PR017 where it comes too late, and PR020 where a field cannot be used.
 */
export async function amend(
  sql: Sql,
  recipientId: string,
  fields: Amendment,
  { why = null, dryRun = false }: AmendOptions = {},
): Promise<AmendedPerson> {
  return await calls.amend(sql, { recipientId, fields, why, dryRun });
}

/** A page of a list that was read before; its run was opened to amend. */
export interface AmendedPage {
  readonly members: readonly Member[];
  readonly rejects: readonly Reject[];
  readonly waitedMs: number;
  /** How many of those who were amended are told at most. */
  readonly told: number;
}

/** Amends the people of a page. Tells what became of the first of them. */
export async function applyAmendedPage(
  sql: Sql,
  run: SyncRun,
  { members, rejects, waitedMs, told }: AmendedPage,
): Promise<readonly AmendedRow[]> {
  const page = { ...run, members: flatMembers(members), rejects, waitedMs, told };
  return await calls.applyAmendedPage(sql, page);
}
