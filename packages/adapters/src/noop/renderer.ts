/** The renderer that renders nothing. */
import { createHash } from 'node:crypto';
import type { MediaType, Renderer } from '@postrider/core/ports';

const NOTHING: MediaType = 'application/x-noop';

/**
 * Renders nothing, at once: what is left is the pipeline itself. The hash of a card's content is a
 * real one, so approval can be tried with it.
 */
export function createNoopRenderer(): Renderer {
  return {
    makes: [NOTHING],

    async render({ template, format, cards }, context) {
      context.signal.throwIfAborted();
      if (cards.length === 0) return { documents: [], results: [] };
      const results = cards.map(({ recipientId, ...content }, index) => {
        const contentHash = createHash('sha256')
          .update(JSON.stringify([template, format, content]))
          .digest('hex');
        return {
          recipientId,
          outcome: 'rendered' as const,
          front: { document: 0, page: 2 * index + 1 },
          back: { document: 0, page: 2 * index + 2 },
          contentHash,
        };
      });
      return {
        documents: [{ name: 'noop', contentType: NOTHING, bytes: Buffer.from('noop') }],
        results,
      };
    },
  };
}
