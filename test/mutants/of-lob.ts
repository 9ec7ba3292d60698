/** Safeguards of the adapter of Lob: what makes a card exist once, and never in the wrong mode. */
import type { Mutant } from './mutants.ts';

const orders = 'packages/adapters/src/kit/orders.ts';
const refusals = 'packages/adapters/src/kit/refusals.ts';
const findPieces = 'packages/adapters/src/kit/find-pieces.ts';
const callBacks = 'packages/adapters/src/kit/call-backs.ts';
const lobPrinter = 'packages/adapters/src/lob/printer.ts';
const ofSubmits = 'packages/adapters/src/lob/test/submit.test.ts';
const ofRefusals = 'packages/adapters/src/lob/test/refusals.test.ts';
const ofAnswers = 'packages/adapters/src/lob/test/malformed.test.ts';
const schedules = 'test/once/schedules.test.ts';

export const lobs: readonly Mutant[] = [
  {
    name: 'lob-metadata-compared',
    without: 'an answer of Lob is accepted only where its metadata name our mailpiece',
    edits: [
      { file: orders, find: 'if (mailpieceId === ours) return', replace: 'if (true) return' },
    ],
    test: { file: ofSubmits, pattern: 'an answer about another mailpiece is never accepted' },
  },
  {
    name: 'lob-listed-wholly',
    without: 'a list of Lob of which a part cannot be read is no list of all that it made',
    edits: [{ file: lobPrinter, find: 'read: readWholly', replace: 'read' }],
    test: { file: ofAnswers, pattern: 'by which a restore is concluded' },
  },
  {
    name: 'lob-return-address',
    without: 'a return address that Lob refuses is not taken for that of the person',
    edits: [
      {
        file: 'packages/adapters/src/lob/refusals.ts',
        find: 'if (to === from) return null;',
        replace: "if (to || from) return 'to';",
      },
    ],
    test: { file: ofRefusals, pattern: 'a general code is of the address that its words name' },
  },
  {
    name: 'lob-called-back-before',
    without:
      'a card that Lob says is not to be had back is looked at: it may have been called back',
    edits: [{ file: callBacks, find: 'look === undefined || ', replace: 'true || ' }],
    test: {
      file: 'packages/adapters/src/lob/test/call-backs.test.ts',
      pattern: 'is known as that where the answer was lost',
    },
  },
  {
    name: 'lob-keeps-keys-a-day',
    without: 'no key is sent again after the time in which Lob knows it',
    edits: [
      {
        file: 'packages/adapters/src/lob/options.ts',
        find: 'ms <= LOB_KEEPS_KEYS',
        replace: 'ms > 0',
      },
    ],
    test: { file: ofSubmits, pattern: 'never taken for known after the 24 hours' },
  },
  {
    name: 'lob-mode-compared',
    without: 'nothing is sent with a key, or by a connection, of the other mode',
    edits: [
      {
        file: orders,
        find: 'if (fault === null) return null;',
        replace: 'if (fault !== undefined) return null;',
      },
    ],
    test: { file: ofSubmits, pattern: 'nothing is sent with a key' },
  },
  {
    name: 'lob-looked-up-by-its-mode',
    without: 'a key of the other mode proves no card absent',
    edits: [
      {
        file: 'packages/adapters/src/kit/account.ts',
        find: 'if (fault !== null)',
        replace: 'if (fault !== null && false)',
      },
      {
        file: findPieces,
        find: 'if (fault !== null)',
        replace: 'if (fault !== null && false)',
      },
    ],
    test: { file: ofSubmits, pattern: 'a key of the other mode proves no card absent' },
  },
  {
    name: 'lob-refused-is-not-rejected',
    without: 'what Lob refuses for the sake of the account rejects no card',
    edits: [
      {
        file: refusals,
        find: 'if (ofAnyAccount.has(status) || (code !== null && faults.ofTheAccount(code)))',
        replace: 'if (false)',
      },
    ],
    test: { file: ofRefusals, pattern: 'each code of Lob means what follows from it' },
  },
  {
    name: 'lob-proxy-blames-no-artwork',
    without: 'a 413 that is not in the words of Lob blames no artwork',
    edits: [
      {
        file: refusals,
        find: "if (code === null) return { outcome: 'refused', reason: `http_${status}`, message };",
        replace:
          "if (code === null && status !== 413) return { outcome: 'refused' } as never;\n  " +
          "if (code === null) return { outcome: 'rejected', reason: '', message } as never;",
      },
    ],
    test: { file: ofRefusals, pattern: 'what refuses a card before Lob has seen it' },
  },
  {
    name: 'lob-filter-left-out',
    without: 'a list that was not filtered by our reference proves nothing',
    edits: [
      {
        file: findPieces,
        find: 'if (ours.length === 0 && looked.pieces.length > 0)',
        replace: 'if (false)',
      },
    ],
    test: { file: ofAnswers, pattern: 'has cards of others only' },
  },
  {
    name: 'lob-whole-list',
    without: 'a list of which a part is missing proves nothing',
    edits: [
      { file: findPieces, find: 'if (ours.length === 0 && !looked.whole)', replace: 'if (false)' },
    ],
    test: { file: ofAnswers, pattern: 'says that more follows' },
  },
  {
    name: 'lob-unknown-is-not-retried',
    without: 'a card whose answer was lost is looked for, and not sent as if nothing was made',
    edits: [
      {
        file: orders,
        find: "if (outcome.kind === 'unclear') return { outcome: 'unknown', message: outcome.message };",
        replace:
          "if (outcome.kind === 'unclear') return { outcome: 'retry', afterMs: 0, message: outcome.message };",
      },
    ],
    test: { file: schedules, pattern: 'everybody who is called sent' },
  },
];
