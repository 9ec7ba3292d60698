/**
 * Reconcile, a part of the mail stage: pieces of which nobody knows whether they were printed are
 * looked up at the printer; and cards are called back.
 */
import { messageOf } from '../../common/message-of.ts';
import { whatIsDue, type Due, type Work } from '../../machine/house.ts';
import {
  claimCancels,
  claimUnknown,
  settleCancels,
  settleReconcile,
  type PieceToCancel,
  type ReconcileVerdict,
  type UnknownPiece,
} from '../../machine/reconcile.ts';
import type { Printer } from '../../ports/index.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { cancelAnswers, findAnswers } from '../../runtime/printer-answers.ts';
import { askPrinter, byPrinter, printerNamed } from '../../runtime/printers.ts';
import { Round } from '../../runtime/work-failures.ts';

export const BATCH = 50;

function reference(organizationId: string, piece: UnknownPiece) {
  return {
    reference: {
      organizationId,
      campaignId: piece.campaignId,
      recipientId: piece.recipientId,
      mailpieceId: piece.mailpieceId,
    },
    idempotencyKey: piece.idempotencyKey,
  };
}

/**
 * What the printer says of each. Never throws: who could not be asked is told so, and `failed` is
 * told why.
 */
export async function lookUp(
  context: PipelineContext,
  organizationId: string,
  name: string,
  pieces: readonly UnknownPiece[],
  failed: (error: unknown, line: string) => void,
): Promise<ReconcileVerdict[]> {
  const young = (printer: Printer, piece: UnknownPiece): boolean =>
    // An hour before its end a key counts as dead: clocks differ.
    printer.keyLifetimeMs !== null &&
    Date.now() - Date.parse(piece.openedAt) <
      printer.keyLifetimeMs - Math.min(3_600_000, printer.keyLifetimeMs / 2);
  try {
    const printer = await printerNamed(context, organizationId, name);
    const references = pieces.map((piece) => reference(organizationId, piece));
    const found = await askPrinter(
      context,
      name,
      printer,
      async (call) => await printer.find(references, call),
    );
    return findAnswers(pieces.length, found).map((answer, index): ReconcileVerdict => {
      const piece = pieces[index] as UnknownPiece;
      return {
        mailpieceId: piece.mailpieceId,
        attempt: piece.attempt,
        keyStillHonoured: young(printer, piece),
        ...answer,
      };
    });
  } catch (error) {
    // The printer could not be asked at all: nobody is submitted again on the strength of that.
    const message = messageOf(error);
    failed(error, 'the printer could not be asked about unknown pieces; it is asked again later');
    return pieces.map(({ mailpieceId, attempt }) => ({
      mailpieceId,
      attempt,
      outcome: 'not_asked',
      keyStillHonoured: false,
      message,
    }));
  }
}

/** Asks about unknown pieces until none is due. Returns how many people moved. */
export async function reconcile(context: PipelineContext, organizationId: string): Promise<number> {
  const round = new Round();
  let moved = 0;
  try {
    while (!context.stopping.aborted) {
      const pieces = await claimUnknown(
        context.sql,
        organizationId,
        BATCH,
        context.settings.leaseMs,
      );
      if (pieces.length > 0) await context.reach('reconcile.claimed');
      for (const [name, group] of byPrinter(pieces)) {
        const work: Work = { organizationId, work: 'reconcile', printer: name };
        const verdicts = await lookUp(context, organizationId, name, group, (error, line) =>
          round.failed(work, error, line),
        );
        round.done(work);
        await context.reach('reconcile.asked');
        moved += await settleReconcile(context.sql, organizationId, verdicts);
        await context.reach('reconcile.settled');
      }
      if (pieces.length < BATCH) break;
    }
  } finally {
    await round.count(context);
  }
  return moved;
}

async function callBack(
  context: PipelineContext,
  organizationId: string,
  name: string,
  pieces: readonly PieceToCancel[],
): Promise<number> {
  const printer = await printerNamed(context, organizationId, name);
  const ids = pieces.map((piece) => piece.providerId);
  const answers = cancelAnswers(
    ids.length,
    await askPrinter(context, name, printer, async (call) => await printer.cancel(ids, call)),
  );
  const results = answers.map((answer, index) => {
    const { recipientId, mailpieceId } = pieces[index] as PieceToCancel;
    return { recipientId, mailpieceId, ...answer };
  });
  return await settleCancels(context.sql, organizationId, results);
}

/**
 * Calls back cards that are sent and to be cancelled. A printer that cannot be asked keeps nobody
 * from the next.
 */
export async function cancelSent(
  context: PipelineContext,
  organizationId: string,
): Promise<number> {
  const round = new Round();
  let moved = 0;
  for (const [name, group] of byPrinter(await claimCancels(context.sql, organizationId, BATCH))) {
    const work: Work = { organizationId, work: 'call_back', printer: name };
    try {
      moved += await callBack(context, organizationId, name, group);
      round.done(work);
    } catch (error) {
      round.failed(
        work,
        error,
        'cards could not be called back at the printer; it is asked again later',
        { pieces: group.length },
      );
    }
  }
  await round.count(context);
  return moved;
}

export async function beatReconcile(context: PipelineContext, due?: Due): Promise<void> {
  for (const id of (due ?? (await whatIsDue(context.sql))).reconcile)
    await context.boss.send('reconcile', { organization_id: id }, { singletonKey: id });
}

export async function workReconcile(
  context: PipelineContext,
  organizationId: string,
): Promise<void> {
  await reconcile(context, organizationId);
  await cancelSent(context, organizationId);
}
