/** Webhooks of the print shop: signed by Standard Webhooks, many events in each. */
import type { AdapterWiring, Printer } from '@postrider/core/ports';
import { readJson } from '../kit/json.ts';
import { parseWebhookSecrets, verifyStandardWebhook } from '../kit/webhooks.ts';
import { printerEvents, webhookBody } from './wire.ts';

/** @param secretName of the secret that they are signed with; asked for at each webhook. */
export function webhooksOf(
  secretName: string,
  wiring: AdapterWiring,
): Pick<Printer, 'verifyWebhook' | 'parseWebhook'> {
  return {
    verifyWebhook({ headers, body }, now) {
      const keys = parseWebhookSecrets(wiring.secret(secretName) ?? '');
      if (keys === null)
        return {
          valid: false,
          message: `The secret ${secretName} is not set to whsec_ and base64; no webhook can be trusted.`,
        };
      return verifyStandardWebhook(keys, headers, body, now);
    },

    parseWebhook(body) {
      const parsedBody = readJson(webhookBody, Buffer.from(body).toString('utf8'));
      if (parsedBody === null)
        throw new Error(
          'The webhook is signed but not in the format of the print shop; it was not applied.',
        );
      return printerEvents(parsedBody.data.events);
    },
  };
}
