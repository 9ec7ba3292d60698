import type { AdapterFactory, ImageHost } from '@postrider/core/ports';
import { z } from 'zod';
import { parseOptions } from '../options.ts';

const optionsSchema = z.strictObject({});

/**
 * Stores nothing. Every document is at `noop:`, which the folder print shop takes where it was
 * started with `--accept-noop-artwork`.
 */
export function createNoopImageHost(): ImageHost {
  return {
    async put(documents, context) {
      context.signal.throwIfAborted();
      return documents.map(() => ({ outcome: 'stored', url: 'noop:' }));
    },
    async remove(urls, context) {
      context.signal.throwIfAborted();
      return urls.map(() => ({ outcome: 'removed' }));
    },
  };
}

export const noopImageHost: AdapterFactory<ImageHost> = {
  kind: 'noop',
  create(options) {
    parseOptions('imageHost', optionsSchema, options);
    return createNoopImageHost();
  },
};
