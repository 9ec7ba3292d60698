/**
 * Typed calls of what follows a restored backup: the restore watermark, and what printers list of
 * cards that this database has forgotten. The SQL is in sql/functions/, `restore` and
 * `restore_watermark`.
 */
import type { PrinterKey } from './briefs.ts';
import { uuid, type Sql } from './calls.ts';
import { withMachineErrors } from './errors.ts';
import * as calls from './generated/index.generated.ts';
import type { UnknownPiece } from './reconcile.ts';

/**
 * A begin at a printer, as it can be found in the database: no state of it that has this begin
 * lacks it later.
 */
export interface Witness {
  readonly organizationId: string;
  readonly recipientId: string;
  readonly moveNo: number;
  readonly mailpieceId: string;
}

/** What is remembered of a database. */
export interface Mark {
  readonly restores: number;
  readonly system: string | null;
  readonly timeline: number | null;
  readonly witnesses: readonly Witness[];
}

/** Of several databases, by installation. */
export type Marks = Readonly<Record<string, Mark>>;

/** What a database tells of itself. */
export interface Watermark {
  readonly installation: string;
  readonly restores: number;
  readonly system: string | null;
  readonly timeline: number | null;
  /** Why it is an older state of itself, until somebody has asked the printers; else null. */
  readonly noticed: string | null;
  /** This server was superseded by another one: nothing of this is to be remembered. */
  readonly superseded: boolean;
}

/** Compares, and holds all printers where this database is an older state of itself. */
export async function checkWatermark(sql: Sql, remembered: Marks): Promise<Watermark> {
  return await calls.checkWatermark(sql, { remembered });
}

/**
 * How long a runner may still post, in milliseconds, that began a card before the printers were
 * held.
 */
export async function longestPostingTime(
  sql: Sql,
  leaseMs: number,
  quietMs: number,
): Promise<number> {
  return await calls.longestPostingTime(sql, { leaseMs, quietMs });
}

/** A restore that was noticed and with which nobody has dealt yet. */
export interface NoticedRestore {
  /**
   * When it was noticed, in UTC. Each notice has its own time, to the microsecond: a `Date` could
   * not tell two of them apart.
   */
  readonly at: string;
  /** By what it was noticed. */
  readonly why: string;
}

/** Null: there is none. */
export async function noticedRestore(sql: Sql): Promise<NoticedRestore | null> {
  const [notice] = await withMachineErrors(
    sql<NoticedRestore[]>`
      select
        to_char(restore_noticed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
        restore_why as why
      from postrider.installation
      where restore_noticed_at is not null`,
  );
  return notice ?? null;
}

/** The time of `noticedRestore`; null: there is none. */
export async function restoreNoticedAt(sql: Sql): Promise<string | null> {
  return (await noticedRestore(sql))?.at ?? null;
}

/**
 * Ends a restore with which somebody has dealt, who says for each printer what `restoreNoticedAt`
 * was before it was asked. False: another one was noticed since, and the printers are held for it.
 * Nobody has asked them about that one.
 */
export async function concludeRestore(
  sql: Sql,
  asked: readonly { readonly noticedAt: string | null }[],
): Promise<boolean> {
  const [first = null, ...others] = new Set(asked.map(({ noticedAt }) => noticedAt));
  if (others.length > 0 || (first === null && asked.length > 0))
    return (await restoreNoticedAt(sql)) === null;
  return (await calls.concludeRestore(sql, { noticedAt: first })) === true;
}

/** The organization's printers that have, or may have, cards of it; by name. */
export async function printersOf(
  sql: Sql,
  organizationId: string,
): Promise<readonly { name: string; held: boolean }[]> {
  return await withMachineErrors(
    sql<{ name: string; held: boolean }[]>`
      select name, held_at is not null as held
      from postrider.printer
      where organization_id = ${uuid(organizationId, 'organizationId')}
      order by name`,
  );
}

/** A piece that a printer lists after a restored backup; see `Printer.list`. */
export interface PieceToAdopt {
  readonly mailpieceId: string;
  readonly recipientId: string;
  readonly campaignId: string;
  readonly providerId: string;
  readonly idempotencyKey: string | null;
  readonly person: string | null;
  readonly mode: 'test' | 'live';
  readonly createdAt: string;
}

export interface Adopted {
  /** People who are sent now. */
  readonly moved: number;
  /** Pieces that were unknown here. */
  readonly adopted: number;
  /** People who are unknown here: when they are synced again they are not mailed again. */
  readonly strangers: number;
}

/** Takes what a printer lists as evidence, also of pieces and of people who are unknown here. */
export async function adoptPieces(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  pieces: readonly PieceToAdopt[],
): Promise<Adopted> {
  return await calls.adoptPieces(sql, { organizationId, printerName, pieces });
}

export interface PiecesOpened {
  readonly since: Date;
  /** The id of the last piece of the page before. */
  readonly after: string;
  readonly limit: number;
}

/**
 * Pieces of a printer without its id that were opened about then or later, in the order of their
 * ids.
 */
export async function piecesOpenedSince(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  { since, after, limit }: PiecesOpened,
): Promise<readonly UnknownPiece[]> {
  const opened = { organizationId, printerName, since, after, limit };
  return await calls.piecesOpenedSince<UnknownPiece>(sql, opened);
}
