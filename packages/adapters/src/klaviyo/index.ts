/** Klaviyo: hears of cards as events of its profiles. */
import type { Provider } from '../kit/provider.ts';
import { klaviyoAccount } from './account.ts';
import { createKlaviyoSink } from './event-sink.ts';
import { klaviyoSinkOptions } from './options.ts';

export { createKlaviyoSink, klaviyoAccount };

export const klaviyo = {
  kind: 'klaviyo',
  title: 'Klaviyo: what happens to cards, as events of profiles, in an account of your own',
  connection: klaviyoAccount,
  eventSink: { options: klaviyoSinkOptions, create: createKlaviyoSink },
} as const satisfies Provider;
