/** A printer's webhook: verified on its raw bytes, stored, and answered at once. */
import { sqlState } from '../../common/driver-errors.ts';
import type { PrinterKey } from '../../machine/briefs.ts';
import { storeWebhook } from '../../machine/track.ts';
import type { Printer, WebhookRequest } from '../../ports/index.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { printerNamed, UnknownPrinterError } from '../../runtime/printers.ts';

// In the address, an organization's id that is no uuid, or a letter that no text can hold (NUL).
const unwritable = ['PR020', '22021'];

/**
 * A printer's webhook, checked on its raw bytes and stored. `forged` and `unknown_printer` store
 * nothing.
 */
export type Reception =
  | { readonly outcome: 'stored' | 'repeated' }
  | { readonly outcome: 'forged' | 'unknown_printer'; readonly message: string };

export async function receiveWebhook(
  context: PipelineContext,
  key: PrinterKey,
  request: WebhookRequest,
): Promise<Reception> {
  let printer: Printer;
  try {
    ({ port: printer } = await printerNamed(context, key.organizationId, key.printerName));
  } catch (error) {
    // A database that cannot be reached says nothing about the printer: it is told to come again.
    if (!(error instanceof UnknownPrinterError) && !unwritable.includes(sqlState(error) ?? ''))
      throw error;
    return { outcome: 'unknown_printer', message: 'no such printer' };
  }
  const verdict = printer.verifyWebhook(request, context.now());
  if (!verdict.valid) return { outcome: 'forged', message: verdict.message };
  const { deliveryId } = verdict;
  const { body } = request;
  const isNew = await storeWebhook(context.sql, key, { deliveryId, body });
  return { outcome: isNew ? 'stored' : 'repeated' };
}
