/**
 * The inbox of tracking: webhooks that were stored are applied in bulk, up to 50 at a time; and
 * events that found no piece when they came.
 */
import type postgres from 'postgres';
import { isLostConnection, isLostSession, sqlState } from '../../common/driver-errors.ts';
import { messageOf } from '../../common/message-of.ts';
import type { PartFailure, Due } from '../../machine/house.ts';
import {
  applyEvents,
  claimWebhooks,
  closeWebhook,
  eventsOfSiblings,
  keepUnusableEvents,
  lockForEvents,
  matchEvents,
  type KeptEvent,
  type StoredWebhook,
} from '../../machine/track.ts';
import type { Printer, PrinterEvent } from '../../ports/index.ts';
import { forEachOrganization } from '../../runtime/part-failure.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { printerBriefOf, makePrinter } from '../../runtime/printers.ts';
import { keptEvent, webhookAnswer, type WebhookAnswer } from './event-answers.ts';

const BATCH = 50;

// Deadlocks, locks that were not given, sessions ended, a server that stops or is full: none of
// them says anything about the webhook.
function isPassing(error: unknown): boolean {
  return isLostConnection(error) || /^(08|40|53|55|57)/.test(sqlState(error) ?? '');
}

interface Parsed extends WebhookAnswer {
  readonly webhook: StoredWebhook;
}

function keyOf(webhook: StoredWebhook): string {
  return `${webhook.organizationId}/${webhook.printerName}`;
}

interface MadePrinter {
  readonly port: Printer;
  /** Reached by a connection, and maybe not alone: its webhooks are the connection's. */
  readonly isConnected: boolean;
}

/** Printers of webhooks, by `keyOf`; an error where one cannot be had. */
type Printers = Map<string, MadePrinter | Error>;

/**
 * Outside any transaction: an adapter may ask the database while it is made, and the pool may have
 * no second connection.
 */
async function makePrinters(
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
        : await makePrinter(context, brief).then(
            (port) => ({ port, isConnected: brief.connectionId !== null }),
            (error: unknown) => {
              // The code that makes a printer may ask our database.
              if (isLostSession(error)) throw error;
              return asError(error);
            },
          );
    // An adapter that is told to stop may answer with an error that means nothing.
    if (printer instanceof Error && context.stopping.aborted) throw printer;
    printers.set(key, printer);
  }
}

/** Kept, with the reason: doctor reports it, and nothing is dropped. */
async function keepUnreadable(
  context: PipelineContext,
  tx: postgres.TransactionSql,
  webhook: StoredWebhook,
  error: unknown,
): Promise<void> {
  const message = messageOf(error);
  context.logger.error(
    { webhook: webhook.id, printer: webhook.printerName, error: message },
    'a webhook could not be applied; it is kept',
  );
  await closeWebhook(tx, webhook, message);
}

/**
 * Events of one webhook or several by the name of their printer, in the order of the names: two
 * runners lock alike.
 */
