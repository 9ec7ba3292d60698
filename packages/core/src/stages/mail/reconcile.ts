/**
 * Reconcile, a part of the mail stage: printers are asked about pieces of which nobody knows
 * whether they were printed.
 */
import { dueWork, type Due, type Work } from '../../machine/house.ts';
import { claimUnknownMailpieces, settleReconciled } from '../../machine/reconcile.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { FIND_BATCH, findPieces } from '../../runtime/find-pieces.ts';
import { groupByPrinter } from '../../runtime/printers.ts';
import { FailureRound } from '../../runtime/work-failures.ts';

/** Asks about unknown pieces until none is due. Returns how many people moved. */
export async function reconcile(context: PipelineContext, organizationId: string): Promise<number> {
  const round = new FailureRound();
  let moved = 0;
  try {
    while (!context.stopping.aborted) {
      const pieces = await claimUnknownMailpieces(context.sql, organizationId, {
        limit: FIND_BATCH,
        leaseMs: context.settings.leaseMs,
      });
      if (pieces.length > 0) await context.reach('reconcile.claimed');
      for (const [name, group] of groupByPrinter(pieces)) {
        const work: Work = { organizationId, work: 'reconcile', printer: name };
        const verdicts = await findPieces(
          context,
          { organizationId, printerName: name },
          group,
          (error, line) => round.failed(work, { error, line }),
        );
        round.done(work);
        await context.reach('reconcile.asked');
        moved += await settleReconciled(context.sql, organizationId, verdicts);
        context.meter.found(verdicts.filter(({ outcome }) => outcome === 'found').length);
        await context.reach('reconcile.settled');
      }
      if (pieces.length < FIND_BATCH) break;
    }
  } finally {
    await round.count(context);
  }
  return moved;
}

/** The beat: one job per organization with pieces to ask about. */
export async function beatReconcile(context: PipelineContext, due?: Due): Promise<void> {
  for (const id of (due ?? (await dueWork(context.sql))).reconcile)
    await context.boss.send('reconcile', { organization_id: id }, { singletonKey: id });
}
