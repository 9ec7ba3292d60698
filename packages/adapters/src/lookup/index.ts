/** Postal addresses from a file. */
import type { Provider } from '../kit/provider.ts';
import { createLookupEnricher } from './enricher.ts';
import { lookupOptions } from './options.ts';

export { createLookupEnricher };

export const lookup = {
  kind: 'lookup',
  title: 'Postal addresses by e-mail, from a file',
  enricher: { options: lookupOptions, create: createLookupEnricher },
} as const satisfies Provider;
