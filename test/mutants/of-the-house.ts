/** Safeguards of beats, housekeeping and what others replicate. */
import type { Mutant } from './mutants.ts';

const misdated = 'sql/functions/90_house/misdated_partitions.sql';
const houseSql = 'sql/functions/90_house/housekeeping.sql';
const failingHouse = 'test/pipeline/failing-house.test.ts';
const failingBeats = 'test/pipeline/failing-beats.test.ts';
const failingWork = 'test/pipeline/failing-work.test.ts';
const failingPrinters = 'test/pipeline/failing-printers.test.ts';
const workFailures = 'packages/core/src/runtime/work-failures.ts';

export const house: readonly Mutant[] = [
  {
    name: 'locked-table-three-times',
    without:
      'a table that somebody has locked is waited for three times, and not for each organization',
    edits: [
      {
        file: houseSql,
        find: 'c_waits constant int := 3;',
        replace: 'c_waits constant int := 1000;',
      },
    ],
    test: { file: failingHouse, pattern: 'a table that somebody has locked' },
  },
  {
    name: 'tally-identity',
    without: 'a key of the tally, by which a publication tells its rows',
    edits: [
      {
        file: 'sql/baseline/recipient.sql',
        find: 'people bigint not null,\nprimary key (organization_id, id)',
        replace: 'people bigint not null',
      },
    ],
    test: {
      file: 'test/sql/identity.test.ts',
      pattern: 'every table, the queue included, has a key',
    },
  },
  {
    name: 'webhooks-identity',
    without: 'the organization in what tells the rows of the inbox apart',
    edits: [
      {
        file: 'sql/baseline/mailpiece.sql',
        find: 'primary key (organization_id, id),\nconstraint provider_event_delivery_key',
        replace: 'primary key (id),\nconstraint provider_event_delivery_key',
      },
    ],
    test: { file: 'test/sql/identity.test.ts', pattern: 'one organization.s rows are published' },
  },
  {
    name: 'strays-unpublished',
    without: 'events of a missed month come back from a table that no publication has',
    edits: [
      {
        file: 'sql/functions/90_house/partitions.sql',
        find: 'create unlogged table postrider.stray_event',
        replace: 'create table postrider.stray_event',
      },
    ],
    test: { file: 'test/pipeline/replicated.test.ts', pattern: 'the subscriber has the same rows' },
  },
  {
    name: 'bounds-of-utc',
    without: 'the offset of the bounds of a month: they are of the zone of the session',
    edits: [
      {
        file: 'sql/functions/90_house/partitions.sql',
        find: `to_char(p_month, 'YYYY-MM-DD 00:00:00+00'),
        to_char(p_month + interval '1 month', 'YYYY-MM-DD 00:00:00+00'));`,
        replace: `to_char(p_month, 'YYYY-MM-DD 00:00:00'),
        to_char(p_month + interval '1 month', 'YYYY-MM-DD 00:00:00'));`,
      },
    ],
    test: {
      file: 'test/sql/partitions.test.ts',
      pattern: 'the months of the history are those of UTC',
    },
  },
  {
    name: 'mended-months-unpublished',
    without: 'events of months that are mended come back from a table that no publication has',
    edits: [
      {
        file: misdated,
        find: 'create unlogged table postrider.stray_event',
        replace: 'create table postrider.stray_event',
      },
    ],
    test: {
      file: 'test/pipeline/replicated.test.ts',
      pattern: 'when months with wrong bounds were mended',
    },
  },
  {
    name: 'mended-months-whole',
    without: 'what the default partition has of a month that is mended moves there, too',
    edits: [
      {
        file: misdated,
        find: "where date_trunc('month', at at time zone 'UTC') = any (v_months)",
        replace: 'where false',
      },
    ],
    test: {
      file: 'test/sql/partitions.test.ts',
      pattern: 'months with wrong bounds are mended in one call',
    },
  },
  {
    name: 'house-parts-apart',
    without: 'a part of the housekeeping that fails undoes no other',
    edits: [
      {
        file: houseSql,
        find: `perform postrider.keep_part(part, v_all);
      continue;
    exception when others then`,
        replace: `perform postrider.keep_part(part, v_all);
      continue;
    exception when assert_failure then`,
      },
    ],
    test: { file: failingHouse, pattern: 'a part of the housekeeping that fails undoes no other' },
  },
  {
    name: 'house-organizations-apart',
    without: "one organization's failure does not undo the others' housekeeping",
    edits: [
      {
        file: houseSql,
        find: 'foreach v_one in array v_all loop',
        replace: 'organizations := v_all;\n    foreach v_one in array array[]::uuid[] loop',
      },
    ],
    test: { file: failingHouse, pattern: 'does not undo the others. housekeeping' },
  },
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
        file: 'packages/core/src/running/beats.ts',
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
        file: 'packages/core/src/running/beats.ts',
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
        file: 'packages/core/src/stages/house/housekeeping.ts',
        find: `return await runHousekeeping(sql);
  } catch (error) {
    if (sqlState(error) !== QUERY_CANCELED) throw error;`,
        replace: `return await runHousekeeping(sql);
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
        file: 'packages/core/src/running/running.ts',
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
