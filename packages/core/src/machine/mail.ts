/** Typed calls of mailing: cohorts are begun and settled, and printers note how long they rest. */
import type { PieceRequest } from '../ports/index.ts';
import type { CampaignBrief } from './briefs.ts';
import type { Sql } from './calls.ts';
import * as calls from './generated/index.generated.ts';
import type { Marks, Watermark } from './restore.ts';

export interface BegunPiece extends Pick<PieceRequest, 'idempotencyKey' | 'mode'> {
  readonly recipientId: string;
  readonly mailpieceId: string;
  /** Of the move to `sending`. */
  readonly moveNo: number;
  readonly printerName: string;
  /** As it was frozen when the piece was opened. */
  readonly request: Omit<PieceRequest, 'reference' | 'idempotencyKey' | 'mode'>;
}

export interface BegunMail {
  readonly campaign: CampaignBrief;
  readonly pieces: BegunPiece[];
}

export interface MailSettlement {
  readonly recipientId: string;
  readonly mailpieceId: string;
  readonly outcome: 'accepted' | 'rejected' | 'retry' | 'unknown';
  readonly providerId?: string;
  readonly expectedDelivery?: string | null;
  readonly message?: string;
  readonly badAddress?: boolean;
  /** Null: the machine backs off by itself. */
  readonly afterMs?: number | null;
}

/**
 * Gives a cohort to one runner, at most once. Null where nothing began: it was begun, is held, or
 * the database is an older state of itself.
 * @param remembered what is kept of the database outside of it.
 * @param observe called with what the database tells of itself, also where nothing began since it
 * is an older state of itself.
 */
export async function beginMail(
  sql: Sql,
  organizationId: string,
  cohortId: string,
  runnerId: string,
  leaseMs: number,
  remembered: Marks = {},
  observe: (watermark: Watermark, pieces: readonly BegunPiece[]) => void = () => undefined,
): Promise<BegunMail | null> {
  const told = await calls.beginMail<(Partial<BegunMail> & { watermark: Watermark }) | null>(sql, {
    organizationId,
    cohortId,
    runnerId,
    leaseMs,
    remembered,
  });
  if (told === null) return null;
  const { watermark, campaign, pieces } = told;
  observe(watermark, pieces ?? []);
  return campaign === undefined || pieces === undefined ? null : { campaign, pieces };
}

/**
 * Writes results of a cohort. A replay changes nothing. Returns how many people it moved.
 * @param last no more results will come: pieces that were not answered for are unknown.
 * @param quietMs how long an unknown outcome rests before the printer is asked.
 */
export async function settleMail(
  sql: Sql,
  organizationId: string,
  cohortId: string,
  results: readonly MailSettlement[],
  last: boolean,
  quietMs: number,
): Promise<number> {
  return await calls.settleMail(sql, { organizationId, cohortId, results, last, quietMs });
}

/**
 * Notes how long an unknown outcome of a printer rests, before the first card is sent: a reaper
 * that finds the work of a dead runner asks no adapter.
 */
export async function setQuietTime(
  sql: Sql,
  organizationId: string,
  printerName: string,
  quietMs: number,
): Promise<void> {
  await calls.setQuietTime(sql, { organizationId, printerName, quietMs });
}
