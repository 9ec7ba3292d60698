/** Safeguards of housekeeping and what others replicate. */
import type { Mutant } from './mutants.ts';

const misdated = 'sql/functions/90_house/misdated_partitions.sql';
const houseSql = 'sql/functions/90_house/housekeeping.sql';
const failingHouse = 'test/pipeline/house/failing-housekeeping.test.ts';

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
      file: 'test/sql/schema/replica-identity.test.ts',
      pattern: 'every table, the queue included, has a key',
    },
  },
  {
    name: 'webhooks-identity',
    without: 'the organization in what tells the rows of the inbox apart',
    edits: [
      {
        file: 'sql/baseline/webhook_inbox.sql',
        find: 'primary key (organization_id, id),\nconstraint provider_event_delivery_key',
        replace: 'primary key (id),\nconstraint provider_event_delivery_key',
      },
    ],
    test: {
      file: 'test/sql/schema/replica-identity.test.ts',
      pattern: 'one organization.s rows are published',
    },
  },
  {
    name: 'strays-unpublished',
    without: 'events of a missed month come back from a table that no publication has',
    edits: [
      {
        file: 'sql/functions/90_house/partitions.sql',
        find: 'create unlogged table postrider.stray_row',
        replace: 'create table postrider.stray_row',
      },
    ],
    test: {
      file: 'test/pipeline/replication/published-tables.long.test.ts',
      pattern: 'the subscriber has the same rows',
    },
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
      file: 'test/sql/house/partitions.test.ts',
      pattern: 'the months of the history are those of UTC',
    },
  },
  {
    name: 'mended-months-unpublished',
    without: 'events of months that are mended come back from a table that no publication has',
    edits: [
      {
        file: misdated,
        find: 'create unlogged table postrider.stray_row',
        replace: 'create table postrider.stray_row',
      },
    ],
    test: {
      file: 'test/pipeline/replication/published-tables.long.test.ts',
      pattern: 'when months with wrong bounds were mended',
    },
  },
  {
    name: 'mended-months-whole',
    without: 'what the default partition has of a month that is mended moves there, too',
    edits: [
      {
        file: misdated,
        find: "where date_trunc('month', %I at time zone 'UTC') = any ($1)",
        replace: 'where false',
      },
    ],
    test: {
      file: 'test/sql/house/partitions.test.ts',
      pattern: 'months with wrong bounds are mended in one call',
    },
  },
  {
    name: 'house-parts-apart',
    without: 'a part of the housekeeping that fails undoes no other',
    edits: [
      {
        file: houseSql,
        find: `perform postrider.run_housekeeping_part(part, v_all, p_keep_calls);
      continue;
    exception when others then`,
        replace: `perform postrider.run_housekeeping_part(part, v_all, p_keep_calls);
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
    name: 'house-part-by-part',
    without: 'a housekeeping that does not end in time is done part by part',
    edits: [
      {
        file: 'packages/core/src/stages/house/housekeeping.ts',
        find: `return await runHousekeeping(sql, keepCallsMs);
  } catch (error) {
    if (sqlState(error) !== QUERY_CANCELED) throw error;`,
        replace: `return await runHousekeeping(sql, keepCallsMs);
  } catch (error) {
    throw error;`,
      },
    ],
    test: { file: failingHouse, pattern: 'a housekeeping that never ends in time' },
  },
];
