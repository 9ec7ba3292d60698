/**
 * Safeguards of the driver's list of hosts: which of them is fit, and when they are asked again.
 */
import type { Mutant } from './mutants.ts';

const connection = 'node_modules/postgres/src/connection.js';
const standby = 'test/driver/standby.long.test.ts';

export const hosts: readonly Mutant[] = [
  {
    name: 'standby-takes-no-writes',
    without: 'a hot standby is none that takes writes',
    edits: [
      {
        file: connection,
        find: "reads = standby || xs.default_transaction_read_only === 'on'",
        replace: "reads = xs.default_transaction_read_only === 'on'",
      },
    ],
    test: { file: standby, pattern: 'each of target_session_attrs is served' },
  },
  {
    name: 'standby-but-preferred',
    without: 'where no host is a standby, any of them serves who prefers one',
    edits: [
      {
        file: connection,
        find: "host.length * (target_session_attrs === 'prefer-standby' ? 2 : 1)",
        replace: 'host.length',
      },
    ],
    test: { file: standby, pattern: 'where no host of the list is fit' },
  },
  {
    name: 'unfit-waits-longer',
    without: 'a list without a fit host is not asked again at once',
    edits: [{ file: connection, find: 'return leave()', replace: 'return terminate()' }],
    test: { file: standby, pattern: 'where no host of the list is fit' },
  },
  {
    name: 'first-query-of-a-list',
    without: 'the first query of a connection is told of its loss, with a list of hosts too',
    edits: [
      {
        file: connection,
        find: 'if (initial && connection.queue',
        replace: 'if (connection.queue',
      },
    ],
    test: { file: 'test/driver/host-list.test.ts', pattern: 'the first query of a connection' },
  },
  {
    name: 'driver-of-the-queue',
    without: 'a program that brings another driver for the queue is warned as well',
    edits: [
      {
        file: 'packages/core/src/runtime/context.ts',
        find: 'warnOfDriver([sql, queueSql], logger);',
        replace: 'warnOfDriver([sql], logger);',
      },
    ],
    test: {
      file: 'test/driver/other-copies.test.ts',
      pattern: 'a program that brings such a client is warned',
    },
  },
];
