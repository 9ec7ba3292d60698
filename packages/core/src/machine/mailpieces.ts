/** Typed calls of reconcile, cancel, tracking and effects. */
import type postgres from 'postgres';
import type { PrinterEvent } from '../ports/index.ts';
import { mapped } from './errors.ts';

export interface UnknownPiece {
  readonly mailpieceId: string;
  readonly recipientId: string;
  readonly campaignId: string;
  readonly printerName: string;
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly openedAt: string;
}

export interface ReconcileVerdict {
  readonly mailpieceId: string;
  readonly attempt: number;
  /**
   * `not_asked`: the printer could not be asked at all. It is asked again, and that counts for
   * nothing.
   */
  readonly outcome: 'found' | 'absent' | 'cannot_tell' | 'not_asked';
  readonly providerId?: string;
  /** The printer honours keys, and this one is younger than its life: a repeat is safe. */
  readonly keyStillHonoured: boolean;
  readonly message?: string;
}

export async function claimUnknown(
  sql: postgres.Sql,
  organizationId: string,
  limit: number,
  leaseMs: number,
): Promise<readonly UnknownPiece[]> {
  const [row] = await mapped(sql<{ pieces: UnknownPiece[] | null }[]>`
    select postrider.reconcile_claim(${organizationId}, ${limit}, ${`${leaseMs} milliseconds`}::interval) as pieces`);
  return row?.pieces ?? [];
}

export async function settleReconcile(
  sql: postgres.Sql,
  organizationId: string,
  verdicts: readonly ReconcileVerdict[],
): Promise<number> {
  const [row] = await mapped(
    sql<
      { moved: number }[]
    >`select postrider.reconcile_settle(${organizationId}, ${JSON.stringify(verdicts)}::text::json) as moved`,
  );
  return row?.moved ?? 0;
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

export async function adoptPieces(
  sql: postgres.Sql,
  organizationId: string,
  printerName: string,
  pieces: readonly PieceToAdopt[],
): Promise<Adopted> {
  const [row] = await mapped(sql<{ adopted: Adopted }[]>`
    select postrider.adopt_pieces(${organizationId}, ${printerName}, ${JSON.stringify(pieces)}::text::jsonb) as adopted`);
  return row?.adopted ?? { moved: 0, adopted: 0, strangers: 0 };
}

/** The organization's printers that have, or may have, cards of it. */
export async function printersOf(
  sql: postgres.Sql,
  organizationId: string,
): Promise<readonly { name: string; held: boolean }[]> {
  return await mapped(sql<{ name: string; held: boolean }[]>`
    select name, held_at is not null as held from postrider.printer where organization_id = ${organizationId} order by name`);
}

export interface PieceToCancel {
  readonly recipientId: string;
  readonly mailpieceId: string;
  readonly providerId: string;
  readonly campaignId: string;
  readonly printerName: string;
}

export async function claimCancels(
  sql: postgres.Sql,
  organizationId: string,
  limit: number,
): Promise<readonly PieceToCancel[]> {
  const [row] = await mapped(
    sql<
      { pieces: PieceToCancel[] | null }[]
    >`select postrider.cancel_claim(${organizationId}, ${limit}) as pieces`,
  );
  return row?.pieces ?? [];
}

export async function settleCancels(
  sql: postgres.Sql,
  organizationId: string,
  results: readonly {
    recipientId: string;
    mailpieceId: string;
    outcome: string;
    message?: string;
  }[],
): Promise<number> {
  const [row] = await mapped(
    sql<
      { moved: number }[]
    >`select postrider.cancel_settle(${organizationId}, ${JSON.stringify(results)}::text::json) as moved`,
  );
  return row?.moved ?? 0;
}

/** Locks the people of a whole batch of events, by id, before any of them is applied. */
export async function lockForEvents(
  sql: postgres.TransactionSql,
  organizationId: string,
  printerName: string,
  events: readonly PrinterEvent[],
): Promise<void> {
  await mapped(
    sql`select postrider.track_lock(${organizationId}, ${printerName}, ${JSON.stringify(events)}::text::jsonb)`,
  );
}

/** Returns how many events were new. */
export async function applyEvents(
  sql: postgres.Sql | postgres.TransactionSql,
  organizationId: string,
  printerName: string,
  events: readonly PrinterEvent[],
  /** ISO 8601; null: now. */
  receivedAt: string | null,
  inboxId: string | null,
): Promise<number> {
  const [row] = await mapped(sql<{ added: number }[]>`
    select postrider.apply_events(${organizationId}, ${printerName}, ${JSON.stringify(events)}::text::jsonb, ${receivedAt}::timestamptz, ${inboxId}::uuid) as added`);
  return row?.added ?? 0;
}

export type EffectKind = 'usage_meter' | 'event_sink';

export interface ClaimedEffect {
  readonly key: string;
  readonly mailpieceId: string;
  readonly kind: EffectKind;
  readonly campaignId: string;
  readonly recipientId: string;
  readonly attempt: number;
  readonly occurredAt: string;
  readonly format: string;
  readonly mailClass: string;
  readonly mode: 'test' | 'live';
}

export async function claimEffects(
  sql: postgres.Sql,
  organizationId: string,
  kind: EffectKind,
  limit: number,
  leaseMs: number,
): Promise<readonly ClaimedEffect[]> {
  const [row] = await mapped(sql<{ effects: ClaimedEffect[] | null }[]>`
    select postrider.effects_claim(${organizationId}, ${kind}, ${limit}, ${`${leaseMs} milliseconds`}::interval) as effects`);
  return row?.effects ?? [];
}

export interface EffectSettlement {
  readonly mailpieceId: string;
  readonly kind: EffectKind;
  readonly outcome: 'done' | 'retry' | 'failed';
  readonly message?: string;
  /** Null: the machine backs off by itself. */
  readonly afterMs?: number | null;
}

export async function settleEffects(
  sql: postgres.Sql,
  organizationId: string,
  results: readonly EffectSettlement[],
): Promise<number> {
  const [row] = await mapped(
    sql<
      { settled: number }[]
    >`select postrider.effects_settle(${organizationId}, ${JSON.stringify(results)}::text::json) as settled`,
  );
  return row?.settled ?? 0;
}
