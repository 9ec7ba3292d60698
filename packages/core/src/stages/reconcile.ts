/** Reconcile, a part of the mail stage: pieces of which nobody knows whether they were printed are looked up at the printer; and cards are called back. */
import {
  claimCancels,
  claimUnknown,
  settleCancels,
  settleReconcile,
  type ReconcileVerdict,
  type UnknownPiece,
} from '../machine/mailpieces.ts';
import type { PipelineContext } from '../pipeline/context.ts';
import { whatIsDue, type Due } from './due.ts';
import type { Printer } from '../ports/index.ts';
import { printerNamed } from './printers.ts';

const BATCH = 50;

const reference = (organizationId: string, piece: UnknownPiece) => ({
  reference: { organizationId, campaignId: piece.campaignId, recipientId: piece.recipientId, mailpieceId: piece.mailpieceId },
  idempotencyKey: piece.idempotencyKey,
});

const ask = async (
  context: PipelineContext,
  organizationId: string,
  printer: Printer,
  pieces: readonly UnknownPiece[],
): Promise<ReconcileVerdict[]> => {
  const young = (piece: UnknownPiece): boolean =>
    // An hour before its end a key counts as dead: clocks differ.
    printer.keyLifetimeMs !== null &&
    Date.now() - Date.parse(piece.openedAt) < printer.keyLifetimeMs - Math.min(3_600_000, printer.keyLifetimeMs / 2);
  try {
    const found = await printer.find(
      pieces.map((piece) => reference(organizationId, piece)),
      context.callContext(context.stopping),
    );
    return pieces.map((piece, index): ReconcileVerdict => {
      const answer = found[index] ?? { outcome: 'cannot_tell' as const, message: 'the adapter gave no answer' };
      return { mailpieceId: piece.mailpieceId, attempt: piece.attempt, keyStillHonoured: young(piece), ...answer };
    });
  } catch (error) {
    // The printer could not be asked at all: nobody is submitted again on the strength of that.
    const message = error instanceof Error ? error.message : String(error);
    context.logger.warn(
      { pieces: pieces.length, error: message },
      'the printer could not be asked about unknown pieces; it is asked again later',
    );
    return pieces.map((piece) => ({
      mailpieceId: piece.mailpieceId,
      attempt: piece.attempt,
      outcome: 'cannot_tell',
      keyStillHonoured: false,
      message,
    }));
  }
};

const byPrinter = <Piece extends { printerName: string }>(pieces: readonly Piece[]): [string, Piece[]][] => {
  const names = [...new Set(pieces.map((piece) => piece.printerName))];
  return names.map((name) => [name, pieces.filter((piece) => piece.printerName === name)]);
};

/** Asks about unknown pieces until none is due. Returns how many people moved. */
export const reconcile = async (context: PipelineContext, organizationId: string): Promise<number> => {
  let moved = 0;
  while (!context.stopping.aborted) {
    const pieces = await claimUnknown(context.sql, organizationId, BATCH, context.settings.leaseMs);
    if (pieces.length > 0) await context.reach('reconcile.claimed');
    for (const [name, group] of byPrinter(pieces)) {
      const printer = await printerNamed(context, organizationId, name);
      const verdicts = await ask(context, organizationId, printer, group);
      await context.reach('reconcile.asked');
      moved += await settleReconcile(context.sql, organizationId, verdicts);
      await context.reach('reconcile.settled');
    }
    if (pieces.length < BATCH) break;
  }
  return moved;
};

/** Calls back cards that are sent and to be cancelled. */
export const cancelSent = async (context: PipelineContext, organizationId: string): Promise<number> => {
  let moved = 0;
  for (const [name, group] of byPrinter(await claimCancels(context.sql, organizationId, BATCH))) {
    const printer = await printerNamed(context, organizationId, name);
    const answers = await printer.cancel(
      group.map((piece) => piece.providerId),
      context.callContext(context.stopping),
    );
    moved += await settleCancels(
      context.sql,
      organizationId,
      group.map((piece, index) => ({
        recipientId: piece.recipientId,
        mailpieceId: piece.mailpieceId,
        ...(answers[index] ?? { outcome: 'unknown', message: 'the adapter gave no answer' }),
      })),
    );
  }
  return moved;
};

export const beatReconcile = async (context: PipelineContext, due?: Due): Promise<void> => {
  for (const id of (due ?? (await whatIsDue(context))).reconcile)
    await context.boss.send('reconcile', { organization_id: id }, { singletonKey: id });
};

export const workReconcile = async (context: PipelineContext, organizationId: string): Promise<void> => {
  await reconcile(context, organizationId);
  await cancelSent(context, organizationId);
};

/**
 * After a restore from a backup: pieces printed since then are unknown here. Every open piece of these people is asked for at its printer, in whatever
 * state it is; what is found is evidence. Returns how many people moved to sent.
 */
export const reconcileSince = async (context: PipelineContext, organizationId: string, since: Date): Promise<number> => {
  let moved = 0;
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const pieces = await context.sql<(UnknownPiece & { id: string })[]>`
      select m.id, m.id as "mailpieceId", m.recipient_id as "recipientId", m.campaign_id as "campaignId", m.printer_name as "printerName",
        m.idempotency_key as "idempotencyKey", m.attempt, m.opened_at as "openedAt"
      from postrider.mailpiece m
      where m.organization_id = ${organizationId} and m.provider_id is null and m.id > ${after} and m.opened_at > ${since}::timestamptz - interval '1 day'
      order by m.id limit ${BATCH}`;
    if (pieces.length === 0) return moved;
    for (const [name, group] of byPrinter(pieces)) {
      const printer = await printerNamed(context, organizationId, name);
      const verdicts = await ask(context, organizationId, printer, group);
      moved += await settleReconcile(
        context.sql,
        organizationId,
        verdicts.filter((verdict) => verdict.outcome === 'found'),
      );
    }
    after = pieces.at(-1)?.id ?? after;
  }
};
