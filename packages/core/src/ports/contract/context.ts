/** The context in which contracts call an adapter. */
import type { CallContext, Logger, SavedState } from '../common.ts';

/**
 * A context for tests of adapters: no rate limit, no end of patience, a silent log, the machine's
 * time.
 */
export function contractContext(changes: Partial<CallContext> = {}): CallContext {
  return {
    signal: new AbortController().signal,
    alive: () => undefined,
    limiter: {
      async take(_cost, signal) {
        signal.throwIfAborted();
        return 0;
      },
    },
    logger: silent,
    saved: inMemory(),
    now: () => new Date(),
    ...changes,
  };
}

/** A context whose signal has aborted already. */
export function abortedContext(): CallContext {
  return contractContext({
    signal: AbortSignal.abort(new DOMException('the runner stops', 'AbortError')),
  });
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function inMemory(): SavedState {
  let kept: unknown = null;
  return {
    async read() {
      return kept;
    },
    async write(value) {
      kept = value;
    },
  };
}
