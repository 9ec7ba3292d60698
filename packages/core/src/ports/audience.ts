/** The port of audience sources: the members of a segment, page by page. */
import type { Address, CallContext } from './common.ts';

/**
 * One member of a segment, as the source tells it. Core checks it, and makes a `Reject` of what
 * cannot be used, without harm to the others: blank ids, NUL bytes and broken Unicode, an address
 * without line, city, postal code or country, neither e-mail nor address. Then it normalises and
 * deduplicates.
 */
export interface Member {
  /** Where it stands in the source: a line of a file, counted from 1 with the header as line 1. */
  readonly row: number | null;
  /** The source's own id; unique within the source, at most 200 characters. */
  readonly externalId: string;
  /** Several addresses in one text count as several: the first one is the person's. */
  readonly email: string | null;
  /**
   * By which else the person is known. An opt-out of any of them stops the person, and who has one
   * of them is the same person.
   */
  readonly otherEmails?: readonly string[];
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** Null where only the e-mail is known. */
  readonly address: Address | null;
  /** Merge data for the template: every other field. */
  readonly merge: Readonly<Record<string, string>>;
  /**
   * The source says that no mail goes to this person: an opt-out of post, a death. Core keeps them
   * out of this campaign, with any other row of the same person. Address and e-mail may be missing.
   */
  readonly doNotMail?: boolean;
  /** By which words it says so, for people: `"Do Not Mail" is "yes"`. At most 500 characters. */
  readonly doNotMailBecause?: string;
  /** What of the row was changed or left out, although the person is taken. */
  readonly notes?: readonly Note[];
}

/**
 * Something of a row that the source, or core, changed or left out while it took the person. It is
 * counted by reason and reported by row: nothing of a row is lost in silence.
 */
export interface Note {
  /** The column or field; null where it is the whole row. */
  readonly column: string | null;
  /** Machine-readable, for example `email_not_used`. The same for all rows with the same fate. */
  readonly reason: string;
  /** A sentence for people. Names the column, never quotes more than 40 characters of the value. */
  readonly message: string;
}

/** A row that cannot be read as a member. It is counted and reported, never dropped. */
export interface Reject {
  readonly row: number | null;
  /** The column or field at fault; null where the whole row is. */
  readonly column: string | null;
  /** Machine-readable, for example `bad_postal_code`. */
  readonly reason: string;
  /** A sentence for people. Names the column, never quotes more than 40 characters of the value. */
  readonly message: string;
  /** Where it is known: the person then stays in the segment as they are. */
  readonly externalId: string | null;
}

export interface AudiencePage {
  readonly members: readonly Member[];
  readonly rejects: readonly Reject[];
  /** Milliseconds spent waiting for a rate limit while fetching this page. */
  readonly waitedMs: number;
  /**
   * Why the source cannot tell the whole segment, as a sentence: a row of a file has swallowed
   * others, a part of the answer is missing. The run takes in what it is told, and concludes of
   * nobody that they have left.
   */
  readonly incomplete?: string | null;
}

/**
 * The source cannot be read at all: not found, no rights, not this format, bad header. Nothing of
 * the segment was taken as complete.
 */
export class AudienceSourceError extends Error {
  override readonly name = 'AudienceSourceError';
}

/** What the source takes a field of its rows for. */
export interface AudienceField {
  /** The column of a file, the key of an object. */
  readonly field: string;
  /** The field of a member or of its address, as `line1`; null: it is merge data. */
  readonly role: string | null;
  /**
   * Of merge data that looks like part of an address: why it is none of it. Of a field that has a
   * role, what is to be known of it.
   */
  readonly remark: string | null;
}

export interface AudienceSource {
  /**
   * Every member of the segment, page by page; memory does not grow with the segment. A run that
   * ends without an error has fetched every page, and has told everybody unless a page says that it
   * is `incomplete`. A page that takes longer than the runner's
   * `adapterTimeoutMs` ends the run, and the signal aborts. Throws `AudienceSourceError`.
   * @param limit stop after so many rows (members and rejects); the run then does not count as
   * complete. Null for all.
   */
  members(
    segmentId: string,
    options: { pageSize: number; limit: number | null },
    context: CallContext,
  ): AsyncIterable<AudiencePage>;
  /**
   * Which field is what, where the source decides it: `campaign apply` shows it. Of a source whose
   * rows have different fields, of the first rows. Throws `AudienceSourceError`.
   */
  describe?(segmentId: string, context: CallContext): Promise<readonly AudienceField[]>;
}
