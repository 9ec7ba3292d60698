/** Safeguards of twins: what they make once, what they keep, and what they never do. */
import type { Mutant } from './mutants.ts';

const lob = 'packages/twins/src/lob';
const ofKeys = `${lob}/test/keys.test.ts`;

export const twins: readonly Mutant[] = [
  {
    name: 'lob-keys-expire',
    without: 'the twin of Lob makes another piece with a key that is older than a day',
    edits: [
      {
        file: `${lob}/postcards.ts`,
        find: 'if (known === undefined || age >= settings.keyLifetimeHours * HOUR)',
        replace: 'if (known === undefined || age === Infinity)',
      },
    ],
    test: { file: ofKeys, pattern: 'for 24 hours, and then another' },
  },
  {
    name: 'lob-keys-claimed',
    without: 'two requests with one key that are under way together make one piece',
    edits: [
      {
        file: `${lob}/postcards.ts`,
        find: 'this.#underWay.set(name, made);',
        replace: '',
      },
    ],
    test: { file: ofKeys, pattern: 'under way is a conflict, or waits' },
  },
  {
    name: 'lob-modes-apart',
    without: 'a test key sees no live piece',
    edits: [
      {
        file: `${lob}/books.ts`,
        find: 'return piece?.mode === mode ? piece : undefined;',
        replace: 'return piece;',
      },
    ],
    test: { file: `${lob}/test/postcards.test.ts`, pattern: 'each mode has its own pieces' },
  },
  {
    name: 'lob-test-goes-nowhere',
    without: 'a test piece is never tracked',
    edits: [
      {
        file: `${lob}/journey.ts`,
        find: "if (piece.mode === 'test') return steps;",
        replace: '',
      },
    ],
    test: { file: `${lob}/test/webhooks.test.ts`, pattern: 'a test piece is rendered' },
  },
  {
    name: 'lob-cancel-window',
    without: 'a piece that was sent cannot be cancelled',
    edits: [
      {
        file: `${lob}/postcards.ts`,
        find: "if (sent || piece.status === 'failed')",
        replace: "if (piece.status === 'failed')",
      },
    ],
    test: { file: `${lob}/test/postcards.test.ts`, pattern: 'cancelled for nothing until' },
  },
  {
    name: 'lob-ledger-first',
    without: 'what was answered is on the disk',
    edits: [
      {
        file: `${lob}/twin.ts`,
        find: 'await ledger.append(whole);',
        replace: "if (whole.kind !== 'created') await ledger.append(whole);",
      },
    ],
    test: { file: `${lob}/test/process.long.test.ts`, pattern: 'kill -9 at any time' },
  },
  {
    name: 'windows-watched',
    without: 'the fullest window is looked for over any five seconds',
    edits: [
      {
        file: 'packages/twins/src/kit/windows.ts',
        find: 'this.#worst = Math.max(this.#worst, this.#recent.length - this.#first);',
        replace: 'this.#worst = this.#recent.length - this.#first;',
      },
    ],
    test: { file: `${lob}/test/limits.test.ts`, pattern: 'the worst window is the fullest' },
  },
];
