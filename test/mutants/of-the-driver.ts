/** Safeguards of the driver that is carried here, and of whoever meets its errors. */
import type { Mutant } from './mutants.ts';

const pool = 'node_modules/postgres/src/index.js';
const connection = 'node_modules/postgres/src/connection.js';
const query = 'node_modules/postgres/src/query.js';
const errors = 'packages/core/src/machine/errors.ts';
const driverErrors = 'packages/core/src/common/driver-errors.ts';

const lost = 'test/driver/lost-sessions.test.ts';
const reading = 'test/driver/reading.test.ts';
const ends = 'test/driver/ends.test.ts';
const copies = 'test/driver/other-copies.test.ts';
const answers = 'test/driver/answers.test.ts';
const retried = 'test/driver/retried.test.ts';
const standby = 'test/driver/standby.test.ts';

const staysLost = { file: lost, pattern: 'what was lost by terminate stays lost' };
const over = `      if (over)
        return c.refuse(q, over())`;

export const driver: readonly Mutant[] = [
  {
    name: 'session-of-a-transaction',
    without: 'a transaction whose session was lost takes nothing more',
    edits: [{ file: pool, find: over, replace: over.replace('(over)', '(over && reservation)') }],
    test: staysLost,
  },
  {
    name: 'session-of-a-savepoint',
    without: 'a savepoint belongs to the session of its transaction',
    edits: [
      {
        file: pool,
        find: '      finish,\n      release\n',
        replace: '      finish,\n      release,\n      c\n',
      },
      {
        file: pool,
        find: '        hold.handler(q)\n',
        replace: '        name ? hold.c.execute(q) : hold.handler(q)\n',
      },
    ],
    test: staysLost,
  },
  {
    name: 'session-of-a-reservation',
    without: 'a reserved connection whose session was lost takes nothing more',
    edits: [{ file: pool, find: over, replace: over.replace('(over)', '(over && !reservation)') }],
    test: staysLost,
  },
  {
    name: 'queued-in-a-lost-session',
    without: 'what is queued in a lost session is rejected',
    edits: [
      {
        file: pool,
        find: '      refuse(() => Errors.connection(error.code, options))\n',
        replace: '',
      },
    ],
    test: staysLost,
  },
  {
    name: 'lost-after-the-end',
    without: 'a transaction that has ended takes nothing more',
    edits: [{ file: pool, find: '      q === last && (over = ended)\n', replace: '' }],
    test: {
      file: ends,
      pattern: 'a statement that is asked of a transaction after its end is rejected',
    },
  },
  {
    name: 'released-once',
    without: 'a reserved connection is given back once',
    edits: [
      {
        file: pool,
        find: '    function release() {\n      if (over)\n        return\n',
        replace: '    function release() {\n',
      },
    ],
    test: { file: ends, pattern: 'a reserved connection is released once' },
  },
  {
    name: 'left-open',
    without: 'a transaction that is left open on a reserved connection is rolled back',
    edits: [
      { file: pool, find: '      if (state !== 73) {', replace: '      if (state === null) {' },
    ],
    test: { file: ends, pattern: 'a transaction that is left open on a reserved connection' },
  },
  {
    name: 'rolled-back-at-commit',
    without: 'a COMMIT that the server answers with ROLLBACK is no success',
    edits: [{ file: pool, find: "x.command === 'ROLLBACK'", replace: "x.command === ''" }],
    test: { file: ends, pattern: 'a transaction that the server rolled back at its COMMIT' },
  },
  {
    name: 'begin-at-the-limit',
    without: 'a BEGIN is held also where the connection takes no more for now',
    edits: [
      {
        file: connection,
        find: '    return q.options.onexecute\n',
        replace: '    return x && q.options.onexecute\n',
      },
    ],
    test: { file: ends, pattern: 'a transaction begins also where the connection takes no more' },
  },
  {
    name: 'begin-by-hand',
    without: 'a BEGIN by hand ends its session',
    edits: [
      { file: connection, find: '      return socket.destroy()\n', replace: '      return\n' },
    ],
    test: { file: ends, pattern: 'a BEGIN by hand leaves nobody' },
  },
  {
    name: 'fails-alone',
    without: 'a statement that cannot be written is not among those that were sent',
    edits: [
      {
        file: connection,
        find: '      query || (query = q, write(Sync))\n',
        replace: '      query ? sent.push(q) : (query = q, write(Sync))\n',
      },
    ],
    test: { file: ends, pattern: 'a statement that cannot be written fails alone' },
  },
  {
    name: 'last-words',
    without: 'the last error of a session is not the answer to the first query of the next',
    edits: [
      {
        file: connection,
        find: 'function forgetAnswers() {\nquery = results = errorResponse = null',
        replace: 'function forgetAnswers() {\nquery = results = null',
      },
    ],
    test: { file: reading, pattern: 'the last words of a session' },
  },
  {
    name: 'cursor-of-a-lost-session',
    without: 'a cursor goes on in its own session only',
    edits: [
      {
        file: connection,
        find: '      if (socket !== s || query !== q)\n',
        replace: '      if (!socket)\n',
      },
    ],
    test: { file: reading, pattern: 'a cursor whose callback is slow' },
  },
  {
    name: 'end-of-a-lost-cursor',
    without: 'a cursor that is lost between two reads has not come to its end',
    edits: [{ file: query, find: 'waits ? reject(x) : failed = x', replace: 'reject(x)' }],
    test: { file: reading, pattern: 'a cursor that is lost by terminate between two reads' },
  },
  {
    name: 'copy-of-its-own',
    without: 'a COPY writes nothing into the COPY of somebody else',
    edits: [
      {
        file: connection,
        find: '    const self = stream = new Stream.Writable({\n      autoDestroy: true,\n      write(chunk, encoding, callback) {\n        stream === self\n',
        replace:
          '    const self = stream = new Stream.Writable({\n      autoDestroy: true,\n      write(chunk, encoding, callback) {\n        self\n',
      },
      { file: connection, find: '    x && x.destroy(err)\n', replace: '' },
    ],
    test: { file: reading, pattern: 'a COPY that was lost by terminate' },
  },
  {
    name: 'drained',
    without: "a connection whose socket has sent all is still its holder's",
    edits: [
      {
        file: connection,
        find: "    x.on('close', closed)\n    return x\n",
        replace:
          "    x.on('close', closed)\n    x.on('drain', () => query || onopen(connection))\n    return x\n",
      },
    ],
    test: { file: reading, pattern: 'a COPY that is refused amid what is still to be written' },
  },
  {
    name: 'end-of-a-copy',
    without: 'whoever writes a COPY is told at its end that it failed',
    edits: [{ file: connection, find: '    final && (final(err), final = null)\n', replace: '' }],
    test: { file: reading, pattern: 'whoever writes a COPY is told at its end' },
  },
  {
    name: 'types-that-cannot-be-asked',
    without: 'a failure of what a connection asks for itself has a listener',
    edits: [
      {
        file: connection,
        find: '    query.reject = err => socket && socket.destroy(err)\n',
        replace: '',
      },
    ],
    test: {
      file: 'test/driver/connecting.test.ts',
      pattern: 'types or a role that cannot be asked',
    },
  },
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
    name: 'unlisten-after-a-loss',
    without: 'a listener keeps being itself in the next session',
    edits: [
      {
        file: pool,
        find: '          , listeners = channel ? channel.listeners.filter(x => x.listens) : []\n',
        replace:
          '          , listeners = channel ? (channel.listeners = channel.listeners.map(x => ({ ...x }))) : []\n',
      },
    ],
    test: { file: reading, pattern: 'listeners hear again, once, after a loss by terminate' },
  },
  {
    name: 'waits-for-a-reservation',
    without: 'who waits for a reserved connection gets the next one that is made',
    edits: [
      {
        file: connection,
        find: '        : first.reserve\n',
        replace: '        : first.reserve === null\n',
      },
    ],
    test: { file: lost, pattern: 'who waits for a reserved connection while all are lost' },
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
      file: 'test/pipeline/server-goes.test.ts',
      pattern: 'no start and no stop ends the process',
    },
  },
  {
    name: 'driver-of-the-queue',
    without: 'whoever brings another driver for the queue is warned as well',
    edits: [
      {
        file: 'packages/core/src/pipeline/context.ts',
        find: 'warnOfDriver([sql, queueSql], logger);',
        replace: 'warnOfDriver([sql], logger);',
      },
    ],
    test: { file: copies, pattern: 'whoever brings such a client is warned' },
  },
  {
    name: 'errors-by-code',
    without: "the server's errors are told by name and code, and not by a class",
    edits: [
      {
        file: driverErrors,
        find: "import { isNamed } from '../ports/common.ts';\n",
        replace:
          "import postgres from 'postgres';\nimport { isNamed } from '../ports/common.ts';\n",
      },
      {
        file: driverErrors,
        find: "(isNamed(error, 'PostgresError') || 'severity_local' in error)",
        replace: 'error instanceof postgres.PostgresError',
      },
    ],
    test: { file: copies, pattern: 'arrive as such by the client of another copy' },
  },
  {
    name: 'state-by-code',
    without: 'the SQLSTATE is read also of the client of another copy of the driver',
    edits: [
      {
        file: driverErrors,
        find: 'return isServerError(error) ? error.code',
        replace: 'return error instanceof Error && isServerError(error.cause) ? error.code',
      },
    ],
    test: { file: copies, pattern: 'by such a client a result that the database refuses' },
  },
  {
    name: 'ours-by-name',
    without: "another copy's errors of ours are ours",
    edits: [
      {
        file: errors,
        find: "isNamed<MachineError>(error, 'MachineError');",
        replace: 'error instanceof MachineError;',
      },
    ],
    test: { file: copies, pattern: "another copy's errors of ours" },
  },
  {
    name: 'webhook-of-a-lost-connection',
    without: 'a lost connection says nothing about a webhook',
    edits: [
      {
        file: 'packages/core/src/stages/track/inbox.ts',
        find: 'if (isLostSession(error)) throw error;',
        replace: '',
      },
    ],
    test: {
      file: 'test/pipeline/connections.test.ts',
      pattern: 'a connection that is lost while a printer is made',
    },
  },
  {
    name: 'listens-in-the-end',
    without: "the queue's listener goes on asking a server that was away",
    edits: [
      {
        file: 'packages/core/src/queues/database.ts',
        find: '        void askAgain();\n',
        replace: '',
      },
    ],
    test: { file: reading, pattern: "the queue's listener that was refused" },
  },
];
