/** Safeguards of limits and of breakers. */
import type { Mutant } from './mutants.ts';

const limits = 'sql/functions/90_house/limits.sql';
const slotsSql = 'sql/functions/90_house/slots.sql';
const health = 'sql/functions/90_house/breaker.sql';
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
        file: slotsSql,
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
    name: 'breaker-of-the-audience',
    without: 'no sync begins by itself while the breaker of its source is open',
    edits: [
      {
        file: 'sql/functions/90_house/due.sql',
        find: "and postrider.broken_adapter(c, 'audience') is null",
        replace: '',
      },
    ],
    test: { file: 'test/sql/limits/breaker.test.ts', pattern: 'no sync begins' },
  },
  {
    name: 'breaker-of-the-enricher',
    without: 'nobody is handed to an enricher while its breaker is open',
    edits: [
      {
        file: 'sql/functions/20_enrich/claim_batch.sql',
        find: "or postrider.broken_adapter(v_campaign, 'enricher') is not null",
        replace: '',
      },
    ],
    test: { file: 'test/pipeline/enrich/breaker.test.ts', pattern: 'is asked no more' },
  },
  {
    name: 'late-requests-counted',
    without: 'a request that came late counts from when it came',
    edits: [
      {
        file: slotsSql,
        find: "p_late <> '[]'",
        replace: 'false',
      },
    ],
    test: { file: slots, pattern: 'what came late counts' },
  },
  {
    name: 'late-requests-told',
    without: 'a runner tells which requests may have come late',
    edits: [
      {
        file: 'packages/core/src/runtime/late-requests.ts',
        find: 'if (laterMs > this.#wayMs)',
        replace: 'if (laterMs < 0)',
      },
    ],
    test: { file: 'test/sql/limits/limiter.test.ts', pattern: 'however long requests' },
  },
  {
    name: 'judged-while-asking',
    without: 'a pool does not wake again and again while the database is asked',
    edits: [
      {
        file: 'packages/core/src/runtime/slot-pool.ts',
        find: 'const tellAt = this.#late.judge(now) ?',
        replace: 'const tellAt = this.#asking === null && this.#late.judge(now) ?',
      },
    ],
    test: { file: 'test/sql/limits/limiter.test.ts', pattern: 'slow to answer' },
  },
  {
    name: 'given-back-while-closed',
    without: 'a slot that was not used is not used again while its route is closed',
    edits: [
      {
        file: 'packages/core/src/runtime/slot-pool.ts',
        find: 'performance.now() < this.#closedUntil',
        replace: 'performance.now() < 0',
      },
    ],
    test: { file: 'test/sql/limits/limiter.test.ts', pattern: 'while the route is closed' },
  },
  {
    name: 'requests-that-are-over',
    without: 'the limiter hears when a request is over',
    edits: [
      {
        file: 'packages/adapters/src/kit/call.ts',
        find: "permit.end(outcome.kind !== 'not_sent');",
        replace: '',
      },
    ],
    test: { file: 'packages/adapters/src/kit/test/call.test.ts', pattern: 'is over' },
  },
  {
    name: 'breaker-of-a-batch',
    without: 'an enricher is not asked for a batch while its breaker is open',
    edits: [
      {
        file: 'sql/functions/20_enrich/claim_batch.sql',
        find:
          "and (postrider.broken_adapter(c, 'enricher') is null " +
          'or d.deadline < postrider.now())',
        replace: '',
      },
    ],
    test: { file: 'test/sql/limits/breaker.test.ts', pattern: 'no sync begins' },
  },
  {
    name: 'enricher-works-again',
    without: 'people whose enricher did not work are looked up once it does',
    edits: [
      {
        file: 'packages/core/src/runtime/context.ts',
        find: 'onClosed: (connection) => void enrichAgain({ sql, boss, logger }, connection),',
        replace: '',
      },
    ],
    test: { file: 'test/pipeline/enrich/breaker.test.ts', pattern: 'is asked no more' },
  },
  {
    name: 'breaker-before-each-request',
    without: 'what a cohort has not sent yet is not sent once the breaker has opened',
    edits: [
      {
        file: 'packages/core/src/stages/mail/batch-guard.ts',
        find: 'assertKeysHonoured(pieces, performance.now() - begunAt); breaker.assertWorks();',
        replace: 'assertKeysHonoured(pieces, performance.now() - begunAt);',
      },
    ],
    test: { file: 'test/pipeline/mail/breaker.test.ts', pattern: 'the next batch' },
  },
  {
    name: 'breaker-before-each-wait',
    without: 'a request waits for no limit and no connection while the breaker is open',
    edits: [
      {
        file: 'packages/core/src/stages/mail/breaker.ts',
        find: 'guard.assertWorks(); return',
        replace: 'return',
      },
    ],
    test: { file: 'test/pipeline/mail/breaker.test.ts', pattern: 'takes no connection' },
  },
  {
    name: 'breaker-counts-no-attempt',
    without: 'who was not sent for the sake of the breaker was not tried',
    edits: [
      {
        file: 'sql/functions/50_mail/settle_mail.sql',
        find: "when d.verdict in ('held', 'connection_broken', 'artwork_gone') then s.attempt",
        replace: "when d.verdict = 'held' then s.attempt",
      },
    ],
    test: { file: 'test/pipeline/mail/breaker.test.ts', pattern: 'is not sent on' },
  },
  {
    name: 'breaker-heard-before-the-begin',
    without: 'what was heard before a cohort was begun does not stop it',
    edits: [
      {
        file: 'packages/core/src/runtime/health.ts',
        find: 'const since = Math.max(begunAt, performance.now() - HEARD_MS);',
        replace: 'const since = performance.now() - HEARD_MS;',
      },
    ],
    test: { file: 'test/sql/limits/health.test.ts', pattern: 'what was begun after' },
  },
  {
    name: 'failures-seen-and-not-heard',
    without: 'five failures in a row are known before the database has answered',
    edits: [
      {
        file: 'packages/core/src/runtime/health.ts',
        find: 'return (this.#inARow.get(key) ?? 0) >= OPENS_AFTER;',
        replace: 'return false;',
      },
    ],
    test: { file: 'test/sql/limits/health.test.ts', pattern: 'known before they are told' },
  },
  {
    name: 'begin-asks-the-breaker',
    without: 'a cohort is not begun while the breaker of its printer is open',
    edits: [
      {
        file: 'sql/functions/30_cohort/begin.sql',
        find: "when w.obstacle = 'breaker' then 'connection_broken'",
        replace: '',
      },
    ],
    test: { file: breaker, pattern: 'a cohort that was staged before it opened' },
  },
];
