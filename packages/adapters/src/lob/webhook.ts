/**
 * Webhooks of Lob: one event each, signed with the secret of the dashboard over `timestamp.body`,
 * in hex. The timestamp is in milliseconds; seconds are taken as well, since Lob does not say.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Connection, Printer, WebhookVerdict } from '@postrider/core/ports';
import { z } from 'zod';
import { untimely } from '../kit/webhooks.ts';
import { eventOf, lobEvent } from './wire.ts';

/** The dashboard's debugger signs with it: anybody can. */
const debuggerSecret = 'secret';

export function webhooksOf(
  connection: Connection,
): Pick<Printer, 'verifyWebhook' | 'parseWebhook'> {
  // What is verified is mostly read next: its text is parsed once.
  let last: { readonly body: Uint8Array; readonly told: unknown } | null = null;
  const toldIn = (body: Uint8Array): unknown => {
    if (last?.body !== body) last = { body, told: parsed(body) };
    return last.told;
  };
  return {
    verifyWebhook({ headers, body }, now) {
      const secrets = connection.secrets('webhook').filter((secret) => secret !== '');
      if (secrets.length === 0)
        return refuse(
          `Connection ${connection.name} has no webhook secret; no webhook can be trusted.`,
        );
      if (connection.mode === 'live' && secrets.includes(debuggerSecret))
        return refuse(
          `The webhook secret of connection ${connection.name} is that of Lob's debugger, which anybody knows; no webhook can be trusted.`,
        );
      const signature = headers['lob-signature']?.trim().toLowerCase() ?? '';
      const timestamp = headers['lob-signature-timestamp']?.trim() ?? '';
      if (signature === '' || timestamp === '')
        return refuse('The webhook lacks Lob-Signature or Lob-Signature-Timestamp.');
      if (!/^\d{9,16}$/.test(timestamp))
        return refuse('The webhook has a timestamp that is no number of seconds or milliseconds.');
      const given = Buffer.from(signature, 'hex');
      let valid = false;
      for (const secret of secrets) {
        const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
        if (given.length === expected.length && timingSafeEqual(given, expected)) valid = true;
      }
      if (!valid) return refuse('The signature of the webhook fits none of our secrets.');
      const told = Number(timestamp);
      const age = now.getTime() / 1000 - (told > 1e11 ? told / 1000 : told);
      return (
        untimely(Math.round(age)) ?? { valid: true, deliveryId: deliveryOf(toldIn(body), body) }
      );
    },

    parseWebhook(body) {
      const read = lobEvent.safeParse(toldIn(body));
      last = null;
      if (!read.success)
        throw new Error('The webhook is signed but not in the format of Lob; it was not applied.');
      const told = read.data;
      if (!told.event_type.id.startsWith('postcard.')) return [];
      const event = eventOf(told);
      return event === null ? [] : [event];
    },
  };
}

function refuse(message: string): WebhookVerdict {
  return { valid: false, message };
}

/** Undefined where it is no JSON. */
function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch {
    return undefined;
  }
}

const named = z.object({ id: z.string().min(1).max(200) });

/** No header names a delivery: the event does, and where it cannot be read its bytes do. */
function deliveryOf(told: unknown, body: Uint8Array): string {
  const read = named.safeParse(told);
  return read.data?.id ?? createHash('sha256').update(body).digest('hex');
}
