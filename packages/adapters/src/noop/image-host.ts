/** The image host that keeps nothing. */
import { anyMedia } from '@postrider/core/ports';
import type { ImageHost } from '@postrider/core/ports';

/**
 * Stores nothing. Every document is at `noop:`, which the folder print shop takes where it was
 * started with `--accept-noop-artwork`.
 */
export function createNoopImageHost(): ImageHost {
  return {
    takes: anyMedia,

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
