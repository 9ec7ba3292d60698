/**
 * What stored webhooks tell, applied: those of one printer together, in one statement. One that
 * cannot be used is kept with the reason, and costs no other.
 */
import type postgres from 'postgres';
import { messageOf } from '../../common/message-of.ts';
import {
  applyWebhooks,
  closeWebhook,
  closeWebhooks,
  keepUnusableEvents,
  lockForWebhooks,
  putOffWebhooks,
  type KeptEvent,
  type StoredWebhook,
  type WebhookEvent,
} from '../../machine/track.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import { keptEvent, webhookAnswer, type WebhookAnswer } from './event-answers.ts';
import { isLockedElsewhere, isPassing, keyOf, type Printers } from './inbox-printers.ts';

interface Parsed extends Pick<WebhookAnswer, 'unusable'> {
  readonly webhook: StoredWebhook;
  readonly events: readonly WebhookEvent[];
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
 * All events of a webhook at once; where the database refuses them, each by itself. Returns those
 * that it refuses.
 */
async function applyWebhook(
  tx: postgres.TransactionSql,
  { webhook, events }: Parsed,
): Promise<readonly KeptEvent[]> {
  const applied = async (some: readonly WebhookEvent[]): Promise<unknown> => {
    try {
      await tx.savepoint(async (inner) => await applyWebhooks(inner, webhook, some));
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
export async function readWebhooks(
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
      const told = printer.parseWebhook(Buffer.from(webhook.body, 'base64'));
      const { id: inboxId, receivedAt } = webhook;
      const { events, unusable } = webhookAnswer(told, receivedAt);
      const parsed: Parsed = {
        webhook,
        events: events.map((event) => ({ ...event, inboxId, receivedAt })),
        unusable,
      };
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

/** Whom webhooks of one printer concern is locked, in one order. False where that is refused. */
async function lockGroup(tx: postgres.TransactionSql, group: Group): Promise<boolean> {
  const [{ webhook }] = group;
  const events = group.flatMap((parsed) => parsed.events);
  return await tx
    .savepoint(async (inner) => {
      await lockForWebhooks(inner, webhook, events);
      return true;
    })
    .catch((error: unknown) => {
      // Only an order: an event that the database refuses is found out by itself.
      if (isPassing(error)) throw error;
      return false;
    });
}

/**
 * Webhooks of which everything can be used, at once; where the database refuses that, in halves.
 */
async function applyWhole(
  context: PipelineContext,
  tx: postgres.TransactionSql,
  group: readonly Parsed[],
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  if (group.length === 1) return await applyAlone(context, tx, first);
  const events = group.flatMap((parsed) => parsed.events);
  try {
    await tx.savepoint(async (inner) => await applyWebhooks(inner, first.webhook, events));
  } catch (error) {
    if (isPassing(error)) throw error;
    const middle = group.length >> 1;
    await applyWhole(context, tx, group.slice(0, middle));
    return await applyWhole(context, tx, group.slice(middle));
  }
  const ids = group.map(({ webhook }) => webhook.id);
  const left = await closeWebhooks(tx, first.webhook.organizationId, ids);
  for (const { webhook } of group) if (left.has(webhook.id)) await closeWebhook(tx, webhook);
}

/** One webhook; what cannot be used of it is kept, and costs no other event. */
async function applyAlone(
  { logger }: PipelineContext,
  tx: postgres.TransactionSql,
  parsed: Parsed,
): Promise<void> {
  const { webhook } = parsed;
  // Before the others are applied, or the body might be blanked with them.
  if (parsed.unusable.length > 0) await keepUnusableEvents(tx, webhook, parsed.unusable);
  const unusable = [...parsed.unusable, ...(await applyWebhook(tx, parsed))];
  if (unusable.length === 0) return await closeWebhook(tx, webhook);
  logger.error(
    {
      webhook: webhook.id,
      printer: webhook.printerName,
      unusable: unusable.length,
      error: unusable[0]?.reason,
    },
    'some events of a webhook cannot be used; they are kept, and the others are applied',
  );
  await keepUnusableEvents(tx, webhook, unusable);
}

/**
 * Applies what was read in webhooks of one printer, and ends them. Where somebody holds the rows of
 * their people they are put off, and cost the others nothing. Returns how many were applied.
 */
export async function applyGroup(
  context: PipelineContext,
  tx: postgres.TransactionSql,
  group: Group,
): Promise<number> {
  try {
    await tx.savepoint(async (inner) => await applyLocked(context, inner, group));
    return group.length;
  } catch (error) {
    if (!isLockedElsewhere(error)) throw error;
    const ids = group.map(({ webhook }) => webhook.id);
    await putOffWebhooks(tx, group[0].webhook.organizationId, ids);
    reportPutOff(context, ids.length);
    return 0;
  }
}

export function reportPutOff({ logger }: PipelineContext, webhooks: number): void {
  if (webhooks > 0)
    logger.warn(
      { webhooks },
      'people are held by a transaction that is open for long: webhooks of them wait, and are ' +
        'applied later; doctor shows who it is',
    );
}

async function applyLocked(
  context: PipelineContext,
  tx: postgres.TransactionSql,
  group: Group,
): Promise<void> {
  const isLocked = await lockGroup(tx, group);
  const isWhole = ({ unusable }: Parsed): boolean => isLocked && unusable.length === 0;
  await applyWhole(context, tx, group.filter(isWhole));
  for (const parsed of group) if (!isWhole(parsed)) await applyAlone(context, tx, parsed);
}
