/** Safeguards of what a program hands over. */
import type { Mutant } from './mutants.ts';

const options = 'test/pipeline/life/options.test.ts';

export const handedOver: readonly Mutant[] = [
  {
    name: 'settings-read',
    without: 'the look at settings before a pipeline is made of them',
    edits: [
      {
        file: 'packages/core/src/runtime/check-options.ts',
        find: 'settings: settingsSchema.optional(),',
        replace: 'settings: z.any(),',
      },
    ],
    test: { file: options, pattern: 'settings that are out of bounds' },
  },
  {
    name: 'timers-that-end',
    without: 'the bound of a time that a timer can wait',
    edits: [
      {
        file: 'packages/core/src/runtime/settings.ts',
        find: 'const LONGEST_TIMER_MS = 2 ** 31 - 1;',
        replace: 'const LONGEST_TIMER_MS = Number.MAX_SAFE_INTEGER;',
      },
    ],
    test: { file: options, pattern: 'a time that a timer cannot wait' },
  },
  {
    name: 'options-named',
    without: 'the name of an option that is missing',
    edits: [
      {
        file: 'packages/core/src/runtime/check-options.ts',
        find: 'value === undefined ? `is missing: ${what}` : fault(value)',
        replace: 'value === undefined ? null : fault(value)',
      },
    ],
    test: { file: options, pattern: 'an option that is missing or none is named' },
  },
  {
    name: 'addresses-quoted',
    without: 'words of our own for an address that is none',
    edits: [
      {
        file: 'packages/core/src/machine/connect.ts',
        find: 'wrong = whatIsWrong(problem);',
        replace: 'wrong = `${whatIsWrong(problem)}: ${String(url)}`;',
      },
    ],
    test: { file: options, pattern: 'so is a port, and an address of a database' },
  },
  {
    name: 'ids-read',
    without: 'the look at ids before anything is sent',
    edits: [
      {
        file: 'packages/core/src/machine/calls.ts',
        find: `if (value === null || (typeof value === 'string' && UUID.test(value))) return value;`,
        replace: 'if (value !== undefined) return value;',
      },
    ],
    test: { file: options, pattern: 'an id that is none is refused' },
  },
  {
    name: 'blank-watermark-folder',
    without: 'the refusal of the working directory as the place of the restore watermark',
    edits: [
      {
        file: 'packages/core/src/runtime/restore-watermark-store.ts',
        find: "if (typeof path !== 'string' || path.trim() === '')",
        replace: 'if (path === undefined)',
      },
    ],
    test: { file: options, pattern: 'a blank path is refused' },
  },
  {
    name: 'blank-organization',
    without: 'the refusal of a blank name of an organization',
    edits: [
      {
        file: 'sql/functions/80_operate/organization.sql',
        find: "p_name is null or btrim(p_name) = '' or length(p_name) > 200",
        replace: "p_name is null or p_name = '' or length(p_name) > 200",
      },
    ],
    test: {
      file: 'test/sql/operate/unknown-names.test.ts',
      pattern: 'a blank is no name of an organization',
    },
  },
];
