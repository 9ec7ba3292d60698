/**
 * Signatures by the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`, raw
 * bytes, compared in constant time. Several secrets may be valid at once, so that one can be
 * replaced without losing a webhook.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Connection, Printer, SecretKind, WebhookVerdict } from '@postrider/core/ports';

const toleranceSeconds = 300;

/**
 * @param text one or more secrets, `whsec_` and base64, apart by blanks or commas. Null where one
 * of them is none.
 */
export function parseWebhookSecrets(text: string): readonly Buffer[] | null {
  const secrets = text.split(/[\s,]+/).filter((secret) => secret !== '');
  const keys = secrets.map((secret) => {
    const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
    return encoded === undefined ? Buffer.alloc(0) : Buffer.from(encoded, 'base64');
  });
  // The specification asks for 24 to 64 bytes; a shorter key could be guessed.
  return keys.length > 0 && keys.every((key) => key.length >= 24 && key.length <= 64) ? keys : null;
}

/** For the secrets of an account whose webhooks are signed so. */
export const standardWebhookSecret: SecretKind = {
  purpose: 'webhook',
  title: 'webhook secret',
  required: false,
  problem: (value) =>
    parseWebhookSecrets(value) === null ? 'is not whsec_ and the base64 of 24 to 64 bytes' : null,
};

/** Checks the webhooks of an account by its secret `webhook`, asked for at each of them. */
export function standardWebhooksOf(connection: Connection): Printer['verifyWebhook'] {
  return ({ headers, body }, now) => {
    const keys = parseWebhookSecrets(connection.secrets('webhook').join(' '));
    if (keys === null)
      return {
        valid: false,
        message: `Connection ${connection.name} has no webhook secret that is whsec_ and base64; no webhook can be trusted.`,
      };
    return verifyStandardWebhook(keys, headers, body, now);
  };
}

/**
 * The headers of a webhook: signed by each key, so that a receiver may know the old or the new one.
 * The id stays the same when it is sent again; the time is of this try.
 */
export function signStandardWebhook(
  keys: readonly Buffer[],
  { id, body, now }: { readonly id: string; readonly body: string; readonly now: Date },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signatures = keys.map(
    (key) => `v1,${digestOf(key, { id, timestamp, body }).toString('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

export function verifyStandardWebhook(
  keys: readonly Buffer[],
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  now: Date,
): WebhookVerdict {
  const header = (name: string): string | undefined => {
    if (headers[name] !== undefined) return headers[name];
    const found = Object.keys(headers).find((key) => key.toLowerCase() === name);
    return found === undefined ? undefined : headers[found];
  };
  const [id, timestamp, signatures] = [
    header('webhook-id'),
    header('webhook-timestamp'),
    header('webhook-signature'),
  ];
  if (id === undefined || id === '' || timestamp === undefined || signatures === undefined) {
    return {
      valid: false,
      message:
        'The webhook lacks one of the headers webhook-id, webhook-timestamp, webhook-signature.',
    };
  }
  if (!/^\d{1,12}$/.test(timestamp))
    return { valid: false, message: 'The webhook has a timestamp that is no number of seconds.' };
  const given = signatures
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .slice(0, 16)
    .map((signature) => Buffer.from(signature.slice(3), 'base64'));
  let valid = false;
  for (const key of keys) {
    const expected = digestOf(key, { id, timestamp, body });
    // Every pair is compared, found or not: the time tells nothing about which secret is near.
    for (const signature of given) {
      if (signature.length === expected.length && timingSafeEqual(signature, expected))
        valid = true;
    }
  }
  if (!valid)
    return { valid: false, message: 'The signature of the webhook fits none of our secrets.' };
  const age = Math.floor(now.getTime() / 1000) - Number(timestamp);
  return untimely(age) ?? { valid: true, deliveryId: id };
}

/**
 * Why a webhook is refused that was signed so many seconds ago; null: it is taken. It is asked only
 * once the signature is good: a forger is not to make us poll.
 */
export function untimely(age: number): WebhookVerdict | null {
  if (Math.abs(age) <= toleranceSeconds) return null;
  return {
    valid: false,
    message:
      `The webhook is ${Math.abs(age)} s ${age > 0 ? 'old' : 'ahead of our clock'}; ` +
      `at most ${toleranceSeconds} s are taken.`,
    tooOld: age > 0,
  };
}

function digestOf(
  key: Buffer,
  { id, timestamp, body }: { id: string; timestamp: string; body: string | Uint8Array },
): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}
