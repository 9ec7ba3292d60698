/** An account at Lob's twin, as an adapter is handed it. */
import { createHmac, randomUUID } from 'node:crypto';
import type { Connection, PieceRequest, Printer, WebhookRequest } from '@postrider/core/ports';
import { secret } from '../../../../../test/support/secrets.ts';
import { createLobPrinter } from '../index.ts';

export const liveKey = secret('live_ours');
export const testKey = secret('test_ours');
export const webhookSecret = secret('of the tests alone');

export function accountAt(
  url: string,
  {
    key = liveKey,
    mode = 'live',
    secrets = [webhookSecret],
  }: {
    readonly key?: string;
    readonly mode?: 'test' | 'live';
    readonly secrets?: readonly string[];
  } = {},
): Connection {
  const kept: Readonly<Record<string, readonly string[]>> = { api_key: [key], webhook: secrets };
  return {
    organizationId: randomUUID(),
    name: 'lob-main',
    provider: 'lob',
    mode,
    options: { url: `${url}/v1` },
    secrets: (purpose) => kept[purpose] ?? [],
  };
}

export function printerOf(connection: Connection, options: object = {}): Printer {
  return createLobPrinter(options, {
    baseDirectory: '/',
    dataDirectory: '/',
    secret: () => undefined,
    connection,
  });
}

/** An event as Lob's reference shows it. */
export function eventOf({ reference }: PieceRequest, changes: object = {}): object {
  const id = `psc_${reference.mailpieceId.slice(0, 8)}`;
  const { organizationId, campaignId, recipientId, mailpieceId } = reference;
  return {
    id: `evt_${randomUUID()}`,
    body: {
      id,
      object: 'postcard',
      metadata: {
        organization: organizationId,
        campaign: campaignId,
        recipient: recipientId,
        mailpiece: mailpieceId,
      },
    },
    reference_id: id,
    event_type: {
      id: 'postcard.in_transit',
      enabled_for_test: false,
      resource: 'postcards',
      object: 'event_type',
    },
    date_created: '2026-11-24T10:00:00.000Z',
    object: 'event',
    ...changes,
  };
}

/** @param unit of the timestamp: Lob does not say which it is. */
export function signed(
  body: Uint8Array,
  {
    at = Date.now(),
    unit = 'ms',
    secret = webhookSecret,
  }: { readonly at?: number; readonly unit?: 'ms' | 's'; readonly secret?: string } = {},
): WebhookRequest {
  const timestamp = String(unit === 'ms' ? at : Math.floor(at / 1000));
  const signature = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  return {
    url: 'https://example.org/webhooks/lob-main/1',
    headers: { 'lob-signature': signature, 'lob-signature-timestamp': timestamp },
    body,
  };
}

export function bodyOf(event: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(event));
}
