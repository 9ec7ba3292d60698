/** Typed calls of mailing: cohorts are begun and settled, and printers note how long they rest. */
import type { PieceRequest } from '../ports/index.ts';
import type { CampaignBrief, PrinterKey } from './briefs.ts';
import type { Sql } from './calls.ts';
import type { CohortBegin, CohortResults } from './cohorts.ts';
import * as calls from './generated/index.generated.ts';
import type { Marks, Watermark } from './restore.ts';

export interface BegunPiece extends Pick<PieceRequest, 'idempotencyKey' | 'mode'> {
  readonly recipientId: string;
  readonly mailpieceId: string;
  /** Of the move to `sending`. */
  readonly moveNo: number;
  readonly printerName: string;
  /**
   * From the begin on it may be sent for so long, in milliseconds: it is sent again only because
   * the printer honours its key. Null: for as long as the lease holds.
   */
  readonly repeatForMs: number | null;
  /** As it was frozen when the piece was opened. */
  readonly request: Omit<PieceRequest, 'reference' | 'idempotencyKey' | 'mode'>;
}

export interface BegunMail {
  readonly campaign: CampaignBrief;
  readonly pieces: BegunPiece[];
}

/** What a printer tells of a piece that it has accepted, as it is kept. */
export interface ToldDetails {
  /** Whole numbers as text: JSON has none of that size. */
  readonly price: {
    readonly amount: string;
    readonly scale: number;
    readonly currency: string;
    readonly tax: string | null;
  } | null;
  readonly mode: 'test' | 'live' | null;
  /** ISO 8601. */
  readonly cancellableUntil: string | null;
  readonly links: {
    readonly status: string | null;
    readonly proof: string | null;
    readonly thumbnail: string | null;
  } | null;
}

export interface MailSettlement {
  readonly recipientId: string;
  readonly mailpieceId: string;
  /**
   * refused: proven that nothing was made, and not for the card's sake. No attempt is counted.
   * broken: it was not sent, since the provider of its printer does not work. The same follows.
   * mismatched: the answer is about another piece, `providerId`; of this one nobody knows.
   */
  readonly outcome:
    | 'accepted'
    | 'rejected'
    | 'refused'
    | 'broken'
    | 'mismatched'
    | 'retry'
    | 'unknown';
  readonly providerId?: string;
  readonly expectedDelivery?: string | null;
  readonly message?: string;
  readonly badAddress?: boolean;
  /** Rejected for its artwork. */
  readonly badArtwork?: boolean;
  /** Of a retry: its document is no longer there. */
  readonly artworkGone?: boolean;
  /** What the printer told beside its answer; absent or null: nothing. */
  readonly details?: ToldDetails | null;
  /** Null: the machine backs off by itself; of what was refused, there is no pause. */
  readonly afterMs?: number | null;
}

export interface MailBegin extends CohortBegin {
  /** What is kept of the database outside of it; default: nothing. */
  readonly remembered?: Marks;
}

/**
 * Gives a cohort to one runner, at most once. Null where nothing began: it was begun, is held, or
 * the database is an older state of itself.
 * @param observe called with what the database tells of itself, also where nothing began since it
 * is an older state of itself.
 */
export async function beginMail(
  sql: Sql,
  { remembered = {}, ...begin }: MailBegin,
  observe: (watermark: Watermark, pieces: readonly BegunPiece[]) => void = () => undefined,
): Promise<BegunMail | null> {
  const told = await calls.beginMail<(Partial<BegunMail> & { watermark: Watermark }) | null>(sql, {
    ...begin,
    remembered,
  });
  if (told === null) return null;
  const { watermark, campaign, pieces } = told;
  observe(watermark, pieces ?? []);
  return campaign === undefined || pieces === undefined ? null : { campaign, pieces };
}

export interface MailResults extends CohortResults<MailSettlement> {
  /** How long an unknown outcome rests before the printer is asked. */
  readonly quietMs: number;
}

/**
 * Writes results of a cohort. A replay changes nothing. Returns how many people it moved. With the
 * last of them, pieces that were not answered for are unknown.
 */
export async function settleMail(sql: Sql, settled: MailResults): Promise<number> {
  return await calls.settleMail(sql, settled);
}

/**
 * held: by this. waits: it is held already, or was released since the cohort began.
 */
export type PrinterRefusal = 'held' | 'waits';

export interface RefusingPrinter {
  readonly cohortId: string;
  readonly why: string;
  /** Whether an alarm is raised: once, and not where one was raised already. */
  readonly alarm: boolean;
}

/** Holds a printer that refuses to work for us, whatever the card is. */
export async function holdRefusingPrinter(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  refusing: RefusingPrinter,
): Promise<PrinterRefusal> {
  return await calls.holdRefusingPrinter<PrinterRefusal>(sql, {
    organizationId,
    printerName,
    ...refusing,
  });
}

export interface ArtworkRejections {
  readonly organizationId: string;
  readonly campaignId: string;
  readonly cohortId: string;
  /** Of the cohort, rejected for their artwork, and settled. */
  readonly mailpieceIds: readonly string[];
  /** So many hold the campaign, where nothing was accepted between. */
  readonly inARow: number;
  readonly why: string;
}

/**
 * Holds a campaign whose artwork a printer rejects, where it is the campaign's fault: then those
 * who were refused go back, and their cards are made anew. waits: it was held for it, or repaired,
 * since the cohort began. stands: there are too few in a row; they stay in error.
 */
export async function holdForArtwork(
  sql: Sql,
  { mailpieceIds: pieces, ...refusals }: ArtworkRejections,
): Promise<'held' | 'waits' | 'stands'> {
  return await calls.holdForArtwork<'held' | 'waits' | 'stands'>(sql, { pieces, ...refusals });
}

/**
 * Notes how long an unknown outcome of a printer rests, before the first card is sent: a reaper
 * that finds the work of a dead runner asks no adapter.
 */
export async function setQuietTime(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  quietMs: number,
): Promise<void> {
  await calls.setQuietTime(sql, { organizationId, printerName, quietMs });
}
