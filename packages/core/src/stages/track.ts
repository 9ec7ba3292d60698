/**
 * Tracking: what printers tell is stored first, answered at once, and applied here in bulk, up to
 * 50 webhooks at a time.
 */
import type postgres from 'postgres';
import { isLostConnection, isLostSession, mapped, sqlState } from '../machine/errors.ts';
import { applyEvents, lockForEvents } from '../machine/mailpieces.ts';
import { forEachOrganization, type PartFailure } from '../pipeline/beat-failures.ts';
import type { PipelineContext } from '../pipeline/context.ts';
import type { Printer, PrinterEvent, WebhookRequest } from '../ports/index.ts';
import { keptEvent, webhookAnswer, type KeptEvent, type WebhookAnswer } from './answers/printer.ts';
import type { Due } from './due.ts';
import { briefOf, made, printerNamed, UnknownPrinterError } from './printers.ts';
import { messageOf } from '../pipeline/message-of.ts';

const BATCH = 50;
// In the address, an organization's id that is no uuid, or a letter that no text can hold (NUL).
const unwritable = ['22P02', '22021'];

interface Inbox {
  readonly id: string;
  readonly organization_id: string;
  readonly printer_name: string;
  /** In base64: as bytes it would be read in whichever way the session writes them. */
  readonly body: string;
  /** ISO 8601. */
  readonly received_at: string;
}

/**
 * A printer's webhook, checked on its raw bytes and stored. `forged` and `unknown_printer` store
 * nothing.
 */
export type Reception =
  | { readonly outcome: 'stored' | 'repeated' }
  | { readonly outcome: 'forged' | 'unknown_printer'; readonly message: string };

export async function receiveWebhook(
  context: PipelineContext,
  organizationId: string,
  printerName: string,
  request: WebhookRequest,
): Promise<Reception> {
  let printer: Printer;
  try {
    printer = await printerNamed(context, organizationId, printerName);
  } catch (error) {
    // A database that cannot be reached says nothing about the printer: it is told to come again.
    if (!(error instanceof UnknownPrinterError) && !unwritable.includes(sqlState(error) ?? ''))
      throw error;
    return { outcome: 'unknown_printer', message: 'no such printer' };
  }
  const verdict = printer.verifyWebhook(request, context.callContext(context.stopping).now());
  if (!verdict.valid) return { outcome: 'forged', message: verdict.message };
  const [row] = await mapped(context.sql<{ stored: boolean }[]>`
    select postrider.receive_webhook(${organizationId}, ${printerName}, ${verdict.deliveryId}, ${Buffer.from(request.body)}) as stored`);
  return { outcome: row?.stored === true ? 'stored' : 'repeated' };
}

// Deadlocks, locks that were not given, sessions ended, a server that stops or is full: none of
// them says anything about the webhook.
function isPassing(error: unknown): boolean {
  return isLostConnection(error) || /^(08|40|53|55|57)/.test(sqlState(error) ?? '');
}

interface Parsed extends WebhookAnswer {
  readonly webhook: Inbox;
}

function keyOf(webhook: Inbox): string {
  return `${webhook.organization_id}/${webhook.printer_name}`;
}

/** Printers of webhooks, by `keyOf`; an error where one cannot be had. */
type Printers = Map<string, Printer | Error>;

/**
 * Outside any transaction: an adapter may ask the database while it is made, and the pool may have
 * no second connection.
 */
async function meet(
  context: PipelineContext,
  printers: Printers,
  inbox: readonly Inbox[],
): Promise<void> {
  for (const webhook of inbox) {
    const key = keyOf(webhook);
    if (printers.has(key)) continue;
    const cannot = (error: unknown): Error =>
      error instanceof Error ? error : new Error(String(error));
    const brief = await briefOf(context, webhook.organization_id, webhook.printer_name).catch(
      (error: unknown) => {
        if (isPassing(error)) throw error;
        return cannot(error);
      },
    );
    // A file that is gone, or a vault that cannot be reached, is this printer's fault: the others'
    // webhooks do not wait for it.
    const printer =
      brief instanceof Error
        ? brief
        : await made(context, brief).catch((error: unknown) => {
            // Whoever makes it may ask our database.
            if (isLostSession(error)) throw error;
            return cannot(error);
          });
    // Who is told to stop may answer with an error that is none.
    if (printer instanceof Error && context.stopping.aborted) throw printer;
    printers.set(key, printer);
  }
}

/** Kept, with the reason: doctor reports it, and nothing is dropped. */
async function giveUp(
  context: PipelineContext,
  tx: postgres.TransactionSql,
  webhook: Inbox,
  error: unknown,
): Promise<void> {
  const message = messageOf(error);
  context.logger.error(
    { webhook: webhook.id, printer: webhook.printer_name, error: message },
    'a webhook could not be applied; it is kept',
  );
  await tx`select postrider.track_done(${webhook.id}, ${message})`;
}

/** Raws that are kept beside a webhook, whose body has them all. */
const MOST_KEPT = 100;

/**
 * Kept by themselves, with the reasons; the webhook is read again by retry_webhooks, and what is
 * applied of it now is known then.
 */
async function keepUnusable(
  tx: postgres.TransactionSql,
  webhook: Inbox,
  unusable: readonly KeptEvent[],
): Promise<void> {
  await tx`select postrider.track_unusable(${webhook.id}, ${JSON.stringify(unusable.slice(0, MOST_KEPT))}::text::jsonb, ${unusable.length})`;
}

