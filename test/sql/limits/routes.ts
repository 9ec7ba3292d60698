/** Limits as providers have them: of one window, and of two. */
import type { RouteLimit } from '../../../packages/core/src/ports/index.ts';

export const postcards: RouteLimit = {
  route: 'POST /postcards',
  windows: [{ requests: 150, ms: 5000 }],
};
export const events: RouteLimit = {
  route: 'POST /events',
  windows: [
    { requests: 10, ms: 1000 },
    { requests: 150, ms: 60_000 },
  ],
};
