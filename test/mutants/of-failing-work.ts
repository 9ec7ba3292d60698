/** Safeguards of beats and works that fail: apart from each other, told, and over in the end. */
import type { Mutant } from './mutants.ts';

const failingHouse = 'test/pipeline/house/failing-housekeeping.test.ts';
const failingBeats = 'test/pipeline/house/failing-beats.test.ts';
const failingWork = 'test/pipeline/house/failing-work.test.ts';
const failingPrinters = 'test/pipeline/house/failing-printers.test.ts';
const workFailures = 'packages/core/src/runtime/work-failures.ts';

export const failingWorks: readonly Mutant[] = [
  {
    name: 'beat-alarm-after-three',
    without: 'an alarm only after three failures in a row',
    edits: [
      {
        file: 'sql/views/alarms.sql',
        find: 'where f.failures >= 3',
        replace: 'where f.failures >= 1',
      },
    ],
    test: { file: failingHouse, pattern: 'a part of the housekeeping that fails undoes no other' },
  },
  {
    name: 'beat-alarm-ends',
    without: 'the failure of a beat is over when it works again',
    edits: [
      {
        file: 'sql/functions/90_house/beat_failures.sql',
        find: 'where p_whole and f.over_at is null',
        replace: 'where not p_whole and f.over_at is null',
      },
    ],
    test: { file: failingHouse, pattern: 'a part of the housekeeping that fails undoes no other' },
  },
  {
    name: 'beat-parts-apart',
    without: 'a part of a beat that fails keeps no other from it',
    edits: [
      {
        file: 'packages/core/src/scheduling/beats.ts',
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
        file: 'packages/core/src/scheduling/beats.ts',
        find: 'if (isLostConnection(error) || context.stopping.aborted) interrupted.push(error);',
        replace: 'if (context.stopping.aborted) interrupted.push(error);',
      },
    ],
    test: { file: failingBeats, pattern: 'a lost connection is no fault of a beat' },
  },
  {
    name: 'jobs-told',
    without: 'a job that fails is logged',
    edits: [
      {
        file: 'packages/core/src/scheduling/running.ts',
        find: 'if (isLostSession(error) || stopping.aborted) throw error;',
        replace: 'if (!isLostSession(error) || stopping.aborted) throw error;',
      },
    ],
    test: { file: failingBeats, pattern: 'a job that fails is logged with its cause' },
  },
  {
    name: 'work-alarm-after-three',
    without: 'an alarm only after three failures of a work in a row',
    edits: [
      {
        file: 'sql/views/alarms.sql',
        find: 'where w.failures >= 3;',
        replace: 'where w.failures >= 1;',
      },
    ],
    test: { file: failingWork, pattern: 'a sync that fails is told with its cause' },
  },
  {
    name: 'work-ends',
    without: 'what failed of a sync is over when it works again',
    edits: [
      {
        file: 'packages/core/src/stages/sync/sync.ts',
        find: "await workDone(context, { organizationId, work: 'sync', campaignId });",
        replace: '',
      },
    ],
    test: { file: failingWork, pattern: 'a sync that fails is told with its cause' },
  },
  {
    name: 'network-counts',
    without: 'a connection that an adapter is refused is a failure of the work',
    edits: [
      {
        file: workFailures,
        find: 'const concludes = !stopping.aborted && !isLostSession(error);',
        replace:
          "const concludes = !stopping.aborted && !isLostSession(error) && codeOf(error) !== 'ECONNREFUSED';",
      },
    ],
    test: { file: failingWork, pattern: 'a lost connection and a stop are no fault' },
  },
  {
    name: 'work-once-a-round',
    without: 'a round in which many batches fail counts once',
    edits: [
      {
        file: workFailures,
        find: 'const key = JSON.stringify(named(work));\n    if (!this.#works.get(key)?.failed)',
        replace: 'const key = `${this.#works.size}`;\n    if (!this.#works.get(key)?.failed)',
      },
      {
        file: workFailures,
        find: 'if (!this.#works.has(key)) this',
        replace: 'if (this.#works.size === 0) this',
      },
    ],
    test: { file: failingPrinters, pattern: 'a round of many batches' },
  },
  {
    name: 'discreet-failures',
    without: 'what is kept of an error holds no credentials',
    edits: [
      {
        file: workFailures,
        find: 'const said = redacted(messageOf(error));',
        replace: 'const said = storable(messageOf(error));',
      },
    ],
    test: { file: failingWork, pattern: 'what is kept of an error' },
  },
  {
    name: 'secrets-by-name',
    without: 'what is kept of an error has no secrets that are called so',
    edits: [{ file: workFailures, find: ".replaceAll(SECRET, '$1…')", replace: '' }],
    test: {
      file: 'packages/core/test/pipeline-parts.test.ts',
      pattern: 'has no secrets and no e-mails',
    },
  },
  {
    name: 'failing-work-counted',
    without: 'doctor counts work that fails among the alarms, as the view does',
    edits: [
      {
        file: 'sql/views/doctor_people.sql',
        find: 'where f.failures >= 3 and (p_mine is null',
        replace: 'where false and (p_mine is null',
      },
    ],
    test: { file: failingWork, pattern: 'a sync that fails is told' },
  },
  {
    name: 'untried-staging',
    without: 'a campaign for which there was no place fails still',
    edits: [
      {
        file: 'sql/functions/30_cohort/stage_round.sql',
        find: '  untried := exists (',
        replace: '  untried := false and exists (',
      },
    ],
    test: { file: failingBeats, pattern: 'because there was no place for it' },
  },
  {
    name: 'staging-told',
    without: 'a campaign that cannot be staged is told',
    edits: [
      {
        file: 'packages/core/src/runtime/cohorts.ts',
        find: 'failed.push(...failures);',
        replace: '',
      },
    ],
    test: { file: failingBeats, pattern: 'a campaign that cannot be staged is told' },
  },
];
