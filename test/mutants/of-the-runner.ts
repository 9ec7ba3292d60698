/** Safeguards of the runner. */
import type { Mutant } from './mutants.ts';

const kills = 'test/crash/kills.test.ts';
const printer = 'test/crash/printer.test.ts';
const stops = 'test/pipeline/stops.test.ts';
const failingBeats = 'test/pipeline/failing-beats.test.ts';
const failingHouse = 'test/pipeline/failing-house.test.ts';

export const runner: readonly Mutant[] = [
  {
    name: 'remembered-before-posted',
    without: 'a begin is kept outside of the database before its first card is posted',
    edits: [{ file: 'packages/core/src/stages/mail.ts', find: 'await context.watermark.kept();', replace: 'await Promise.resolve();' }],
    test: { file: 'test/pipeline/restore-watermark.test.ts', pattern: 'where it cannot be written any more' },
  },
  {
    name: 'superseded-is-not-believed',
    without: 'the word of a server that another has taken over from is not remembered',
    edits: [
      {
        file: 'packages/core/src/pipeline/restore-watermark.ts',
        find: 'if (superseded) return;',
        replace: 'if (installation === "") return;',
      },
    ],
    test: { file: 'test/failover/failover.test.ts', pattern: 'a runner that lives through a failover' },
  },
  {
    name: 'begun-before-a-restore',
    without: 'what was begun before a restore was noticed is given up',
    edits: [
      { file: 'packages/core/src/pipeline/context.ts', find: 'onRestore: () => leases.loseAll(),', replace: 'onRestore: () => undefined,' },
    ],
    test: { file: 'test/pipeline/restore-watermark.test.ts', pattern: 'what was begun before a restore' },
  },
  {
    name: 'old-leases-waited-out',
    without: 'printers are asked for what they made when no lease from before is left',
    edits: [{ file: 'packages/core/src/stages/restore.ts', find: 'if (ms <= 0) return;', replace: 'if (ms < Infinity) return;' }],
    test: { file: 'test/pipeline/restore-watermark.test.ts', pattern: 'what was begun before a restore' },
  },
  {
    name: 'slow-printer',
    without: 'the check that a request ends before the lease does',
    edits: [{ file: 'packages/core/src/stages/printers.ts', find: 'if (!(timeoutMs < leaseMs)) {', replace: 'if (timeoutMs < 0) {' }],
    test: { file: 'test/pipeline/printers.test.ts', pattern: 'a printer that may take longer than the lease' },
  },
  {
    name: 'heard-to-its-end',
    without: 'a request under way is heard to its end, also without a lease',
    edits: [
      { file: 'packages/core/src/stages/mail.ts', find: 'context.callContext(untilItsEnd)', replace: 'context.callContext(lease.signal)' },
    ],
    test: { file: 'test/pipeline/printers.test.ts', pattern: 'a request under way is heard to its end' },
  },
  {
    name: 'silent-printer',
    without: 'a printer that was given up is refused its next request',
    edits: [{ file: 'packages/core/src/stages/mail.ts', find: 'if (signal.aborted) throw', replace: 'if (lease.signal.aborted) throw' }],
    test: { file: 'test/pipeline/silence.test.ts', pattern: 'who was given up may not send any more' },
  },
  {
    name: 'not-sent-goes-back',
    without: 'whoever was not sent because the lease had passed goes back at once',
    edits: [
      {
        file: 'packages/core/src/stages/mail.ts',
        find: 'const message = text(messageOf(error));\n      if (isNamed',
        replace: `const message = text(messageOf(error));\n      if (isNamed<LeaseLostError>(error, 'LeaseLostError')) return;\n      if (isNamed`,
      },
    ],
    test: { file: stops, pattern: 'whoever was not sent because the lease had passed goes back' },
  },
  {
    name: 'sent-in-part',
    without: 'cards of which an adapter has sent some before it threw are unknown',
    edits: [{ file: 'packages/core/src/stages/mail.ts', find: 'isWithAdapter ? {', replace: 'isWithAdapter && message === null ? {' }],
    test: { file: stops, pattern: 'cards of which an adapter has sent some' },
  },
  {
    name: 'overrun-waited-for',
    without: 'a stop waits for jobs that pg-boss no longer waits for',
    edits: [{ file: 'packages/core/src/pipeline/running.ts', find: 'await this.#workers?.done()', replace: 'await Promise.resolve()' }],
    test: { file: stops, pattern: 'a stop waits also for a job that took longer' },
  },
  {
    name: 'says-who-is-left',
    without: 'a stop whose time is over says how many are still at work',
    edits: [
      { file: 'packages/core/src/pipeline/running.ts', find: 'return row?.people ?? 0', replace: 'return row === undefined ? 1 : 0' },
    ],
    test: { file: stops, pattern: 'a stop whose time is over says how many' },
  },
  {
    name: 'rows-compared',
    without: 'a rendering counts only where each row is of the recipient who was asked for',
    edits: [
      {
        file: 'packages/core/src/stages/answers/renderer.ts',
        find: `one['recipientId'] !== card.recipientId`,
        replace: `one['recipientId'] === undefined`,
      },
    ],
    test: { file: 'test/pipeline/answers.test.ts', pattern: 'a renderer that mixes up its rows' },
  },
  {
    name: 'accepted-with-an-id',
    without: 'accepted without an id is unknown',
    edits: [
      {
        file: 'packages/core/src/stages/answers/printer.ts',
        find: `z.object({ outcome: z.literal('accepted'), providerId: printerId,`,
        replace: `z.object({ outcome: z.literal('accepted'), providerId: sentence,`,
      },
    ],
    test: { file: 'test/pipeline/answers.test.ts', pattern: 'accepted without an id that can be kept' },
  },
  {
    name: 'one-by-one',
    without: 'results that the database refuses together are recorded one by one',
    edits: [
      {
        file: 'packages/core/src/pipeline/settling.ts',
        find: 'if (why !== null && group.length > 1) {',
        replace: `if (why === 'for now' && group.length > 1) {`,
      },
    ],
    test: { file: 'test/pipeline/answers.test.ts', pattern: 'a result that the database refuses costs the others' },
  },
  {
    name: 'lease-check',
    without: 'the lease check immediately before the request',
    edits: [
      { file: 'packages/core/src/pipeline/leases.ts', find: 'if (this.leftMs <= 0) throw', replace: 'if (this.leftMs === Infinity) throw' },
    ],
    test: { file: kills, pattern: 'before the lease check, at a printer without keys' },
  },
  {
    name: 'unclear-is-unknown',
    without: 'an answer that was lost is unknown, and not proof that nothing was printed',
    edits: [
      {
        file: 'packages/adapters/src/local/print-shop/index.ts',
        find: `if (outcome.kind === 'unclear') return all({ outcome: 'unknown', message: outcome.message });`,
        replace: `if (outcome.kind === 'unclear') return all({ outcome: 'retry', afterMs: 0, message: outcome.message });`,
      },
    ],
    test: { file: printer, pattern: 'answers lost before and after the effect, refusals, silence, at a printer without keys' },
  },
  {
    name: 'beat-parts-apart',
    without: 'a part of a beat that fails keeps no other from it',
    edits: [
      {
        file: 'packages/core/src/pipeline/beats.ts',
        find: 'else failed.push({ beat, stage, ...failureOf(part, error) });',
        replace: 'else throw error;',
      },
    ],
    test: { file: failingBeats, pattern: 'a failure outside the database is one' },
  },
  {
    name: 'beat-cut-off',
    without: 'a lost connection is no fault of a beat',
    edits: [
      {
        file: 'packages/core/src/pipeline/beats.ts',
        find: 'if (isLostConnection(error) || context.stopping.aborted) interrupted.push(error);',
        replace: 'if (context.stopping.aborted) interrupted.push(error);',
      },
    ],
    test: { file: failingBeats, pattern: 'a lost connection is no fault of a beat' },
  },
  {
    name: 'house-part-by-part',
    without: 'a housekeeping that does not end in time is done part by part',
    edits: [
      {
        file: 'packages/core/src/stages/house.ts',
        find: `from postrider.keep_house()\`;
  } catch (error) {
    if (sqlState(error) !== QUERY_CANCELED) throw error;`,
        replace: `from postrider.keep_house()\`;
  } catch (error) {
    throw error;`,
      },
    ],
    test: { file: failingHouse, pattern: 'a housekeeping that never ends in time' },
  },
  {
    name: 'jobs-told',
    without: 'a job that fails is logged',
    edits: [
      {
        file: 'packages/core/src/pipeline/running.ts',
        find: 'if (!isLostConnection(error) && !stopping.aborted)',
        replace: 'if (isLostConnection(error) && !stopping.aborted)',
      },
    ],
    test: { file: failingBeats, pattern: 'a job that fails is logged with its cause' },
  },
  {
    name: 'staging-told',
    without: 'a campaign that cannot be staged is told',
    edits: [
      {
        file: 'packages/core/src/stages/cohorts.ts',
        find: '(failures) => (failed = failures)',
        replace: '() => undefined',
      },
    ],
    test: { file: failingBeats, pattern: 'a campaign that cannot be staged is told' },
  },
];
