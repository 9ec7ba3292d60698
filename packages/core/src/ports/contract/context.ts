/** The context in which contracts call an adapter. */
import type { SavedState } from '../common.ts';
import type { SubmitContext } from '../order.ts';
import { quietContext } from '../quiet-context.ts';
import { blankArtwork } from './blank-artwork.ts';

/**
 * A context for tests of adapters: no rate limit, no end of patience, a silent log, the machine's
 * time, and blank pages for whatever artwork an order names.
 */
export function contractContext(changes: Partial<SubmitContext> = {}): SubmitContext {
  return {
    ...quietContext(),
    saved: inMemory(),
    artwork: blankArtwork,
    ...changes,
  };
}

/** A context whose signal has aborted already. */
export function abortedContext(): SubmitContext {
  return contractContext({
    signal: AbortSignal.abort(new DOMException('the runner stops', 'AbortError')),
  });
}

function inMemory(): SavedState {
  const kept = new Map<string, unknown>();
  return {
    async read(key) {
      return kept.get(key) ?? null;
    },
    async write(key, value) {
      kept.set(key, value);
    },
  };
}
