/** Typed calls of call-backs: cards at a printer that are to be cancelled there. */
import * as calls from './generated/index.generated.ts';
import type { Sql } from './calls.ts';

export interface PieceToCallBack {
  readonly recipientId: string;
  readonly mailpieceId: string;
  readonly providerId: string;
  readonly campaignId: string;
  readonly printerName: string;
}

/** The printers, by name, that have cards to call back. */
export async function printersToCallBack(
  sql: Sql,
  organizationId: string,
): Promise<readonly string[]> {
  return await calls.printersToCallBack(sql, { organizationId });
}

/**
 * Takes cards that are to be cancelled, those first that are printed soonest.
 * @param printerName null: at any printer.
 */
export async function claimCallBacks(
  sql: Sql,
  organizationId: string,
  limit: number,
  printerName: string | null = null,
): Promise<readonly PieceToCallBack[]> {
  const claim = { organizationId, limit, printerName };
  return (await calls.claimCallBacks<PieceToCallBack[] | null>(sql, claim)) ?? [];
}

export interface CallBackSettlement {
  readonly recipientId: string;
  readonly mailpieceId: string;
  readonly outcome: string;
  readonly message?: string;
}

/** Writes what became of cards that were called back. Returns how many people it moved. */
export async function settleCallBacks(
  sql: Sql,
  organizationId: string,
  results: readonly CallBackSettlement[],
): Promise<number> {
  return await calls.settleCallBacks(sql, { organizationId, results });
}
