/** People in a CSV file. */
import type { Provider } from '../kit/provider.ts';
import { createCsvAudience } from './audience.ts';
import { csvOptions } from './options.ts';

export { createCsvAudience };

export const csv = {
  kind: 'csv',
  title: 'People in a CSV file with a header line',
  audience: { options: csvOptions, create: createCsvAudience },
} as const satisfies Provider;
