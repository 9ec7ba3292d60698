/** Webhooks to a system of one's own. */
import type { Provider } from '../kit/provider.ts';
import { createWebhookSink } from './event-sink.ts';
import { webhookOptions } from './options.ts';

export { createWebhookSink };

export const webhook = {
  kind: 'webhook',
  title: 'Signed webhooks to a system of your own, by the Standard Webhooks specification',
  eventSink: { options: webhookOptions, create: createWebhookSink },
} as const satisfies Provider;
