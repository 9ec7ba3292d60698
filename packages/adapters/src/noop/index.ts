/** Does nothing, at once: what is left is the pipeline itself. For benchmarks and tests. */
import { parseOptions } from '../kit/options.ts';
import type { Provider } from '../kit/provider.ts';
import { createNoopImageHost } from './image-host.ts';
import { noOptions, noopPrinterOptions } from './options.ts';
import { createNoopPrinter } from './printer.ts';
import { createNoopRenderer } from './renderer.ts';

export { createNoopImageHost, createNoopPrinter, createNoopRenderer };
export type { NoopPrinter, NoopPrinterOptions } from './printer.ts';

export const noop = {
  kind: 'noop',
  title: 'Does nothing, at once: for benchmarks and tests',
  renderer: {
    options: noOptions,
    create(options) {
      parseOptions('renderer', noOptions, options);
      return createNoopRenderer();
    },
  },
  imageHost: {
    options: noOptions,
    create(options) {
      parseOptions('imageHost', noOptions, options);
      return createNoopImageHost();
    },
  },
  printer: {
    options: noopPrinterOptions,
    create: (options) => createNoopPrinter(parseOptions('printer', noopPrinterOptions, options)),
  },
} as const satisfies Provider;
