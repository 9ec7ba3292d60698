/**
 * Polling, a part of tracking: printers whose webhooks have stopped, or that have none, are asked
 * for their events, where they can be; the others once a day, and after a webhook that was refused
 * for its age, since new webhooks do not tell that an old one is missing. Never part of a beat, but
 * woken by one: a printer that does not answer, or never comes to an end, holds up only the
 * printers behind it.
 */
import { messageOf } from '../../common/message-of.ts';
import type { PrinterKey } from '../../machine/briefs.ts';
import type { Work } from '../../machine/house.ts';
import {
  applyEvents,
  claimPrintersToPoll,
  noteCaughtUp,
  notePolled,
  piecesOfOtherPrinters,
  restartPoll,
  type PrinterToPoll,
} from '../../machine/track.ts';
import type { PrinterEvent } from '../../ports/index.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { askPrinter, printerNamed } from '../../runtime/printers.ts';
import { unlessAborted } from '../../runtime/waiting.ts';
import { workDone, workFailed } from '../../runtime/work-failures.ts';
import { pollAnswer } from './event-answers.ts';

const SILENCE_MS = 5 * 60_000;
/** Printers that are asked at the same time. */
const AT_ONCE = 4;
/** Pages of one printer in a round; the next round goes on where this one ends. */
const MOST_PAGES = 1000;

/**
 * A printer that several organizations share, or that one knows by two names, may tell each of all.
 * An event of a piece that is unknown here is kept.
 */
async function ownEvents(
  context: PipelineContext,
  printer: PrinterKey,
  events: readonly PrinterEvent[],
) {
  const { organizationId } = printer;
  const ours = events.filter(
    (event) => (event.organizationId ?? organizationId) === organizationId,
  );
  const pieces = ours.flatMap(({ mailpieceId }) => mailpieceId ?? []);
  if (pieces.length === 0) return ours;
  const elsewhere = await piecesOfOtherPrinters(context.sql, printer, pieces);
  return ours.filter(({ mailpieceId }) => mailpieceId === null || !elsewhere.has(mailpieceId));
}

async function pollPrinter(context: PipelineContext, due: PrinterToPoll): Promise<void> {
  const { organizationId, printerName: name, cursor } = due;
  const printer = await printerNamed(context, organizationId, name);
  // A printer that comes back to a cursor goes round in a circle.
  const seen = new Set<string | null>();
  for (let from = cursor; !seen.has(from) && seen.size < MOST_PAGES;) {
    seen.add(from);
    const told = askPrinter(
      context,
      printer,
      async (call) => await printer.port.poll?.(from, call),
    );
    const answer = await unlessAborted(told, context.stopping);
    if (answer === undefined) break;
    const { events, cursor: next, unusable } = pollAnswer(answer, context.now());
    if (Object.keys(unusable).length > 0) {
      context.logger.warn(
        { printer: name, unusable },
        'some of what the printer told when polled cannot be used; what has no usable id of ' +
          'its own is left out',
      );
    }
    const own = await ownEvents(context, due, events);
    if (own.length > 0) await applyEvents(context.sql, due, own);
    if (next !== null) await notePolled(context.sql, due, next);
    if (events.length === 0 || next === null) break;
    from = next;
  }
  // It has more to tell: the next round goes on, after the silence and not after a day.
  if (seen.size < MOST_PAGES) await noteCaughtUp(context.sql, due);
}

/**
 * A poll that failed twice in a row at the place where it goes on begins anew: a printer may know
 * the place no more, and would refuse it for ever. Not at once: to begin anew reads all again.
 */
async function restart(context: PipelineContext, due: PrinterToPoll): Promise<void> {
  const { cursor } = due;
  if (cursor === null) return;
  await restartPoll(context.sql, { ...due, cursor }).catch((error: unknown) =>
    context.logger.warn({ printer: due.printerName, error: messageOf(error) }, 'a poll stays'),
  );
}

export async function pollPrinters(
  context: PipelineContext,
  silenceMs = SILENCE_MS,
): Promise<void> {
  const due = await claimPrintersToPoll(context.sql, silenceMs);
  // One iterator, from which each takes the next.
  const printers = due.values();
  const takeTurns = async (): Promise<void> => {
    for (const printer of printers) {
      if (context.stopping.aborted) return;
      const { organizationId, printerName } = printer;
      const work: Work = { organizationId, work: 'poll', printer: printerName };
      try {
        await pollPrinter(context, printer);
        await workDone(context, work);
      } catch (error) {
        const line = 'the printer could not be polled';
        const counted = await workFailed(context, work, { error, line });
        if ((counted?.failures ?? 0) > 1) await restart(context, printer);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
}
