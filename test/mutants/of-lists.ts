/** Safeguards of lists: every row is accounted for, and nobody leaves by a fault of the file. */
import type { Mutant } from './mutants.ts';

const whole = 'test/pipeline/sync/lists.test.ts';

export const lists: readonly Mutant[] = [
  {
    name: 'list-with-rows-lost',
    without: 'a list that shows that rows of it are lost says of nobody that they have left',
    edits: [
      {
        file: 'packages/core/src/stages/sync/sync.ts',
        find: 'incomplete === null && (limit === null || fetched < limit)',
        replace: 'limit === null || fetched < limit',
      },
    ],
    test: { file: whole, pattern: 'a quote has swallowed a row' },
  },
];
