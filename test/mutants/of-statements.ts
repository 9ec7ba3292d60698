/** Safeguards of a statement in the driver: it is answered once, and sent again only as it was. */
import type { Mutant } from './mutants.ts';

const pool = 'node_modules/postgres/src/index.js';
const connection = 'node_modules/postgres/src/connection.js';
const answers = 'test/driver/answers.test.ts';
const retried = 'test/driver/retried.test.ts';

export const statements: readonly Mutant[] = [
  {
    name: 'rows-of-the-one-before',
    without: 'the rows of a statement are counted from none',
    edits: [
      {
        file: connection,
        find: '    rows = 0\n    connectTimer.cancel()\n',
        replace: '    connectTimer.cancel()\n',
      },
    ],
    test: { file: answers, pattern: 'whatever becomes of a statement' },
  },
  {
    name: 'one-end-of-each',
    without: 'the end of a statement is asked for once',
    edits: [
      {
        file: connection,
        find: 'query.synced || (query.synced = true, write(Sync))',
        replace: 'query.synced = true, write(Sync)',
      },
    ],
    test: { file: answers, pattern: 'whatever becomes of a statement' },
  },
  {
    name: 'page-of-a-failed-cursor',
    without: 'a cursor that has failed reads no more pages',
    edits: [
      { file: connection, find: '    if (q.synced)\n', replace: '    if (q.synced === null)\n' },
    ],
    test: { file: answers, pattern: 'whatever becomes of a statement' },
  },
  {
    name: 'described-and-failed',
    without: 'a statement that has failed while it was described is not run',
    edits: [{ file: connection, find: ' && !query.synced && (write(', replace: ' && (write(' }],
    test: { file: answers, pattern: 'whatever becomes of a statement' },
  },
  {
    name: 'sent-again-by-the-pool',
    without: 'what is sent again is not sent behind what was sent meanwhile',
    edits: [{ file: connection, find: '      : q.handler(q)\n', replace: '      : execute(q)\n' }],
    test: { file: retried, pattern: 'does not come into the transaction of somebody else' },
  },
  {
    name: 'sent-again-behind-nobody',
    without: 'what is sent again has a connection for itself',
    edits: [
      {
        file: pool,
        find: '    busy.length && !query.retried\n',
        replace: '    busy.length\n',
      },
    ],
    test: { file: retried, pattern: 'many statements that were sent at once' },
  },
  {
    name: 'sent-again-in-order',
    without: 'what is held keeps its order',
    edits: [{ file: connection, find: ' || (q.hold && sent.length))', replace: ')' }],
    test: { file: retried, pattern: 'keeps its place among those of its own reservation' },
  },
  {
    name: 'sent-again-beside-a-begin-by-hand',
    without: 'what is sent again does not come into a transaction that was begun by hand',
    edits: [
      { file: connection, find: '        throw q.retried\n', replace: '        void q.retried\n' },
    ],
    test: { file: retried, pattern: 'begun by hand behind it' },
  },
  {
    name: 'sent-again-as-it-was',
    without: 'what is sent again is written anew from what was asked',
    edits: [
      {
        file: connection,
        find: '    q.state = q.parameters = null\n',
        replace: '    q.state = null\n',
      },
    ],
    test: { file: retried, pattern: 'what is sent again is what was asked for' },
  },
  {
    name: 'sent-again-once-it-ran',
    without: 'a statement that had begun to run is not sent again',
    edits: [{ file: connection, find: 'query.retried || query.bound', replace: 'query.retried' }],
    test: { file: retried, pattern: 'a statement that failed while it ran' },
  },
  {
    name: 'sent-again-and-cancelled',
    without: 'what waits to be sent again can be cancelled',
    edits: [
      {
        file: connection,
        find: '    q.state = q.parameters = null\n',
        replace: '    q.parameters = null\n',
      },
    ],
    test: { file: retried, pattern: 'a statement that is cancelled before it could be sent again' },
  },
  {
    name: 'sent-again-and-prepared-anew',
    without: 'what is sent again is prepared anew',
    edits: [
      { file: connection, find: ' && !q.retried && q.signature in', replace: ' && q.signature in' },
    ],
    test: { file: retried, pattern: 'is stale on every connection' },
  },
  {
    name: 'sent-again-in-a-failed-transaction',
    without: 'what failed with its transaction is not sent again',
    edits: [{ file: connection, find: '? x[5] === 69 // E', replace: '? x[5] === 0 // E' }],
    test: { file: retried, pattern: 'a statement that failed with its transaction' },
  },
  {
    name: 'file-of-a-cancelled-query',
    without: 'a query of a file that was cancelled meanwhile takes no connection',
    edits: [
      {
        file: pool,
        find: '          query.cancelled || handler(query)\n',
        replace: '          handler(query)\n',
      },
    ],
    test: {
      file: 'test/driver/file.test.ts',
      pattern: 'a query of a file that is cancelled before it is read',
    },
  },
  {
    name: 'asked-while-the-server-goes',
    without: 'what a connection asks for itself ends no start and no stop',
    edits: [
      {
        file: connection,
        find: '    query.reject = err => socket && socket.destroy(err)\n',
        replace: '',
      },
    ],
    test: {
      file: 'test/pipeline/life/server-goes.test.ts',
      pattern: 'no start and no stop ends the process',
    },
  },
];