function byPrinter(
  { printerName }: StoredWebhook,
  events: readonly PrinterEvent[],
  siblings: ReadonlyMap<string, string>,
): readonly (readonly [string, readonly PrinterEvent[]])[] {
  const groups = Map.groupBy(events, ({ eventId }) => siblings.get(eventId) ?? printerName);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * All events of a webhook at once; where the database refuses them, each by itself. Returns those
 * that it refuses.
 */
async function applyWebhook(
  tx: postgres.TransactionSql,
  { webhook, events }: Parsed,
  siblings: ReadonlyMap<string, string>,
): Promise<readonly KeptEvent[]> {
  const { id: webhookId, receivedAt, organizationId } = webhook;
  const applied = async (some: readonly PrinterEvent[]): Promise<unknown> => {
    try {
      await tx.savepoint(async (inner) => {
        for (const [printerName, own] of byPrinter(webhook, some, siblings))
          await applyEvents(inner, { organizationId, printerName }, own, { receivedAt, webhookId });
      });
      return null;
    } catch (error) {
      if (isPassing(error)) throw error;
      return error;
    }
  };
  const refusal = events.length === 0 ? null : await applied(events);
  if (refusal === null) return [];
  await keepUnusableEvents(tx, webhook, []);
  const refused: KeptEvent[] = [];
  for (const event of events) {
    const error = events.length === 1 ? refusal : await applied([event]);
    if (error !== null) refused.push(keptEvent(event, messageOf(error)));
  }
  return refused;
}

/** What is read in webhooks of one printer. */
type Group = readonly [Parsed, ...Parsed[]];

/** Webhooks by printer, in the order of their keys; one that cannot be read is kept as it is. */
async function readWebhooks(
  context: PipelineContext,
  tx: postgres.TransactionSql,
  printers: Printers,
  inbox: readonly StoredWebhook[],
): Promise<readonly Group[]> {
  const groups = new Map<string, [Parsed, ...Parsed[]]>();
  for (const webhook of inbox) {
    const key = keyOf(webhook);
    try {
      const printer = printers.get(key);
      if (printer === undefined || printer instanceof Error)
        throw printer ?? new Error('its printer was not made');
      const told = printer.port.parseWebhook(Buffer.from(webhook.body, 'base64'));
      const parsed = { webhook, ...webhookAnswer(told, webhook.receivedAt) };
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [parsed]);
      else group.push(parsed);
    } catch (error) {
      // Nothing here asks the database: whatever its code, it is the adapter's.
      await keepUnreadable(context, tx, webhook, error);
    }
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** An account has one endpoint: what it tells may be of another printer of the account. */
async function siblingsOf(
  tx: postgres.TransactionSql,
  printers: Printers,
  group: Group,
): Promise<ReadonlyMap<string, string>> {
  const [{ webhook }] = group;
  const printer = printers.get(keyOf(webhook));
  if (printer === undefined || printer instanceof Error || !printer.isConnected) return new Map();
  const events = group.flatMap((parsed) => parsed.events);
  // What the database refuses here it refuses below as well, event by event.
  return await tx
    .savepoint(async (inner) => await eventsOfSiblings(inner, webhook, events))
    .catch((error: unknown) => {
      if (isPassing(error)) throw error;
      return new Map();
    });
}

async function applyGroup(
  { logger }: PipelineContext,
  tx: postgres.TransactionSql,
  group: Group,
  siblings: ReadonlyMap<string, string>,
): Promise<void> {
  const { printerName, organizationId } = group[0].webhook;
  const all = group.flatMap(({ events }) => events);
  // Only an order: an event that the database refuses is found out below, by itself.
  await tx
    .savepoint(async (inner) => {
      for (const [name, own] of byPrinter(group[0].webhook, all, siblings))
        await lockForEvents(inner, { organizationId, printerName: name }, own);
    })
    .catch((error: unknown) => {
      if (isPassing(error)) throw error;
    });
  for (const parsed of group) {
    const { webhook } = parsed;
    // Before the others are applied, or the body might be blanked with them.
    if (parsed.unusable.length > 0) await keepUnusableEvents(tx, webhook, parsed.unusable);
    const unusable = [...parsed.unusable, ...(await applyWebhook(tx, parsed, siblings))];
    if (unusable.length === 0) {
      await closeWebhook(tx, webhook);
      continue;
    }
    logger.error(
      {
        webhook: webhook.id,
        printer: printerName,
        unusable: unusable.length,
        error: unusable[0]?.reason,
      },
      'some events of a webhook cannot be used; they are kept, and the others are applied',
    );
    await keepUnusableEvents(tx, webhook, unusable);
  }
}

/**
 * Up to 50 webhooks in one transaction, all of them or, where a printer is still to be made, none.
 */
async function applyBatch(
  context: PipelineContext,
  printers: Printers,
): Promise<{ inbox: readonly StoredWebhook[]; applied: boolean }> {
  return await context.sql.begin(async (tx) => {
    const inbox = await claimWebhooks(tx, BATCH);
    if (!inbox.every((webhook) => printers.has(keyOf(webhook)))) return { inbox, applied: false };
    if (inbox.length > 0) await context.reach('track.claimed');
    for (const group of await readWebhooks(context, tx, printers, inbox))
      await applyGroup(context, tx, group, await siblingsOf(tx, printers, group));
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
        await makePrinters(context, printers, inbox);
        continue;
      }
      if (inbox.length > 0) await context.reach('track.applied');
      context.meter.webhooks(inbox.length);
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
    async (id) => await matchEvents(sql, id),
  );
}
