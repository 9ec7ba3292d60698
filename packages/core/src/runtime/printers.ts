/**
 * The printers that the stages speak to, by name. How long one may keep us in the dark (its
 * time-out and read lag) is known to its adapter only; the database must know it as well before the
 * first card is sent, since a reaper that finds the work of a dead runner asks no adapter.
 */
import { printerBrief, type PrinterBrief } from '../machine/briefs.ts';
import { setQuietTime } from '../machine/mail.ts';
import type { CallAccount } from '../machine/provider-calls.ts';
import type { CallContext, Printer } from '../ports/index.ts';
import { printerAccount } from './accounts.ts';
import { askAdapter } from './asking-adapters.ts';
import { ask } from './asking.ts';
import type { PipelineContext } from './context.ts';

/** No such printer, or not this role's to see. */
export class UnknownPrinterError extends Error {
  override readonly name = 'UnknownPrinterError';
}

/**
 * A request to it may outlast the lease: a reaper would ask about a card that is still on its way.
 */
export class SlowPrinterError extends Error {
  override readonly name = 'SlowPrinterError';
}

/** Its adapter tells numbers of it that cannot be. */
export class UnusablePrinterError extends Error {
  override readonly name = 'UnusablePrinterError';
}

/**
 * How long an unknown outcome rests, in milliseconds: longer than the printer's time-out and read
 * lag together.
 */
export function quietMs(
  context: PipelineContext,
  printer: Pick<Printer, 'timeoutMs' | 'readLagMs'>,
): number {
  return Math.max(context.settings.quietMs, printer.timeoutMs + printer.readLagMs + 1000);
}

/** What the database has of a printer. */
export async function printerBriefOf(
  context: PipelineContext,
  organizationId: string,
  name: string,
): Promise<PrinterBrief> {
  const brief = await printerBrief(context.sql, organizationId, name);
  if (brief === null) throw new UnknownPrinterError(`there is no printer ${name}`);
  return brief;
}

/**
 * Making it may need secrets and files, and may hang like anything else of an adapter. What it
 * throws says nothing of the database.
 */
export async function makePrinter(
  context: PipelineContext,
  brief: PrinterBrief,
  longestMs = Infinity,
): Promise<Printer> {
  return await askAdapter(
    context,
    { who: `the maker of printer ${brief.name}`, port: null, account: null },
    async () => await context.integrations.printer(brief),
    Math.min(context.settings.adapterTimeoutMs, longestMs),
  );
}

// A maker that hangs keeps a slot, which is missing to other campaigns.
const PATIENCE_MS = 5000;

/**
 * To know what it can: null where it cannot be made, or not soon. Cards are rendered all the same,
 * and why it cannot be made is told by the mail stage.
 */
export async function printerIfMade(
  context: PipelineContext,
  organizationId: string,
  name: string,
): Promise<Printer | null> {
  try {
    const brief = await printerBriefOf(context, organizationId, name);
    return await makePrinter(context, brief, PATIENCE_MS);
  } catch {
    return null;
  }
}

/** A printer, and on whose behalf it is asked. */
export interface NamedPrinter {
  readonly port: Printer;
  readonly account: CallAccount;
}

/** A printer that is asked about its pieces, or whose webhooks are read. */
export async function printerNamed(
  context: PipelineContext,
  organizationId: string,
  name: string,
): Promise<NamedPrinter> {
  const brief = await printerBriefOf(context, organizationId, name);
  return { port: await makePrinter(context, brief), account: printerAccount(brief) };
}

/**
 * Asks a printer something that makes nothing. It may be silent for its own time-out; each request
 * of a longer answer begins with a sign of life.
 */
export async function askPrinter<Answer>(
  context: PipelineContext,
  { port, account }: NamedPrinter,
  call: (context: CallContext) => Promise<Answer>,
): Promise<Answer> {
  const { leaseMs } = context.settings;
  // Also where it is no number, or has no end.
  const silenceMs = port.timeoutMs < leaseMs ? port.timeoutMs : leaseMs;
  const asked = async (): Promise<Answer> =>
    await ask({ who: `printer ${account.who}`, silenceMs }, async ({ signal, signOfLife }) => {
      const ends = AbortSignal.any([signal, context.stopping]);
      return await call(context.callContext(ends, account, signOfLife));
    });
  return await context.meter.call('printer', asked);
}

function isTime(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/**
 * What an adapter says of its printer decides how cards are sent, and whether they are sent again.
 */
function checkNumbers(name: string, { maxBatch, readLagMs, keyLifetimeMs }: Printer): void {
  const wrong = [
    ...(Number.isInteger(maxBatch) && maxBatch >= 1
      ? []
      : [`maxBatch ${maxBatch}, which is no number of pieces`]),
    ...(isTime(readLagMs) ? [] : [`readLagMs ${readLagMs}, which is no time`]),
    ...(keyLifetimeMs === null || isTime(keyLifetimeMs)
      ? []
      : [`keyLifetimeMs ${keyLifetimeMs}, which is neither a time nor null`]),
  ];
  if (wrong.length > 0)
    throw new UnusablePrinterError(
      `printer ${name} has ${wrong.join(' and ')}: nothing is sent until its adapter or its ` +
        'options are mended',
    );
}

/** A printer that is sent cards. Throws before anything is sent. */
export async function printerToSubmitTo(
  context: PipelineContext,
  organizationId: string,
  name: string,
): Promise<NamedPrinter> {
  const brief = await printerBriefOf(context, organizationId, name);
  const printer = await makePrinter(context, brief);
  checkNumbers(name, printer);
  const { timeoutMs } = printer;
  const { leaseMs } = context.settings;
  // Negated, so that a time-out that is no number is refused as well.
  if (!(timeoutMs < leaseMs)) {
    throw new SlowPrinterError(
      `one request to printer ${name} may take ${timeoutMs} ms, and the runner's lease is ` +
        `${leaseMs} ms: ` +
        `nothing is sent until the printer's timeoutMs is shorter, or the runner's lease longer`,
    );
  }
  const quiet = quietMs(context, printer);
  if (!(quiet <= (brief.quietMs ?? 0)))
    await setQuietTime(context.sql, { organizationId, printerName: name }, quiet);
  return { port: printer, account: printerAccount(brief) };
}

/** Pieces by the printer that they go to, which is asked once for all of its own. */
export function groupByPrinter<Piece extends { printerName: string }>(
  pieces: readonly Piece[],
): [string, Piece[]][] {
  const names = [...new Set(pieces.map((piece) => piece.printerName))];
  return names.map((name) => [name, pieces.filter((piece) => piece.printerName === name)]);
}
