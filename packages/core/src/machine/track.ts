/** Typed calls of tracking: webhooks, polls, and the events that both of them tell. */
import { isUtf8 } from 'node:buffer';
import type { PrinterEvent } from '../ports/index.ts';
import type { PrinterBrief, PrinterKey } from './briefs.ts';
import { rowOf, type Sql } from './calls.ts';
import { withMachineErrors } from './errors.ts';
import * as calls from './generated/index.generated.ts';

/** A webhook that was stored and not yet applied. */
export interface StoredWebhook extends PrinterKey {
  readonly id: string;
  /** In base64: as bytes it would be read in whichever way the session writes them. */
  readonly body: string;
  /** ISO 8601. */
  readonly receivedAt: string;
}

export interface VerifiedWebhook {
  readonly deliveryId: string;
  readonly body: Uint8Array;
  /** What was read in it; null: it is to be read when it is applied. */
  readonly events: readonly PrinterEvent[] | null;
}

/**
 * Stores webhooks that were verified, in one statement. Returns the ids of the deliveries that were
 * not stored before.
 */
export async function storeWebhooks(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  webhooks: readonly VerifiedWebhook[],
): Promise<ReadonlySet<string>> {
  const bodies = Buffer.concat(webhooks.map(({ body }) => body));
  // As text it is half as long as in hex. They are cut by bytes again: whether each of them is text
  // by itself does not matter.
  const isText = isUtf8(bodies) && !bodies.includes(0);
  const stored = await calls.receiveWebhooks(sql, {
    organizationId,
    printerName,
    deliveryIds: webhooks.map(({ deliveryId }) => deliveryId),
    bodies: bodies.toString(isText ? 'utf8' : 'hex'),
    lengths: webhooks.map(({ body }) => body.length),
    areHex: !isText,
    events: webhooks.map(({ events }) => events?.map(readEvent) ?? null),
  });
  return new Set(stored);
}

/** What is kept of an event that is applied later. */
function readEvent(event: PrinterEvent): Omit<PrinterEvent, 'organizationId'> {
  const { eventId, providerId, mailpieceId, status, providerStatus, occurredAt, confidence } =
    event;
  return { eventId, providerId, mailpieceId, status, providerStatus, occurredAt, confidence };
}

/** What became of webhooks that were read when they came. */
export interface AppliedWebhooks {
  readonly applied: number;
  /** Somebody holds the rows of their people: they are applied later. */
  readonly putOff: number;
}

/**
 * Applies webhooks that were read when they came, up to so many. Where it rejects none was applied.
 */
export async function applyReadWebhooks(sql: Sql, limit: number): Promise<AppliedWebhooks> {
  const [told] = await calls.applyReadWebhooks<AppliedWebhooks>(sql, { limit });
  return told ?? { applied: 0, putOff: 0 };
}

/** Puts webhooks off, of one organization, so that those behind them are applied. */
export async function putOffWebhooks(
  sql: Sql,
  organizationId: string,
  ids: readonly string[],
): Promise<void> {
  await calls.putOffWebhooks(sql, { organizationId, ids });
}

/** Whether the oldest webhook that is to be applied waits for so long. */
export async function webhooksWaitFor(sql: Sql, ms: number): Promise<boolean> {
  const { result } = await rowOf(
    sql<{ result: boolean }[]>`
      select coalesce(
        min(available_at) < postrider.now() - ${ms}::float8 * interval '1 millisecond',
        false
      ) as result
      from postrider.waiting_webhook`,
  );
  return result;
}

/** Has so many of the webhooks that were read when they came read again, one by one. */
export async function readWebhooksAgain(sql: Sql, limit: number): Promise<void> {
  await calls.readWebhooksAgain(sql, { limit });
}

/**
 * Tells the runners that webhooks were stored: in a transaction of its own, which writes nothing
 * and waits for no disk.
 */
export async function announceWebhooks(sql: Sql): Promise<void> {
  await withMachineErrors(sql`select pg_notify('postrider_moved', 'track')`);
}

/** Where a provider sends the webhooks of an account. */
export interface Endpoint {
  readonly connectionName: string;
  readonly endpointId: string;
}

/**
 * The printer that checks what comes in at an endpoint, and keeps it. Null where there is no such
 * endpoint, where its connection has another name, or where no printer is reached by it.
 */
export async function endpointPrinter(sql: Sql, endpoint: Endpoint): Promise<PrinterBrief | null> {
  return await calls.endpointPrinter(sql, { ...endpoint });
}

/**
 * Locks stored webhooks that are still to be read, of any organization, for the transaction; skips
 * those that are locked.
 */
export async function claimWebhooks(sql: Sql, limit: number): Promise<readonly StoredWebhook[]> {
  return await calls.claimWebhooks<StoredWebhook>(sql, { limit });
}

