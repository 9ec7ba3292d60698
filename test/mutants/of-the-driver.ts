/** Safeguards of the driver that is carried here, and of the code that meets its errors. */
import type { Mutant } from './mutants.ts';

const pool = 'node_modules/postgres/src/index.js';
const connection = 'node_modules/postgres/src/connection.js';
const query = 'node_modules/postgres/src/query.js';
const errors = 'packages/core/src/machine/errors.ts';
const driverErrors = 'packages/core/src/common/driver-errors.ts';
const lost = 'test/driver/lost-sessions.test.ts';
const reading = 'test/driver/reading.test.ts';
const copyStreams = 'test/driver/copy-streams.test.ts';
const ends = 'test/driver/ends.test.ts';
const copies = 'test/driver/other-copies.test.ts';
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
    test: { file: copyStreams, pattern: 'a COPY that was lost by terminate' },
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
    test: { file: copyStreams, pattern: 'a COPY that is refused amid what is still to be written' },
  },
  {
    name: 'end-of-a-copy',
    without: 'the writer of a COPY is told at its end that it failed',
    edits: [{ file: connection, find: '    final && (final(err), final = null)\n', replace: '' }],
    test: { file: copyStreams, pattern: 'the writer of a COPY is told at its end' },
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
        file: 'packages/core/src/stages/track/inbox-printers.ts',
        find: 'if (isLostSession(error)) throw error;',
        replace: '',
      },
    ],
    test: {
      file: 'test/pipeline/life/connections.test.ts',
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
