/** What an adapter is handed where nothing is limited. */
import type { Permit, RateLimiter } from './common.ts';

/** The permit of a request that nothing limits. */
export const freePermit: Permit = { waitedMs: 0, end: () => undefined };

/** The limiter where nothing is limited, as without a connection. An abort is obeyed. */
export const unlimited: RateLimiter = {
  async take(_limit, _cost, signal) {
    signal.throwIfAborted();
    return await Promise.resolve(freePermit);
  },
  told: () => undefined,
};
