/** Typed calls of tracking: webhooks, polls, and the events that both of them tell. */
import type { PrinterEvent } from '../ports/index.ts';
import type { PrinterBrief, PrinterKey } from './briefs.ts';
import type { Sql } from './calls.ts';
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
}

/** Stores a webhook that was verified. False: this delivery was stored before. */
export async function storeWebhook(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  { deliveryId, body }: VerifiedWebhook,
): Promise<boolean> {
  const bytes = Buffer.from(body);
  return await calls.receiveWebhook(sql, { organizationId, printerName, deliveryId, body: bytes });
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
 * The events whose piece is of another printer with the same connection, by their ids, and that
 * printer.
 */
export async function eventsOfSiblings(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  events: readonly PrinterEvent[],
): Promise<ReadonlyMap<string, string>> {
  const found = await calls.eventsOfSiblings<{ eventId: string; printerName: string }>(sql, {
    organizationId,
    printerName,
    events,
  });
  return new Map(found.map(({ eventId, printerName: sibling }) => [eventId, sibling]));
}

/** Locks stored webhooks, of any organization, for the transaction; skips those that are locked. */
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

/** Locks the people of a whole batch of events, by id, before any of them is applied. */
export async function lockForEvents(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  events: readonly PrinterEvent[],
): Promise<void> {
  await calls.lockForTrack(sql, { organizationId, printerName, events });
}

export interface EventsOrigin {
  /** ISO 8601; default: now. */
  readonly receivedAt?: string;
  /** The webhook that told them; default: none did. */
  readonly webhookId?: string;
}

/** Applies events of a printer, by rank. Returns how many were new. */
export async function applyEvents(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  events: readonly PrinterEvent[],
  { receivedAt, webhookId }: EventsOrigin = {},
): Promise<number> {
  const told = { organizationId, printerName, events, receivedAt };
  return await calls.applyEvents(sql, { ...told, inboxId: webhookId });
}

/** Applies events that found no piece when they came. */
export async function matchEvents(sql: Sql, organizationId: string): Promise<void> {
  await calls.matchEvents(sql, { organizationId });
}

/** A printer of which nothing was heard for a while. */
export interface SilentPrinter extends PrinterKey {
  /** Where its last poll ended; null: it was never polled. */
  readonly cursor: string | null;
}

/** Takes printers of which nothing was heard for so long; the next claim passes them by. */
export async function claimSilentPrinters(
  sql: Sql,
  silenceMs: number,
): Promise<readonly SilentPrinter[]> {
  return await calls.claimSilentPrinters<SilentPrinter>(sql, { silenceMs });
}

/** Notes how far a printer was polled. */
export async function notePolled(
  sql: Sql,
  { organizationId, printerName }: PrinterKey,
  cursor: string,
): Promise<void> {
  await calls.notePolled(sql, { organizationId, printerName, cursor });
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
