/** People in a file of JSON objects. */
import type { Provider } from '../kit/provider.ts';
import { createNdjsonAudience } from './audience.ts';
import { ndjsonOptions } from './options.ts';

export { createNdjsonAudience };

export const ndjson = {
  kind: 'ndjson',
  title: 'People in a file of JSON objects, one a line',
  audience: { options: ndjsonOptions, create: createNdjsonAudience },
} as const satisfies Provider;
