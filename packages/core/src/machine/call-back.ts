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

/** Takes cards at the printer that are to be cancelled. */
export async function claimCallBacks(
  sql: Sql,
  organizationId: string,
  limit: number,
): Promise<readonly PieceToCallBack[]> {
  return (
    (await calls.claimCallBacks<PieceToCallBack[] | null>(sql, { organizationId, limit })) ?? []
  );
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
