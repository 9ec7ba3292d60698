/** Cards that are sent and to be cancelled are called back at their printers. */
import type { PrinterKey } from '../../machine/briefs.ts';
import type { Work } from '../../machine/house.ts';
import { claimCallBacks, settleCallBacks, type PieceToCallBack } from '../../machine/call-back.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { FIND_BATCH } from '../../runtime/find-pieces.ts';
import { askPrinter, groupByPrinter, printerNamed } from '../../runtime/printers.ts';
import { FailureRound } from '../../runtime/work-failures.ts';
import { cancelAnswers } from './printer-answers.ts';

/**
 * Calls back cards that are sent and to be cancelled. A printer that cannot be asked does not keep
 * the next one from being asked.
 */
export async function callBackCards(
  context: PipelineContext,
  organizationId: string,
): Promise<number> {
  const round = new FailureRound();
  let moved = 0;
  for (const [name, group] of groupByPrinter(
    await claimCallBacks(context.sql, organizationId, FIND_BATCH),
  )) {
    const work: Work = { organizationId, work: 'call_back', printer: name };
    try {
      moved += await callBack(context, { organizationId, printerName: name }, group);
      round.done(work);
    } catch (error) {
      round.failed(work, {
        error,
        line: 'cards could not be called back at the printer; it is asked again later',
        fields: { pieces: group.length },
      });
    }
  }
  await round.count(context);
  return moved;
}

async function callBack(
  context: PipelineContext,
  { organizationId, printerName: name }: PrinterKey,
  pieces: readonly PieceToCallBack[],
): Promise<number> {
  const printer = await printerNamed(context, organizationId, name);
  const ids = pieces.map((piece) => piece.providerId);
  const answers = cancelAnswers(
    ids.length,
    await askPrinter(context, printer, async (call) => await printer.port.cancel(ids, call)),
  );
  const results = answers.map((answer, index) => {
    const { recipientId, mailpieceId } = pieces[index] as PieceToCallBack;
    return { recipientId, mailpieceId, ...answer };
  });
  return await settleCallBacks(context.sql, organizationId, results);
}
