/**
 * Reconcile, a part of the mail stage: printers are asked about pieces of which nobody knows
 * whether they were printed.
 */
import type { PrinterKey } from '../../machine/briefs.ts';
import { dueWork, type Due, type Work } from '../../machine/house.ts';
import {
  claimUnknownMailpieces,
  settleReconciled,
  type UnknownPiece,
} from '../../machine/reconcile.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { FIND_BATCH, findPieces } from '../../runtime/find-pieces.ts';
import { groupByPrinter } from '../../runtime/printers.ts';
import { FailureRound } from '../../runtime/work-failures.ts';

/** Look-ups of an organization at the same time. */
const AT_ONCE = 4;
/** Look-ups of an organization in its turn; then it is the turn of others. */
const TURN = 8;

/** Asks about unknown pieces until none is due. Returns how many people moved. */
export async function reconcile(context: PipelineContext, organizationId: string): Promise<number> {
  return (await lookUp(context, organizationId, Infinity)).moved;
}

/** The job: an organization whose turn is over has its job sent again, behind those of others. */
export async function workReconcile(
  context: PipelineContext,
  organizationId: string,
  turn = TURN,
): Promise<void> {
  const { isOver } = await lookUp(context, organizationId, turn);
  if (!isOver && !context.stopping.aborted) await sendReconcile(context, organizationId);
}

/** @param most look-ups. */
async function lookUp(
  context: PipelineContext,
  organizationId: string,
  most: number,
): Promise<{ readonly moved: number; readonly isOver: boolean }> {
  const round = new FailureRound();
  let left = most;
  let moved = 0;
  let isOver = false;
  const takeTurns = async (): Promise<void> => {
    while (!isOver && left > 0 && !context.stopping.aborted) {
      left -= 1;
      const pieces = await claimUnknownMailpieces(context.sql, organizationId, {
        limit: FIND_BATCH,
        leaseMs: context.settings.leaseMs,
      });
      // What others have claimed just now is theirs.
      if (pieces.length < FIND_BATCH) isOver = true;
      if (pieces.length === 0) return;
      await context.reach('reconcile.claimed');
      const asked = groupByPrinter(pieces).map(async ([printerName, group]) => {
        const some = await askAbout(context, { organizationId, printerName }, group, round);
        moved += some;
      });
      await allDone(asked);
    }
  };
  try {
    await allDone(Array.from({ length: AT_ONCE }, takeTurns));
  } finally {
    await round.count(context);
  }
  return { moved, isOver };
}

/** Also where one fails the others end first. */
async function allDone(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function askAbout(
  context: PipelineContext,
  printer: PrinterKey,
  pieces: readonly UnknownPiece[],
  round: FailureRound,
): Promise<number> {
  const { organizationId, printerName } = printer;
  const work: Work = { organizationId, work: 'reconcile', printer: printerName };
  const verdicts = await findPieces(context, printer, pieces, (error, line) =>
    round.failed(work, { error, line }),
  );
  round.done(work);
  await context.reach('reconcile.asked');
  const moved = await settleReconciled(context.sql, organizationId, verdicts);
  context.meter.found(verdicts.filter(({ outcome }) => outcome === 'found').length);
  await context.reach('reconcile.settled');
  return moved;
}

async function sendReconcile({ boss }: PipelineContext, organizationId: string): Promise<void> {
  await boss.send(
    'reconcile',
    { organization_id: organizationId },
    { singletonKey: organizationId },
  );
}

/** The beat: one job per organization with pieces to ask about. */
export async function beatReconcile(context: PipelineContext, due?: Due): Promise<void> {
  for (const id of (due ?? (await dueWork(context.sql))).reconcile)
    await sendReconcile(context, id);
}
