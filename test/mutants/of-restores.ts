/** Safeguards of what follows a restore or a failover. */
import type { Mutant } from './mutants.ts';

const begin = 'sql/functions/50_mail/begin_mail.sql';
const watermark = 'sql/functions/90_house/restore_watermark.sql';

export const restores: readonly Mutant[] = [
  {
    name: 'asked-with-what-is-remembered',
    without:
      'the printers are asked about a restore that only runners can tell, ' +
      'before one of them was started',
    edits: [
      {
        file: 'packages/core/src/stages/house/restore.ts',
        find: 'await context.watermark.refresh();',
        replace: 'await Promise.resolve();',
      },
    ],
    test: {
      file: 'test/pipeline/house/restore-again.test.ts',
      pattern: 'before any runner was started',
    },
  },
  {
    name: 'timeline-written-now',
    without: 'the timeline is read where the server writes, not from its last checkpoint',
    edits: [
      {
        file: watermark,
        find: `timeline := ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint;`,
        replace: 'timeline := (select k.timeline_id from pg_control_checkpoint() k);',
      },
    ],
    test: {
      file: 'test/failover/failover.test.ts',
      pattern: 'a runner that lives through a failover',
    },
  },
  {
    name: 'begin-asks-first',
    without: 'a begin at the printer compares the database with what its runner remembers',
    edits: [
      {
        file: begin,
        find: 'v_watermark jsonb := postrider.check_watermark(p_remembered);',
        replace: 'v_watermark jsonb := postrider.check_watermark();',
      },
    ],
    test: { file: 'test/sql/house/restore-begin.test.ts', pattern: 'a begin asks first' },
  },
  {
    name: 'told-of-one-state',
    without: 'what a check tells of a database is compared and told from one reading of it',
    edits: [
      {
        file: watermark,
        find: `v_signs := postrider.restore_signs(
          v_is, v_told, v_here.system_identifier, v_here.timeline
        );
        if v_signs.why is not null then
        -- One notices`,
        replace: `v_signs := postrider.restore_signs(
          (select i from postrider.installation i), v_told, v_here.system_identifier,
          v_here.timeline
        );
        if v_signs.why is not null then
        -- One notices`,
      },
    ],
    test: {
      file: 'test/sql/house/restore-watermark.test.ts',
      pattern: 'who asks while somebody else notices',
    },
  },
  {
    name: 'superseded-keeps-its-number',
    without: 'a server that another has taken over from does not count a restore',
    edits: [
      {
        file: watermark,
        find: 'case when p_superseded then restores else',
        replace: 'case when false then restores else',
      },
    ],
    test: {
      file: 'test/sql/house/restore-begin.test.ts',
      pattern: 'a server that another has taken over from',
    },
  },
  {
    name: 'superseded-begins-nobody',
    without:
      'a server that another has taken over from begins nobody, ' +
      'also when its printers are released meanwhile',
    edits: [
      {
        file: begin,
        find: "if (v_watermark ->> 'superseded')::boolean then",
        replace: 'if false then',
      },
    ],
    test: { file: 'test/sql/house/restore-begin.test.ts', pattern: 'at that very moment' },
  },
  {
    name: 'begun-before-a-restore',
    without: 'what was begun before a restore was noticed is given up',
    edits: [
      {
        file: 'packages/core/src/runtime/context.ts',
        find: 'onRestore: () => leases.loseAll(),',
        replace: 'onRestore: () => undefined,',
      },
    ],
    test: {
      file: 'test/pipeline/house/restore-watermark.test.ts',
      pattern: 'what was begun before a restore',
    },
  },
  {
    name: 'old-leases-waited-out',
    without: 'printers are asked for what they made when no lease from before is left',
    edits: [
      {
        file: 'packages/core/src/stages/house/restore.ts',
        find: 'if (ms <= 0) return noticedAt;',
        replace: 'if (ms < Infinity) return noticedAt;',
      },
    ],
    test: {
      file: 'test/pipeline/house/restore-watermark.test.ts',
      pattern: 'what was begun before a restore',
    },
  },
  {
    name: 'restore-concluded-by-its-notice',
    without:
      'who asked the printers about one restore concludes no other that was noticed meanwhile',
    edits: [
      {
        file: watermark,
        find: 'where restore_noticed_at = v_noticed_at;',
        replace: 'where restore_noticed_at is not null;',
      },
    ],
    test: { file: 'test/sql/house/restore-twice.test.ts', pattern: 'who asked about one restore' },
  },
  {
    name: 'unasked-printer-confirmed',
    without: 'the release of a printer that nobody has asked since a restore needs a confirmation',
    edits: [
      {
        file: 'packages/cli/src/commands/hold.ts',
        find: 'if (noticed === null) return;',
        replace: 'if (!yes) return;',
      },
    ],
    test: { file: 'packages/cli/test/restore.test.ts', pattern: 'a restored database' },
  },
  {
    name: 'wait-of-the-next-restore',
    without:
      'who waits for leases from before a restore waits for those from before the next one too',
    edits: [
      {
        file: 'packages/core/src/stages/house/restore.ts',
        find: 'setTimeout(resolve, Math.ceil(ms))), stopping);',
        replace: 'setTimeout(resolve, Math.ceil(ms))), stopping);\n    return noticedAt;',
      },
    ],
    test: {
      file: 'test/pipeline/house/restore-again.test.ts',
      pattern: 'the printers are asked when the last lease from before the second is over',
    },
  },
  {
    name: 'identity-of-a-standby',
    without: 'a server that recovers tells no timeline, and fails nobody for it',
    edits: [
      {
        file: 'sql/functions/90_house/restore_watermark.sql',
        find: ' or object_not_in_prerequisite_state then',
        replace: ' then',
      },
    ],
    test: {
      file: 'test/sql/views/standby.long.test.ts',
      pattern: 'every look-up of a reader is answered on a hot standby',
    },
  },
];
