/** Signatures by the Standard Webhooks specification, as a sender makes them. */
import { createHmac } from 'node:crypto';
import type { SignedWebhook } from './webhooks.ts';

/**
 * Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, with the key behind `whsec_`. `seconds`
 * since 1970.
 */
export function sign(secret: string, { id, seconds, body }: SignedWebhook): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

/** The specification asks for 24 to 64 bytes. */
export function isWebhookSecret(secret: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret)) return false;
  const { length } = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return length >= 24 && length <= 64;
}

/** The headers of a request, for `WebhookOptions.sign`. */
export function standardWebhook(secret: string, webhook: SignedWebhook) {
  const { id, seconds } = webhook;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': sign(secret, webhook),
  };
}
