/** Safeguards of limits and of breakers. */
import type { Mutant } from './mutants.ts';

const limits = 'sql/functions/90_house/limits.sql';
const health = 'sql/functions/90_house/health.sql';
const slots = 'test/sql/limits/slots.test.ts';
const breaker = 'test/sql/limits/breaker.test.ts';
const probes = 'test/sql/limits/breaker-probes.test.ts';

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
  {
    name: 'refusals-are-answers',
    without: 'a refusal says nothing against the provider',
    edits: [
      {
        file: 'packages/core/src/runtime/health.ts',
        find: "if (status >= 500) return 'failed';",
        replace: "if (status >= 400) return 'failed';",
      },
    ],
    test: {
      file: 'test/sql/limits/health.test.ts',
      pattern: 'refusals open nothing',
    },
  },
  {
    name: 'one-probe',
    without: 'the lease of a probe keeps the others away',
    edits: [
      {
        file: health,
        find: 'and (b.probe_until is null or b.probe_until <= v_now)',
        replace: '',
      },
    ],
    test: { file: probes, pattern: 'one runner has the probe' },
  },
  {
    name: 'begin-asks-the-breaker',
    without: 'a cohort is not begun while the breaker of its printer is open',
    edits: [
      {
        file: 'sql/functions/30_cohort/begin.sql',
        find: "when p_stage = 'mail' and b.state <> 'closed' then 'connection_broken'",
        replace: '',
      },
    ],
    test: { file: breaker, pattern: 'a cohort that was staged before it opened' },
  },
];
