// Generated from the catalog by `npm run generate:calls`. Do not edit.
import { done, interval, json, rows, scalar, uuid, uuids, type Sql } from '../calls.ts';

export async function applyEvents<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly printerName: string;
    readonly events: unknown;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.apply_events(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName},
      p_events => ${json(given.events)}::text::jsonb
    ) as result`);
}

export async function applyReadWebhooks<
  Row extends { readonly applied: number | null; readonly putOff: number | null },
>(
  sql: Sql,
  given: { readonly limit: number },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select applied, put_off as "putOff"
    from postrider.apply_read_webhooks(p_limit => ${given.limit})`);
}

export async function applyWebhooks<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly printerName: string;
    readonly events: unknown;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.apply_webhooks(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName},
      p_events => ${json(given.events)}::text::jsonb
    ) as result`);
}

export async function claimPrintersToPoll<
  Row extends {
    readonly organizationId: string | null;
    readonly printerName: string | null;
    readonly cursor: string | null;
  },
>(
  sql: Sql,
  given: { readonly silenceMs: number },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select organization_id as "organizationId", printer_name as "printerName", cursor
    from postrider.claim_printers_to_poll(
      p_silence => ${interval(given.silenceMs)}::interval
    )`);
}

export async function claimWebhooks<
  Row extends {
    readonly id: string | null;
    readonly organizationId: string | null;
    readonly printerName: string | null;
    readonly body: string | null;
    readonly receivedAt: string | null;
  },
>(
  sql: Sql,
  given: { readonly limit: number },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select id,
      organization_id as "organizationId",
      printer_name as "printerName",
      pg_catalog.encode(body, 'base64') as body,
      pg_catalog.to_json(received_at) as "receivedAt"
    from postrider.claim_webhooks(p_limit => ${given.limit})`);
}

export async function closeWebhook(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly id: string;
    readonly error?: string | null | undefined;
  },
): Promise<void> {
  await done(sql`select postrider.close_webhook(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_id => ${uuid(given.id, 'id')},
      p_error => ${given.error ?? null}
    )`);
}

export async function closeWebhooks<Result extends readonly string[] | null = readonly string[]>(
  sql: Sql,
  given: { readonly organizationId: string; readonly ids: readonly string[] },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.close_webhooks(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_ids => ${uuids(given.ids, 'ids')}::uuid[]
    ) as result`);
}

export async function endpointPrinter<Result>(
  sql: Sql,
  given: { readonly connectionName: string; readonly endpointId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.endpoint_printer(
      p_connection_name => ${given.connectionName},
      p_endpoint_id => ${uuid(given.endpointId, 'endpointId')}
    ) as result`);
}

export async function keepUnusableEvents(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly id: string;
    readonly unusable: unknown;
    readonly count: number;
  },
): Promise<void> {
  await done(sql`select postrider.keep_unusable_events(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_id => ${uuid(given.id, 'id')},
      p_unusable => ${json(given.unusable)}::text::jsonb,
      p_count => ${given.count}
    )`);
}

export async function lockForWebhooks(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly printerName: string;
    readonly events: unknown;
  },
): Promise<void> {
  await done(sql`select postrider.lock_for_webhooks(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName},
      p_events => ${json(given.events)}::text::jsonb
    )`);
}

export async function matchEvents<Result extends number | null = number>(
  sql: Sql,
  given: { readonly organizationId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.match_events(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')}
    ) as result`);
}

export async function noteCaughtUp(
  sql: Sql,
  given: { readonly organizationId: string; readonly printerName: string },
): Promise<void> {
  await done(sql`select postrider.note_caught_up(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName}
    )`);
}

export async function notePolled(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly printerName: string;
    readonly cursor: string;
  },
): Promise<void> {
  await done(sql`select postrider.note_polled(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName},
      p_cursor => ${given.cursor}
    )`);
}

export async function noteRefusedWebhook(
  sql: Sql,
  given: { readonly organizationId: string; readonly printerName: string },
): Promise<void> {
  await done(sql`select postrider.note_refused_webhook(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName}
    )`);
}

export async function putOffWebhooks(
  sql: Sql,
  given: { readonly organizationId: string; readonly ids: readonly string[] },
): Promise<void> {
  await done(sql`select postrider.put_off_webhooks(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_ids => ${uuids(given.ids, 'ids')}::uuid[]
    )`);
}

export async function readWebhooksAgain<Result extends number | null = number>(
  sql: Sql,
  given: { readonly limit: number },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.read_webhooks_again(
      p_limit => ${given.limit}
    ) as result`);
}

export async function receiveWebhooks<Result extends readonly string[] | null = readonly string[]>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly printerName: string;
    readonly deliveryIds: readonly string[];
    readonly bodies: string;
    readonly lengths: readonly number[];
    readonly areHex?: boolean | undefined;
    readonly events?: unknown | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.receive_webhooks(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName},
      p_delivery_ids => ${given.deliveryIds}::text[],
      p_bodies => ${given.bodies},
      p_lengths => ${given.lengths}::text[]::integer[]
      ${given.areHex === undefined ? sql`` : sql`,
      p_are_hex => ${given.areHex}`},
      p_events => ${json(given.events ?? null)}::text::jsonb
    ) as result`);
}

export async function restartPoll(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly printerName: string;
    readonly cursor: string;
  },
): Promise<void> {
  await done(sql`select postrider.restart_poll(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName},
      p_cursor => ${given.cursor}
    )`);
}
