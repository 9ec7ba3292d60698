/** Who reads the webhooks of the inbox: the printers that they are of, each made once. */
import { isLostConnection, isLostSession, sqlState } from '../../common/driver-errors.ts';
import type { StoredWebhook } from '../../machine/track.ts';
import type { Printer } from '../../ports/index.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { makePrinter, printerBriefOf } from '../../runtime/printers.ts';

// Deadlocks, locks that were not given, sessions ended, a server that stops or is full: none of
// them says anything about the webhook.
export function isPassing(error: unknown): boolean {
  return isLostConnection(error) || /^(08|40|53|55|57)/.test(sqlState(error) ?? '');
}

/** Somebody holds what it needs, an open psql session for example. */
export function isLockedElsewhere(error: unknown): boolean {
  return sqlState(error) === '55P03';
}

export function keyOf(webhook: StoredWebhook): string {
  return `${webhook.organizationId}/${webhook.printerName}`;
}

/** Printers of webhooks, by `keyOf`; an error where one cannot be had. */
export type Printers = Map<string, Printer | Error>;

/**
 * Outside any transaction: an adapter may ask the database while it is made, and the pool may have
 * no second connection.
 */
export async function makePrinters(
  context: PipelineContext,
  printers: Printers,
  inbox: readonly StoredWebhook[],
): Promise<void> {
  for (const webhook of inbox) {
    const key = keyOf(webhook);
    if (printers.has(key)) continue;
    const asError = (error: unknown): Error =>
      error instanceof Error ? error : new Error(String(error));
    const brief = await printerBriefOf(context, webhook.organizationId, webhook.printerName).catch(
      (error: unknown) => {
        if (isPassing(error)) throw error;
        return asError(error);
      },
    );
    // A file that is gone, or a vault that cannot be reached, is this printer's fault: the others'
    // webhooks do not wait for it.
    const printer =
      brief instanceof Error
        ? brief
        : await makePrinter(context, brief).catch((error: unknown) => {
            // The code that makes a printer may ask our database.
            if (isLostSession(error)) throw error;
            return asError(error);
          });
    // An adapter that is told to stop may answer with an error that means nothing.
    if (printer instanceof Error && context.stopping.aborted) throw printer;
    printers.set(key, printer);
  }
}
