/** Typed calls of reconciling: pieces of which nobody knows whether they were printed. */
import { resultOf, type Sql } from './calls.ts';
import * as calls from './generated/index.generated.ts';

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
  /**
   * How long the printer honours a key, in milliseconds; null: it has none. While this one is
   * younger a repeat is safe: the database knows since when it may be there.
   */
  readonly keyLifetimeMs: number | null;
  readonly message?: string;
}

/** Takes unknown pieces that are due, for `leaseMs`. */
export async function claimUnknownMailpieces(
  sql: Sql,
  organizationId: string,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
): Promise<readonly UnknownPiece[]> {
  const claim = { organizationId, limit, leaseMs };
  return (await calls.claimUnknownMailpieces<UnknownPiece[] | null>(sql, claim)) ?? [];
}

/** Writes what printers said of unknown pieces. Returns how many people it moved. */
export async function settleReconciled(
  sql: Sql,
  organizationId: string,
  verdicts: readonly ReconcileVerdict[],
): Promise<number> {
  return await calls.settleReconciled(sql, { organizationId, verdicts });
}

/**
 * How many cards are under way to these printers with an answer that is not known: at it now,
 * unknown, or sent again because their key is honoured. A piece that is only open, because the
 * printer was not reached, is not among them.
 */
export async function cardsInQuestion(
  sql: Sql,
  printers: readonly { readonly organizationId: string; readonly name: string }[],
): Promise<number> {
  return await resultOf(
    sql<{ result: number }[]>`
      select count(*)::int as result
      from unnest(
        ${printers.map(({ organizationId }) => organizationId)}::uuid[],
        ${printers.map(({ name }) => name)}::text[]
      ) as p (organization_id, name)
      join postrider.mailpiece m
        on m.organization_id = p.organization_id
        and m.printer_name = p.name
      join postrider.recipient_state s
        on s.organization_id = m.organization_id
        and s.recipient_id = m.recipient_id
      where m.status in ('submitting', 'unknown')
        and (
          s.state = 'sending'
          or s.state in ('proofed', 'sending_staged') and m.repeat_until is not null
        )`,
  );
}
