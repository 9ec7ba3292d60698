/** A printer's webhook: verified on its raw bytes, stored, and answered at once. */
import { sqlState } from '../../common/driver-errors.ts';
import type { PrinterBrief } from '../../machine/briefs.ts';
import { endpointPrinter, storeWebhook } from '../../machine/track.ts';
import type { WebhookRequest } from '../../ports/index.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { makePrinter, printerBriefOf, UnknownPrinterError } from '../../runtime/printers.ts';

// In the address, an organization's id that is no uuid, or a letter that no text can hold (NUL).
const unwritable = ['PR020', '22021'];

/**
 * The two parts of an address below `/webhooks/`: `<connection>/<endpoint id>`, or, of a printer
 * without a connection, `<organization id>/<printer>`.
 */
export type WebhookAddress = readonly [whose: string, which: string];

/**
 * A printer's webhook, checked on its raw bytes and stored. `forged` and `unknown_printer` store
 * nothing.
 */
export type Reception =
  | { readonly outcome: 'stored' | 'repeated' }
  | { readonly outcome: 'unknown_printer'; readonly message: string }
  | {
      readonly outcome: 'forged';
      readonly message: string;
      /** The name of the printer that it was not of. */
      readonly printer: string;
    };

export async function receiveWebhook(
  context: PipelineContext,
  address: WebhookAddress,
  request: WebhookRequest,
): Promise<Reception> {
  const brief = await printerAt(context, address);
  // In the same words whatever is wrong: nobody learns which connections there are.
  if (brief === null) return { outcome: 'unknown_printer', message: 'no such printer' };
  const printer = await makePrinter(context, brief);
  const verdict = printer.verifyWebhook(request, context.now());
  const { organizationId, name: printerName } = brief;
  if (!verdict.valid) return { outcome: 'forged', message: verdict.message, printer: printerName };
  const { deliveryId } = verdict;
  const { body } = request;
  const isNew = await storeWebhook(
    context.sql,
    { organizationId, printerName },
    { deliveryId, body },
  );
  return { outcome: isNew ? 'stored' : 'repeated' };
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Null where there is none. A printer with a connection is reached by its endpoint alone. */
async function printerAt(
  context: PipelineContext,
  [whose, which]: WebhookAddress,
): Promise<PrinterBrief | null> {
  try {
    if (uuid.test(which)) {
      const endpoint = { connectionName: whose, endpointId: which };
      const found = await endpointPrinter(context.sql, endpoint);
      if (found !== null) return found;
    }
    const brief = await printerBriefOf(context, whose, which);
    return brief.connectionId === null ? brief : null;
  } catch (error) {
    // A database that cannot be reached says nothing about the printer: it is told to come again.
    if (!(error instanceof UnknownPrinterError) && !unwritable.includes(sqlState(error) ?? ''))
      throw error;
    return null;
  }
}
