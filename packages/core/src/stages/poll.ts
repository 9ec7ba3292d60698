/**
 * Polling, a part of tracking: printers whose webhooks have stopped, or that have none, are asked for their events, where they can be. Never part of a
 * beat, only woken by one: whoever does not answer, or never comes to an end, holds up nobody but the printers behind it.
 */
import { applyEvents } from '../machine/mailpieces.ts';
import type { PipelineContext } from '../pipeline/context.ts';
import type { Printer, PrinterEvent } from '../ports/index.ts';
import { printerNamed } from './printers.ts';

const SILENCE = '5 minutes';
/** Printers that are asked at the same time. */
const AT_ONCE = 4;
/** Pages of one printer in a round; the next round goes on where this one ends. */
const MOST_PAGES = 1000;

interface SilentPrinter {
  readonly organization_id: string;
  readonly printer_name: string;
  readonly cursor: string | null;
}

/** One page, within the printer's own time-out: also of an adapter that does not heed the signal. */
const page = async (context: PipelineContext, printer: Printer, cursor: string | null) => {
  const { leaseMs } = context.settings;
  // Also where it is no number, or has no end.
  const timeoutMs = printer.timeoutMs < leaseMs ? printer.timeoutMs : leaseMs;
  const ended = new AbortController();
  const late = setTimeout(() => ended.abort(new Error(`it did not answer within ${timeoutMs} ms`)), timeoutMs);
  const signal = AbortSignal.any([ended.signal, context.stopping]);
  const over = new Promise<never>((_resolve, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  try {
    const asked: Promise<{ events: readonly PrinterEvent[]; cursor: string | null }> | undefined = printer.poll?.(
      cursor,
      context.callContext(signal),
    );
    return await Promise.race([asked, over]);
  } finally {
    clearTimeout(late);
    over.catch(() => undefined);
  }
};

/** A printer that several organizations share, or that one knows by two names, may tell each of all. What nobody knows yet is kept. */
const ownEvents = async (context: PipelineContext, organizationId: string, name: string, events: readonly PrinterEvent[]) => {
  const ours = events.filter((event) => (event.organizationId ?? organizationId) === organizationId);
  const pieces = ours.flatMap(({ mailpieceId }) => mailpieceId ?? []);
  if (pieces.length === 0) return ours;
  const others = await context.sql<{ id: string }[]>`
    select id from postrider.mailpiece
    where organization_id = ${organizationId} and id = any (${pieces}::uuid[]) and printer_name <> ${name}`;
  const elsewhere = new Set(others.map(({ id }) => id));
  return ours.filter(({ mailpieceId }) => mailpieceId === null || !elsewhere.has(mailpieceId));
};

const pollPrinter = async (context: PipelineContext, { organization_id: organizationId, printer_name: name, cursor }: SilentPrinter) => {
  const printer = await printerNamed(context, organizationId, name);
  // A printer that comes back to a cursor goes round in a circle.
  const seen = new Set<string | null>();
  for (let from = cursor; !seen.has(from) && seen.size < MOST_PAGES;) {
    seen.add(from);
    const answer = await page(context, printer, from);
    if (answer === undefined) return;
    const { events, cursor: next } = answer;
    const own = await ownEvents(context, organizationId, name, events);
    if (own.length > 0) await applyEvents(context.sql, organizationId, name, own, null, null);
    if (next !== null) await context.sql`select postrider.poll_done(${organizationId}, ${name}, ${next})`;
    if (events.length === 0 || next === null) return;
    from = next;
  }
};

export const pollPrinters = async (context: PipelineContext, silence = SILENCE): Promise<void> => {
  const silent = await context.sql<SilentPrinter[]>`
    select organization_id, printer_name, cursor from postrider.poll_claim(${silence}::interval)`;
  // One iterator, from which each takes the next.
  const printers = silent.values();
  const takeTurns = async (): Promise<void> => {
    for (const printer of printers) {
      if (context.stopping.aborted) return;
      try {
        await pollPrinter(context, printer);
      } catch (error) {
        context.logger.warn(
          { printer: printer.printer_name, error: error instanceof Error ? error.message : String(error) },
          'the printer could not be polled',
        );
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
};
