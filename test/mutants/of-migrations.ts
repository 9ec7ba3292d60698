/** Safeguards of the look at a database before it is worked on, or migrated. */
import type { Mutant } from './mutants.ts';

const unmigrated = 'test/pipeline/life/unmigrated.test.ts';
const refused = 'test/sql/schema/migrate-refused.test.ts';

export const migrations: readonly Mutant[] = [
  {
    name: 'start-asks-the-version',
    without: 'the question of a start whether the database is on this version',
    edits: [
      {
        file: 'packages/core/src/scheduling/running.ts',
        find: 'await this.#context.requireMigrated();',
        replace: '',
      },
    ],
    test: { file: unmigrated, pattern: 'so it is on one of a newer or another version' },
  },
  {
    name: 'work-asks-the-version',
    without: 'the same question of a sync or a look-up that is asked for',
    edits: [
      {
        file: 'packages/core/src/pipeline.ts',
        find: 'const answer = this.#context.requireMigrated().then(work);',
        replace: 'const answer = work();',
      },
    ],
    test: { file: unmigrated, pattern: 'so it is on a database that was made before' },
  },
  {
    name: 'queues-are-there',
    without: 'the look whether each queue is there',
    edits: [
      {
        file: 'packages/core/src/machine/migration-plan.ts',
        find: 'queue: known?.all === true',
        replace: 'queue: true',
      },
    ],
    test: { file: unmigrated, pattern: 'so it is on one of a newer or another version' },
  },
  {
    name: 'queues-by-hand',
    without: 'the queues in the script for psql',
    edits: [
      {
        file: 'packages/core/src/machine/migrate.ts',
        find: '...Object.entries(queues).map(',
        replace: '...Object.entries({}).map(',
      },
    ],
    test: {
      file: 'test/sql/schema/schema.test.ts',
      pattern: 'the SQL of a dry run, given to psql, ends where migrate does',
      isLong: true,
    },
  },
  {
    name: 'made-by-hand',
    without: 'the refusal of tables of which nothing notes how they were made',
    edits: [
      {
        file: 'packages/core/src/machine/migration-plan.ts',
        find: 'if (names.length === 0 && there.tables.length > 0)',
        replace: 'if (names.length < 0)',
      },
    ],
    test: { file: refused, pattern: "a schema of that name that is somebody else's is refused" },
  },
];
