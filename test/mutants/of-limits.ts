/** Safeguards of limits. */
import type { Mutant } from './mutants.ts';

const limits = 'sql/functions/90_house/limits.sql';
const slots = 'test/sql/limits/slots.test.ts';

export const limited: readonly Mutant[] = [
  {
    name: 'slot-forfeited',
    without: 'a slot that is used too late is forfeited',
    edits: [
      {
        file: 'packages/core/src/runtime/slot-pool.ts',
        find: 'if (now > slot.lastAt || wall > slot.lastWallAt)',
        replace: 'if (now < 0 && wall < 0)',
      },
    ],
    test: {
      file: 'test/sql/limits/limiter.test.ts',
      pattern: 'a slot that is used too late is forfeited',
    },
  },
  {
    name: 'window-counted',
    without: 'a slot waits until the window has room for it',
    edits: [
      {
        file: limits,
        find: 'v_slots[cardinality(v_slots) + v_cost - v_pace.requests[i]] + v_pace.spans[i]',
        replace: 'v_now',
      },
    ],
    test: { file: slots, pattern: 'two runners never get the same slot' },
  },
  {
    name: 'refused-route-closed',
    without: '429 closes the route for everybody',
    edits: [
      {
        file: limits,
        find: 'closed_until = greatest(closed_until, v_closed_until)',
        replace: 'closed_until = closed_until',
      },
    ],
    test: { file: slots, pattern: '429 closes the route for everybody' },
  },
];
