/** The options of webhooks to a system of one's own. */
import { z } from 'zod';

export const webhookOptions = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http: or https: URL' })
    .refine((url) => !hasCredentials(url), 'must hold no user name or password')
    .describe(
      'where events are posted. `https:`; `http:` only to an address that the installation allows',
    ),
  secret: z
    .string()
    .min(1)
    .default('WEBHOOK_SECRET')
    .describe(
      'the name of the secret that events are signed with, not its value: `whsec_` and base64 of 24 to 64 bytes. It may hold several, apart by blanks or commas, while one is being replaced: each event is signed with all of them',
    ),
  timeoutMs: z
    .int()
    .min(100)
    .max(15_000)
    .default(15_000)
    .describe('of one request, in milliseconds'),
  concurrency: z.int().min(1).max(50).default(8).describe('most requests at the same time'),
  offAfterDays: z
    .int()
    .min(1)
    .max(60)
    .default(5)
    .describe(
      'after so many days in which no delivery worked the sink is switched off, with an alarm; its events wait',
    ),
});

export type WebhookOptions = z.infer<typeof webhookOptions>;

function hasCredentials(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}