/**
 * Ends a webhook.
 * @param error why it could not be applied: it is kept, and doctor reports it. Null: it was.
 */
export async function closeWebhook(
  sql: Sql,
  { organizationId, id }: StoredWebhook,
  error: string | null = null,
): Promise<void> {
  await calls.closeWebhook(sql, { organizationId, id, error });
}

/**
 * Ends webhooks that were applied, of one organization. Returns the ids of those of which something
 * is kept that could not be used: `closeWebhook` ends each.
 */
export async function closeWebhooks(
  sql: Sql,
  organizationId: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const left = await calls.closeWebhooks(sql, { organizationId, ids });
  return new Set(left);
}

/** An event of a webhook as it is kept where it cannot be used. */
export interface KeptEvent {
  readonly eventId: string | null;
  readonly reason: string;
  /** JSON as the adapter has it, or its beginning. */
  readonly raw: string;
}

/** Events that are kept beside a webhook, whose body has them all. */
const MOST_KEPT = 100;

/**
 * Keeps events of a webhook that cannot be used, with the reasons. `retryWebhooks` has the webhook
 * read again; what is applied of it now is known then.
 */
export async function keepUnusableEvents(
  sql: Sql,
  { organizationId, id }: StoredWebhook,
  unusable: readonly KeptEvent[],
): Promise<void> {
  const kept = unusable.slice(0, MOST_KEPT);
  await calls.keepUnusableEvents(sql, {
    organizationId,
    id,
    unusable: kept,
    count: unusable.length,
  });
}

/** Locks the people of a whole batch of webhooks, by id, before any of them is applied. */
export async function lockForWebhooks(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  events: readonly PrinterEvent[],
): Promise<void> {
  const concerned = events.map(({ eventId, providerId, mailpieceId, status }) => ({
    eventId,
    providerId,
    mailpieceId,
    status,
  }));
  await calls.lockForWebhooks(sql, { organizationId, printerName, events: concerned });
}

/** Applies events of a printer, by rank. Returns how many were new. */
export async function applyEvents(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  events: readonly PrinterEvent[],
): Promise<number> {
  return await calls.applyEvents(sql, { organizationId, printerName, events });
}

/** An event that a webhook told. */
export interface WebhookEvent extends PrinterEvent {
  /** The webhook. */
  readonly inboxId: string;
  /** When it came, ISO 8601. */
  readonly receivedAt: string;
}

/**
 * Applies events that webhooks of a printer told, after `lockForWebhooks`. Returns how many were
 * new.
 */
export async function applyWebhooks(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  events: readonly WebhookEvent[],
): Promise<number> {
  return await calls.applyWebhooks(sql, { organizationId, printerName, events });
}

/** Applies events that found no piece when they came. */
export async function matchEvents(sql: Sql, organizationId: string): Promise<void> {
  await calls.matchEvents(sql, { organizationId });
}

/** A printer that is to be polled. */
export interface PrinterToPoll extends PrinterKey {
  /** Where its last poll ended; null: it was never polled. */
  readonly cursor: string | null;
}

/**
 * Takes printers of which nothing was heard for so long, or that are to be polled all the same; for
 * so long other claims pass them by.
 */
export async function claimPrintersToPoll(
  sql: Sql,
  silenceMs: number,
): Promise<readonly PrinterToPoll[]> {
  return await calls.claimPrintersToPoll<PrinterToPoll>(sql, { silenceMs });
}

/** Notes how far a printer was polled. */
export async function notePolled(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  cursor: string,
): Promise<void> {
  await calls.notePolled(sql, { organizationId, printerName, cursor });
}

/** Lets the next poll begin at the top, where the printer was not read on since it was claimed. */
export async function restartPoll(
  sql: Sql,
  { organizationId, printerName, cursor }: PrinterToPoll & { readonly cursor: string },
): Promise<void> {
  await calls.restartPoll(sql, { organizationId, printerName, cursor });
}

/** Notes that a printer was polled to the end of what it has to tell. */
export async function noteCaughtUp(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
): Promise<void> {
  await calls.noteCaughtUp(sql, { organizationId, printerName });
}

/** Notes that a webhook of a printer was refused because it was signed too long ago. */
export async function noteRefusedWebhook(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
): Promise<void> {
  await calls.noteRefusedWebhook(sql, { organizationId, printerName });
}

/** Which of these pieces are known as another printer's. */
export async function piecesOfOtherPrinters(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  mailpieceIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await withMachineErrors(
    sql<{ id: string }[]>`
      select id
      from postrider.mailpiece
      where organization_id = ${organizationId}
        and id = any (${mailpieceIds}::uuid[])
        and printer_name <> ${printerName}`,
  );
  return new Set(rows.map(({ id }) => id));
}
