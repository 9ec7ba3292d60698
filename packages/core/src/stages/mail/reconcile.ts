/**
 * Reconcile, a part of the mail stage: pieces of which nobody knows whether they were printed are
 * looked up at the printer; and cards are called back.
 */
import { whatIsDue, type Due, type Work } from '../../machine/house.ts';
import {
  type PieceToCancel,
  claimCancels,
  claimUnknown,
  settleCancels,
  settleReconcile,
} from '../../machine/reconcile.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { LOOK_UP_BATCH, lookUp } from '../../runtime/look-up.ts';
import { askPrinter, groupByPrinter, printerNamed } from '../../runtime/printers.ts';
import { Round } from '../../runtime/work-failures.ts';
import { cancelAnswers } from './printer-answers.ts';

/** Asks about unknown pieces until none is due. Returns how many people moved. */
export async function reconcile(context: PipelineContext, organizationId: string): Promise<number> {
  const round = new Round();
  let moved = 0;
  try {
    while (!context.stopping.aborted) {
      const pieces = await claimUnknown(
        context.sql,
        organizationId,
        LOOK_UP_BATCH,
        context.settings.leaseMs,
      );
      if (pieces.length > 0) await context.reach('reconcile.claimed');
      for (const [name, group] of groupByPrinter(pieces)) {
        const work: Work = { organizationId, work: 'reconcile', printer: name };
        const verdicts = await lookUp(context, organizationId, name, group, (error, line) =>
          round.failed(work, error, line),
        );
        round.done(work);
        await context.reach('reconcile.asked');
        moved += await settleReconcile(context.sql, organizationId, verdicts);
        await context.reach('reconcile.settled');
      }
      if (pieces.length < LOOK_UP_BATCH) break;
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
 * Calls back cards that are sent and to be cancelled. A printer that cannot be asked does not keep
 * the next one from being asked.
 */
export async function cancelSent(
  context: PipelineContext,
  organizationId: string,
): Promise<number> {
  const round = new Round();
  let moved = 0;
  for (const [name, group] of groupByPrinter(
    await claimCancels(context.sql, organizationId, LOOK_UP_BATCH),
  )) {
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