/**
 * All events of a webhook at once; where the database refuses them, each by itself. Returns those
 * that it refuses.
 */
async function applyWebhook(
  tx: postgres.TransactionSql,
  { webhook, events }: Parsed,
): Promise<readonly KeptEvent[]> {
  const {
    organization_id: organizationId,
    printer_name: printerName,
    received_at: receivedAt,
  } = webhook;
  const applied = async (some: readonly PrinterEvent[]): Promise<unknown> => {
    try {
      await tx.savepoint(
        async (inner) =>
          await applyEvents(inner, organizationId, printerName, some, receivedAt, webhook.id),
      );
      return null;
    } catch (error) {
      if (isPassing(error)) throw error;
      return error;
    }
  };
  const refusal = events.length === 0 ? null : await applied(events);
  if (refusal === null) return [];
  await keepUnusable(tx, webhook, []);
  const refused: KeptEvent[] = [];
  for (const event of events) {
    const error = events.length === 1 ? refusal : await applied([event]);
    if (error !== null) refused.push(keptEvent(event, messageOf(error)));
  }
  return refused;
}

async function apply(
  context: PipelineContext,
  tx: postgres.TransactionSql,
  printers: Printers,
  inbox: readonly Inbox[],
): Promise<void> {
  const groups = new Map<string, Parsed[]>();
  for (const webhook of inbox) {
    const key = keyOf(webhook);
    try {
      const printer = printers.get(key);
      if (printer === undefined || printer instanceof Error)
        throw printer ?? new Error('its printer was not met');
      const parsed = {
        webhook,
        ...webhookAnswer(
          printer.parseWebhook(Buffer.from(webhook.body, 'base64')),
          webhook.received_at,
        ),
      };
      groups.set(key, [...(groups.get(key) ?? []), parsed]);
    } catch (error) {
      // Nothing here asks the database: whatever its code, it is the adapter's.
      await giveUp(context, tx, webhook, error);
    }
  }
  for (const [, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { organization_id: organizationId, printer_name: printerName } = group[0]?.webhook ?? {
      organization_id: '',
      printer_name: '',
    };
    const all = group.flatMap(({ events }) => events);
    // Only an order: an event that the database refuses is found out below, by itself.
    await tx
      .savepoint(async (inner) => await lockForEvents(inner, organizationId, printerName, all))
      .catch((error: unknown) => {
        if (isPassing(error)) throw error;
      });
    for (const parsed of group) {
      const { webhook } = parsed;
      // Before the others are applied, or the body might be blanked with them.
      if (parsed.unusable.length > 0) await keepUnusable(tx, webhook, parsed.unusable);
      const unusable = [...parsed.unusable, ...(await applyWebhook(tx, parsed))];
      if (unusable.length === 0) {
        await tx`select postrider.track_done(${webhook.id})`;
        continue;
      }
      context.logger.error(
        {
          webhook: webhook.id,
          printer: printerName,
          unusable: unusable.length,
          error: unusable[0]?.reason,
        },
        'some events of a webhook cannot be used; they are kept, and the others are applied',
      );
      await keepUnusable(tx, webhook, unusable);
    }
  }
}

/**
 * Up to 50 webhooks in one transaction, all of them or, where a printer is still to be met, none.
 */
async function applyBatch(
  context: PipelineContext,
  printers: Printers,
): Promise<{ inbox: readonly Inbox[]; applied: boolean }> {
  return await context.sql.begin(async (tx) => {
    const inbox = await tx<Inbox[]>`
      select id, organization_id, printer_name, pg_catalog.encode(body, 'base64') as body, pg_catalog.to_json(received_at) as received_at
      from postrider.track_claim(${BATCH})`;
    if (!inbox.every((webhook) => printers.has(keyOf(webhook)))) return { inbox, applied: false };
    if (inbox.length > 0) await context.reach('track.claimed');
    await apply(context, tx, printers, inbox);
    return { inbox, applied: true };
  });
}

/** Applies stored webhooks until none is left. Returns how many. */
export async function applyInbox(context: PipelineContext): Promise<number> {
  const printers: Printers = new Map();
  let count = 0;
  for (let failures = 0; !context.stopping.aborted;) {
    try {
      const { inbox, applied } = await applyBatch(context, printers);
      failures = 0;
      if (!applied) {
        await meet(context, printers, inbox);
        continue;
      }
      if (inbox.length > 0) await context.reach('track.applied');
      count += inbox.length;
      if (inbox.length < BATCH) break;
    } catch (error) {
      // Rolled back as a whole; the next beat would try again, but a deadlock is over at once.
      failures += 1;
      if (failures > 3 || !isPassing(error)) throw error;
    }
  }
  return count;
}

export async function beatInbox(context: PipelineContext, due: Due): Promise<void> {
  if (due.webhooks) await applyInbox(context);
}

/** Events that found no piece when they came. */
export async function beatUnmatched(
  { sql }: PipelineContext,
  due: Due,
): Promise<readonly PartFailure[]> {
  return await forEachOrganization(
    'unmatched events',
    due.unmatched,
    async (id) => await sql`select postrider.match_events(${id})`,
  );
}
