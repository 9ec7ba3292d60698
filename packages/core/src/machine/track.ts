/** Typed calls of tracking: webhooks, polls, and the events that both of them tell. */
import type { PrinterEvent } from '../ports/index.ts';
import { resultOf, type Sql } from './calls.ts';
import { mapped } from './errors.ts';

/** A webhook that was stored and not yet applied. */
export interface StoredWebhook {
  readonly id: string;
  readonly organizationId: string;
  readonly printerName: string;
  /** In base64: as bytes it would be read in whichever way the session writes them. */
  readonly body: string;
  /** ISO 8601. */
  readonly receivedAt: string;
}

/** Stores a webhook that was verified. False: this delivery was stored before. */
export async function storeWebhook(
  sql: Sql,
  organizationId: string,
  printerName: string,
  deliveryId: string,
  body: Uint8Array,
): Promise<boolean> {
  return await resultOf(
    sql<{ result: boolean }[]>`
      select postrider.receive_webhook(
        p_organization_id => ${organizationId},
        p_printer_name => ${printerName},
        p_delivery_id => ${deliveryId},
        p_body => ${Buffer.from(body)}
      ) as result`,
  );
}

/** Locks stored webhooks, of any organization, for the transaction; skips those that are locked. */
export async function claimWebhooks(sql: Sql, limit: number): Promise<readonly StoredWebhook[]> {
  return await mapped(
    sql<StoredWebhook[]>`
      select id, organization_id as "organizationId", printer_name as "printerName",
        pg_catalog.encode(body, 'base64') as body,
        pg_catalog.to_json(received_at) as "receivedAt"
      from postrider.track_claim(p_limit => ${limit})`,
  );
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
  await mapped(sql`
    select postrider.track_done(
      p_organization_id => ${organizationId},
      p_id => ${id},
      p_error => ${error}
    )`);
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
  await mapped(sql`
    select postrider.track_unusable(
      p_organization_id => ${organizationId},
      p_id => ${id},
      p_unusable => ${JSON.stringify(unusable.slice(0, MOST_KEPT))}::text::jsonb,
      p_count => ${unusable.length}
    )`);
}

/** Locks the people of a whole batch of events, by id, before any of them is applied. */
export async function lockForEvents(
  sql: Sql,
  organizationId: string,
  printerName: string,
  events: readonly PrinterEvent[],
): Promise<void> {
  await mapped(sql`
    select postrider.track_lock(
      p_organization_id => ${organizationId},
      p_printer_name => ${printerName},
      p_events => ${JSON.stringify(events)}::text::jsonb
    )`);
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
  organizationId: string,
  printerName: string,
  events: readonly PrinterEvent[],
  { receivedAt, webhookId }: EventsOrigin = {},
): Promise<number> {
  return await resultOf(
    sql<{ result: number }[]>`
      select postrider.apply_events(
        p_organization_id => ${organizationId},
        p_printer_name => ${printerName},
        p_events => ${JSON.stringify(events)}::text::jsonb,
        p_received_at => ${receivedAt ?? null}::timestamptz,
        p_inbox_id => ${webhookId ?? null}::uuid
      ) as result`,
  );
}

/** Applies events that found no piece when they came. */
export async function matchEvents(sql: Sql, organizationId: string): Promise<void> {
  await mapped(sql`select postrider.match_events(p_organization_id => ${organizationId})`);
}

/** A printer of which nothing was heard for a while. */
export interface SilentPrinter {
  readonly organizationId: string;
  readonly printerName: string;
  /** Where its last poll ended; null: it was never polled. */
  readonly cursor: string | null;
}

/** Takes printers of which nothing was heard for so long; the next claim passes them by. */
export async function claimSilentPrinters(
  sql: Sql,
  silence: string,
): Promise<readonly SilentPrinter[]> {
  return await mapped(
    sql<SilentPrinter[]>`
      select organization_id as "organizationId", printer_name as "printerName", cursor
      from postrider.poll_claim(p_silence => ${silence}::interval)`,
  );
}

/** Notes how far a printer was polled. */
export async function notePolled(
  sql: Sql,
  organizationId: string,
  printerName: string,
  cursor: string,
): Promise<void> {
  await mapped(sql`
    select postrider.poll_done(
      p_organization_id => ${organizationId},
      p_printer_name => ${printerName},
      p_cursor => ${cursor}
    )`);
}

/** Which of these pieces are known as another printer's. */
export async function piecesOfOtherPrinters(
  sql: Sql,
  organizationId: string,
  printerName: string,
  mailpieceIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await mapped(
    sql<{ id: string }[]>`
      select id
      from postrider.mailpiece
      where organization_id = ${organizationId}
        and id = any (${mailpieceIds}::uuid[])
        and printer_name <> ${printerName}`,
  );
  return new Set(rows.map(({ id }) => id));
}
