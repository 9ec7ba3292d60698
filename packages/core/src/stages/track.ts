/** Tracking: what printers tell is stored first, answered at once, and applied here in bulk, up to 50 webhooks at a time. */
import { applyEvents } from '../machine/mailpieces.ts';
import type { PipelineContext } from '../pipeline/context.ts';
import type { Printer } from '../ports/index.ts';
import { printerBrief } from './mail.ts';

const BATCH = 50;

interface Inbox {
  readonly id: string;
  readonly organization_id: string;
  readonly printer_name: string;
  readonly body: Uint8Array;
  readonly received_at: Date;
}

/** A printer's webhook, checked on its raw bytes and stored. `forged` and `unknown_printer` store nothing. */
export type Reception =
  | { readonly outcome: 'stored' | 'repeated' }
  | { readonly outcome: 'forged' | 'unknown_printer'; readonly message: string };

export const receiveWebhook = async (
  context: PipelineContext,
  organizationId: string,
  printerName: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<Reception> => {
  let printer: Printer;
  try {
    printer = await context.integrations.printer(await printerBrief(context, organizationId, printerName));
  } catch {
    return { outcome: 'unknown_printer', message: 'no such printer' };
  }
  const verdict = printer.verifyWebhook(headers, body, context.callContext(context.stopping).now());
  if (!verdict.valid) return { outcome: 'forged', message: verdict.message };
  const [row] = await context.sql<{ stored: boolean }[]>`
    select postrider.receive_webhook(${organizationId}, ${printerName}, ${verdict.deliveryId}, ${Buffer.from(body)}) as stored`;
  return { outcome: row?.stored === true ? 'stored' : 'repeated' };
};

/** Applies stored webhooks until none is left. Returns how many. */
export const applyInbox = async (context: PipelineContext): Promise<number> => {
  let applied = 0;
  while (!context.stopping.aborted) {
    const printers = new Map<string, Printer>();
    const count = await context.sql.begin(async (tx) => {
      const inbox = await tx<Inbox[]>`select * from postrider.track_claim(${BATCH})`;
      if (inbox.length > 0) await context.reach('track.claimed');
      for (const webhook of inbox) {
        const key = `${webhook.organization_id}/${webhook.printer_name}`;
        try {
          const printer =
            printers.get(key) ??
            (await context.integrations.printer(await printerBrief(context, webhook.organization_id, webhook.printer_name)));
          printers.set(key, printer);
          const events = printer.parseWebhook(webhook.body);
          await tx.savepoint(
            async (inner) =>
              await applyEvents(inner, webhook.organization_id, webhook.printer_name, events, webhook.received_at, webhook.id),
          );
          await tx`select postrider.track_done(${webhook.id})`;
        } catch (error) {
          // Kept, with the reason: doctor reports it, and nothing is dropped.
          const message = error instanceof Error ? error.message : String(error);
          context.logger.error(
            { webhook: webhook.id, printer: webhook.printer_name, error: message },
            'a webhook could not be applied; it is kept',
          );
          await tx`select postrider.track_done(${webhook.id}, ${message})`;
        }
      }
      return inbox.length;
    });
    if (count > 0) await context.reach('track.applied');
    applied += count;
    if (count < BATCH) break;
  }
  return applied;
};

/** The beat: the inbox, events that found no piece when they came, and printers that can be polled. */
export const beatTrack = async (context: PipelineContext): Promise<void> => {
  await applyInbox(context);
  const unmatched = await context.sql<{ id: string }[]>`
    select distinct organization_id as id from postrider.mailpiece_event where mailpiece_id is null and received_at > now() - interval '7 days'`;
  for (const { id } of unmatched) await context.sql`select postrider.match_events(${id})`;
};
