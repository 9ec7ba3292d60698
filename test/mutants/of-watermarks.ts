/** Safeguards of what runners remember outside of the database, by which a restore is noticed. */
import type { Mutant } from './mutants.ts';

export const watermarks: readonly Mutant[] = [
  {
    name: 'begun-at-once',
    without:
      'a begin takes the place of what was remembered when it was asked for, ' +
      'and not of what was begun beside it',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-watermark.ts',
        find: 'keysOf(asked?.restores === restores ? asked : undefined)',
        replace:
          'keysOf(begun === undefined || asked === undefined ? undefined : this.#marks[installation])',
      },
    ],
    test: {
      file: 'test/pipeline/house/watermark-store.test.ts',
      pattern: 'a begin takes the place of all',
    },
  },
  {
    name: 'inherited-is-written',
    without: 'what ended runners knew is written again by a runner that starts',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-watermark.ts',
        find: 'this.#inherited = await this.#patiently(this.#read(this.#store));',
        replace: 'this.#shared = await this.#patiently(this.#read(this.#store));',
      },
    ],
    test: {
      file: 'test/pipeline/house/watermark-folder.test.ts',
      pattern: 'what a runner knew that has ended',
    },
  },
  {
    name: 'taken-as-it-was-read',
    without: 'an old file is removed only where it is what was read',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-watermark-store.ts',
        find: "(await readFile(taken, 'utf8')) === read?.get(name)",
        replace: 'read?.has(name)',
      },
    ],
    test: {
      file: 'test/pipeline/house/watermark-folder.test.ts',
      pattern: 'a file that its runner has written anew',
    },
  },
  {
    name: 'removed-as-read-itself',
    without:
      'an old file is removed only by who has read it as it is, ' +
      'not by another pipeline of the same store',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-watermark-store.ts',
        find: 'if (!begun.has(runnerId)) found.set(runnerId, texts);',
        replace: 'for (const by of [runnerId, ...found.keys()]) found.set(by, texts);',
      },
    ],
    test: {
      file: 'test/pipeline/house/watermark-folder.test.ts',
      pattern: 'two pipelines with one store',
    },
  },
  {
    name: 'draft-is-never-read',
    without: 'a draft that a killed runner left is removed under its own name',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-watermark-store.ts',
        find: "if (name.endsWith('.draft')) await rm(file);",
        replace: "if (name === '') await rm(file);",
      },
    ],
    test: {
      file: 'test/pipeline/house/watermark-folder.test.ts',
      pattern: 'a draft that was left',
    },
  },
  {
    name: 'another-database-meanwhile',
    without: 'what a runner knew of a database stays known while another one is at its address',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-watermark.ts',
        find: 'this.#observed.installation !== installation) this.#inherited = this.#own();',
        replace: 'this.#observed.installation !== installation) this.#combine();',
      },
    ],
    test: {
      file: 'test/pipeline/house/watermark-folder.test.ts',
      pattern: 'stays known while another one',
    },
  },
  {
    name: 'deaf-posts-nothing',
    without: 'nothing is posted while it cannot be read what others remember',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-watermark.ts',
        find: 'if (this.#refreshError !== null) throw this.#refreshError;',
        replace: 'if (this.#refreshError !== null) await Promise.resolve();',
      },
    ],
    test: {
      file: 'test/pipeline/house/restore-watermark.test.ts',
      pattern: 'cannot be read any more',
    },
  },
  {
    name: 'heard-by-itself',
    without: 'others are heard also while the database lets a runner wait',
    edits: [
      {
        file: 'packages/core/src/scheduling/reaper.ts',
        find: '[reap, refresh].map((work) => setInterval(() => void work()',
        replace: '[reap].map((work) => setInterval(() => void work()',
      },
    ],
    test: { file: 'test/pipeline/house/restore-watermark.test.ts', pattern: 'heard also while' },
  },
  {
    name: 'others-that-ended',
    without: 'the last begins of others are remembered also when nobody is at work any more',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-marks.ts',
        find: 'return news.length > 0 ? others : before;',
        replace: 'return news.length >= 0 ? others : before;',
      },
    ],
    test: { file: 'test/pipeline/house/watermark-store.test.ts', pattern: 'who begins nothing' },
  },
  {
    name: 'noticed-in-the-same-words',
    without: 'each restore ends what was begun before it',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-watermark.ts',
        find: 'noticed === null ? null : `${restores} ${noticed}`;',
        replace: 'noticed === null ? null : `${noticed}`;',
      },
    ],
    test: { file: 'test/pipeline/house/watermark-store.test.ts', pattern: 'each restore ends' },
  },
  {
    name: 'remembered-before-posted',
    without: 'a begin is kept outside of the database before its first card is posted',
    edits: [
      {
        file: 'packages/core/src/stages/mail/mail.ts',
        find: 'await context.watermark.saved();',
        replace: 'await Promise.resolve();',
      },
    ],
    test: {
      file: 'test/pipeline/house/restore-watermark.test.ts',
      pattern: 'where it cannot be written any more',
    },
  },
  {
    name: 'superseded-is-not-believed',
    without: 'the word of a server that another has taken over from is not remembered',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-watermark.ts',
        find: 'if (superseded) return;',
        replace: 'if (installation === "") return;',
      },
    ],
    test: {
      file: 'test/pipeline/house/watermark-folder.test.ts',
      pattern: 'the word of a server that another has taken over',
    },
  },
];
