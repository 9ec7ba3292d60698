/** Safeguards of the runner. */
import type { Mutant } from './mutants.ts';

const kills = 'test/crash/kills.test.ts';
const printer = 'test/crash/printer.test.ts';
const stops = 'test/pipeline/life/orderly-stop.test.ts';

const bodies = 'packages/runner/src/http/read-body.ts';
const bounded = {
  file: 'packages/runner/test/http.test.ts',
  pattern: 'holds so many bytes of webhooks at a time',
};

export const runner: readonly Mutant[] = [
  {
    name: 'webhooks-fill-the-memory',
    without: 'all webhooks together hold a bounded number of bytes before anybody looks at them',
    edits: [{ file: bodies, find: 'else if (!isRoom())', replace: 'else if (size < 0)' }],
    test: bounded,
  },
  {
    name: 'webhooks-keep-others-out',
    without: 'a small webhook is taken whatever others hold',
    edits: [{ file: bodies, find: 'holds.bytes <= SMALL || ', replace: '' }],
    test: bounded,
  },
  {
    name: 'webhooks-hold-for-ever',
    without: 'a webhook that is over, or was broken off, holds nothing',
    edits: [{ file: bodies, find: '} finally {\n      holds.letGo();', replace: '} finally {' }],
    test: bounded,
  },
  {
    name: 'slow-printer',
    without: 'the check that a request ends before the lease does',
    edits: [
      {
        file: 'packages/core/src/runtime/printers.ts',
        find: 'if (!(timeoutMs < leaseMs)) {',
        replace: 'if (timeoutMs < 0) {',
      },
    ],
    test: {
      file: 'test/pipeline/mail/slow-printers.test.ts',
      pattern: 'a printer that may take longer than the lease',
    },
  },
  {
    name: 'heard-to-its-end',
    without: 'a request under way is heard to its end, also without a lease',
    edits: [
      {
        file: 'packages/core/src/stages/mail/submit.ts',
        find: 'context.callContext(neverAborted, account, call.signOfLife)',
        replace: 'context.callContext(desk.leased.lease.signal, account, call.signOfLife)',
      },
    ],
    test: {
      file: 'test/pipeline/mail/slow-printers.test.ts',
      pattern: 'a request under way is heard to its end',
    },
  },
  {
    name: 'silent-printer',
    without: 'a printer that was given up is refused its next request',
    edits: [
      {
        file: 'packages/core/src/stages/mail/batch-guard.ts',
        find: 'this.assertMaySend(this.#isOver || signal.aborted);',
        replace: 'this.assertMaySend(this.#isOver);',
      },
    ],
    test: {
      file: 'test/pipeline/adapters/silent-adapters.test.ts',
      pattern: 'who was given up may not send any more',
    },
  },
  {
    name: 'not-sent-goes-back',
    without: 'people who were not sent because the lease had passed go back at once',
    edits: [
      {
        file: 'packages/core/src/stages/mail/submit.ts',
        find: 'const isBroken = error instanceof ProviderBrokenError;',
        replace:
          'const isBroken = error instanceof ProviderBrokenError;\n    if (!isBroken) return false;',
      },
    ],
    test: { file: stops, pattern: 'people who were not sent because the lease had passed go back' },
  },
  {
    name: 'sent-in-part',
    without: 'cards of which an adapter has sent some before it threw are unknown',
    edits: [
      {
        file: 'packages/core/src/stages/mail/submit.ts',
        find: 'batch.guard.hasLetThrough ? sameForAll(',
        replace: 'batch.guard.hasLetThrough && message === null ? sameForAll(',
      },
    ],
    test: { file: stops, pattern: 'cards of which an adapter has sent some' },
  },
  {
    name: 'counted-when-taken',
    without: 'results count when the database has taken them, and not when they are tried',
    edits: [
      {
        file: 'packages/core/src/runtime/cohorts.ts',
        find: 'await settle(results, last);\n        meter.results(begun.campaign, results);',
        replace: 'meter.results(begun.campaign, results);\n        await settle(results, last);',
      },
    ],
    test: {
      file: 'test/pipeline/life/counts.test.ts',
      pattern: 'results that could not be recorded at once are counted once',
    },
  },
  {
    name: 'moves-added-up',
    without: 'moves that are folded are added to those before',
    edits: [
      {
        file: 'sql/functions/00_common/tally.sql',
        find: 'on conflict (organization_id, campaign_id, from_state, to_state) do update\n      set people = t.people + excluded.people',
        replace:
          'on conflict (organization_id, campaign_id, from_state, to_state) do update\n      set people = excluded.people',
      },
    ],
    test: { file: 'test/sql/common/tally.test.ts', pattern: 'the count of moves grows' },
  },
  {
    name: 'bounded-series',
    without: 'no more than so many campaigns have series of their own',
    edits: [
      {
        file: 'packages/runner/src/http/metrics.ts',
        find: '.slice(0, MOST_CAMPAIGNS)',
        replace: '.slice(0)',
      },
    ],
    test: {
      file: 'packages/runner/test/metrics.test.ts',
      pattern: 'so many campaigns have series of their own',
    },
  },
  {
    name: 'rest-is-said',
    without: 'what a runner did since its last line is said before it ends',
    edits: [
      {
        file: 'packages/cli/src/operate/progress.ts',
        find: 'atWork = atWork.then(look);',
        replace: '',
      },
    ],
    test: { file: 'packages/cli/test/progress.test.ts', pattern: 'is text where text is asked' },
  },
  {
    name: 'log-without-passwords',
    without: 'passwords are left out of the log',
    edits: [
      {
        file: 'packages/runner/src/run/logger.ts',
        find: 'hooks: { streamWrite: redacted },',
        replace: '',
      },
    ],
    test: { file: 'packages/runner/test/logger.test.ts', pattern: 'a log leaves passwords out' },
  },
  {
    name: 'overrun-waited-for',
    without: 'a stop waits for jobs that pg-boss no longer waits for',
    edits: [
      {
        file: 'packages/core/src/scheduling/running.ts',
        find: 'await this.#workers?.done()',
        replace: 'await Promise.resolve()',
      },
    ],
    test: { file: stops, pattern: 'a stop waits also for a job that took longer' },
  },
  {
    name: 'says-who-is-left',
    without: 'a stop whose time is over says how many are still at work',
    edits: [
      {
        file: 'packages/core/src/scheduling/running.ts',
        find: 'return people;',
        replace: 'return people - people;',
      },
    ],
    test: { file: stops, pattern: 'a stop whose time is over says how many' },
  },
  {
    name: 'rows-compared',
    without: 'a rendering counts only where each row is of the recipient who was asked for',
    edits: [
      {
        file: 'packages/core/src/stages/proof/renderer-answers.ts',
        find: `one['recipientId'] !== card.recipientId`,
        replace: `one['recipientId'] === undefined`,
      },
    ],
    test: {
      file: 'test/pipeline/adapters/odd-answers.test.ts',
      pattern: 'a renderer that mixes up its rows',
    },
  },
  {
    name: 'accepted-with-an-id',
    without: 'accepted without an id is unknown',
    edits: [
      {
        file: 'packages/core/src/stages/mail/printer-answers.ts',
        find: `z.object({ outcome: z.literal('accepted'), providerId: printerId,`,
        replace: `z.object({ outcome: z.literal('accepted'), providerId: sentence,`,
      },
    ],
    test: {
      file: 'test/pipeline/adapters/odd-answers.test.ts',
      pattern: 'accepted without an id that can be kept',
    },
  },
  {
    name: 'one-by-one',
    without: 'results that the database refuses together are recorded one by one',
    edits: [
      {
        file: 'packages/core/src/runtime/result-writer.ts',
        find: 'if (why !== null && group.length > 1) {',
        replace: `if (why === 'for now' && group.length > 1) {`,
      },
    ],
    test: {
      file: 'test/pipeline/adapters/odd-answers.test.ts',
      pattern: 'a result that the database refuses costs the others',
    },
  },
  {
    name: 'lease-check',
    without: 'the lease check immediately before the request',
    edits: [
      {
        file: 'packages/core/src/runtime/leases.ts',
        find: 'if (this.leftMs <= 0) throw',
        replace: 'if (this.leftMs === Infinity) throw',
      },
    ],
    test: { file: kills, pattern: 'before the lease check, at a printer without keys' },
  },
  {
    name: 'print-shop-refusal-is-no-retry',
    without: 'a token that the print shop does not take holds the printer, and is not tried again',
    edits: [
      {
        file: 'packages/adapters/src/print-shop/orders.ts',
        find: 'if (status === 401 || status === 403)',
        replace: 'if (status === 0)',
      },
    ],
    test: {
      file: 'packages/adapters/src/print-shop/test/orders.test.ts',
      pattern: 'sends nothing more where its token is refused',
    },
  },
  {
    name: 'unclear-is-unknown',
    without: 'an answer that was lost is unknown, and not proof that nothing was printed',
    edits: [
      {
        file: 'packages/adapters/src/print-shop/orders.ts',
        find: `if (outcome.kind === 'unclear') return all({ outcome: 'unknown', message: outcome.message });`,
        replace: `if (outcome.kind === 'unclear')
          return all({ outcome: 'retry', afterMs: 0, message: outcome.message });`,
      },
    ],
    test: {
      file: printer,
      pattern:
        'answers lost before and after the effect, refusals, silence, at a printer without keys',
    },
  },
];
