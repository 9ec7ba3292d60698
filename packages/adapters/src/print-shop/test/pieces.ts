/** The print shop's printer for tests, and webhooks about its cards. */
import { createHmac, randomUUID } from 'node:crypto';
import type { PieceRequest, Printer, WebhookRequest } from '@postrider/core/ports';
import { createPrintShopPrinter } from '../index.ts';
import { wiringAt } from '../../../test/helpers.ts';

export const token = 'a token of the tests';
export const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
export const secrets = { PRINT_SHOP_TOKEN: token, PRINT_SHOP_WEBHOOK_SECRET: secret };
export function printerAt(
  url: string,
  options: object = {},
  given: Readonly<Record<string, string>> = secrets,
): Printer {
  return createPrintShopPrinter({ url, ...options }, wiringAt('/', given));
}

/** A webhook as the specification has it, made without any code of the adapter. */
export function webhookOf(
  { reference }: Pick<PieceRequest, 'reference'>,
  secondsAgo: number,
  key = secret,
): WebhookRequest {
  return signed(bodyOf([eventOf(reference)]), secondsAgo, key);
}

/** An event as the print shop tells it: its card was delivered. */
export function eventOf(
  reference: Pick<PieceRequest['reference'], 'mailpieceId' | 'organizationId'>,
): Record<string, unknown> {
  return {
    eventId: randomUUID(),
    pieceId: 'fp_1',
    mailpieceId: reference.mailpieceId,
    organizationId: reference.organizationId,
    status: 'delivered',
    confidence: 'logical',
    occurredAt: '2026-11-24T12:00:00Z',
  };
}

export function bodyOf(events: readonly unknown[]): Uint8Array {
  return Buffer.from(
    JSON.stringify({ type: 'piece.events', timestamp: '2026-11-24T12:00:00Z', data: { events } }),
  );
}

export function signed(
  body: Uint8Array,
  secondsAgo = 0,
  key = secret,
): WebhookRequest & { readonly headers: Record<string, string> } {
  const [id, seconds] = [`wh_${randomUUID()}`, String(Math.floor(Date.now() / 1000) - secondsAgo)];
  const mac = createHmac('sha256', Buffer.from(key.slice('whsec_'.length), 'base64'))
    .update(`${id}.${seconds}.`)
    .update(body)
    .digest('base64');
  return {
    url: 'http://127.0.0.1/webhooks/org/press',
    headers: { 'Webhook-Id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${mac}` },
    body,
  };
}
