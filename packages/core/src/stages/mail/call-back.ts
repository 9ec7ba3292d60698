/**
 * Cards that are sent and to be cancelled are called back at their printers. They can be only for a
 * while, minutes at some printers: they do not wait for look-ups, nor one printer for another.
 */
import type { PrinterKey } from '../../machine/briefs.ts';
import {
  claimCallBacks,
  printersToCallBack,
  settleCallBacks,
  type PieceToCallBack,
} from '../../machine/call-back.ts';
import { dueWork, type Due, type Work } from '../../machine/house.ts';
import type { CancelResult } from '../../ports/index.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { askPrinter, printerNamed } from '../../runtime/printers.ts';
import { FailureRound } from '../../runtime/work-failures.ts';
import { cancelAnswers } from './printer-answers.ts';

/**
 * Cards that a printer is asked for at a time. What was answered is settled after so many; a runner
 * that dies has them asked for again.
 */
const BATCH = 100;

/**
 * Calls back cards that are sent and to be cancelled, until none is due. Each printer by itself:
 * one that cannot be asked is left alone until the next round. Returns how many people moved.
 */
export async function callBackCards(
  context: PipelineContext,
  organizationId: string,
): Promise<number> {
  const round = new FailureRound();
  const names = await printersToCallBack(context.sql, organizationId);
  const moved = await Promise.all(
    names.map(
      async (printerName) => await callBackAt(context, { organizationId, printerName }, round),
    ),
  );
  await round.count(context);
  return moved.reduce((sum, one) => sum + one, 0);
}

async function callBackAt(
  context: PipelineContext,
  printer: PrinterKey,
  round: FailureRound,
): Promise<number> {
  const { organizationId, printerName: name } = printer;
  const work: Work = { organizationId, work: 'call_back', printer: name };
  const told: Record<CancelResult['outcome'], number> = { cancelled: 0, too_late: 0, unknown: 0 };
  let moved = 0;
  let pieces: readonly PieceToCallBack[] = [];
  try {
    while (!context.stopping.aborted) {
      pieces = await claimCallBacks(context.sql, organizationId, BATCH, name);
      if (pieces.length === 0) break;
      const answers = await answersOf(context, printer, pieces);
      for (const { outcome } of answers) told[outcome] += 1;
      moved += await settleCallBacks(
        context.sql,
        organizationId,
        pieces.map(({ recipientId, mailpieceId }, index) => ({
          recipientId,
          mailpieceId,
          ...(answers[index] as CancelResult),
        })),
      );
      round.done(work);
      context.logger.info(
        {
          printer: name,
          calledBack: told.cancelled,
          tooLate: told.too_late,
          unknown: told.unknown,
        },
        'cards are called back at the printer',
      );
    }
  } catch (error) {
    round.failed(work, {
      error,
      line: 'cards could not be called back at the printer; it is asked again later',
      fields: { pieces: pieces.length },
    });
  }
  return moved;
}

async function answersOf(
  context: PipelineContext,
  { organizationId, printerName }: PrinterKey,
  pieces: readonly PieceToCallBack[],
): Promise<readonly CancelResult[]> {
  const printer = await printerNamed(context, organizationId, printerName);
  const ids = pieces.map((piece) => piece.providerId);
  return cancelAnswers(
    ids.length,
    await askPrinter(context, printer, async (call) => await printer.port.cancel(ids, call)),
  );
}

/** The beat: one job per organization with cards to call back. */
export async function beatCallBacks(context: PipelineContext, due?: Due): Promise<void> {
  for (const id of (due ?? (await dueWork(context.sql))).callBack)
    await context.boss.send('call_back', { organization_id: id }, { singletonKey: id });
}
