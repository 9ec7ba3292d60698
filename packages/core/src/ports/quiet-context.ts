/** The context of a call that somebody makes to look at something, outside of any pipeline. */
import type { CallContext, Logger } from './common.ts';
import { unlimited } from './unlimited.ts';

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Nothing is limited, recorded, logged or saved. */
export function quietContext(signal = new AbortController().signal): CallContext {
  return {
    signal,
    alive: () => undefined,
    limiter: unlimited,
    calls: { record: () => undefined },
    logger: silentLogger,
    saved: {
      read: async () => await Promise.resolve(null),
      write: async () => await Promise.resolve(),
    },
    now: () => new Date(),
  };
}
