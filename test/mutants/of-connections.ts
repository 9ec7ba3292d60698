/** Mutants of the way to the database. */
import type { Mutant } from './mutants.ts';

const addresses = 'packages/core/test/database-address.test.ts';

export const connections: readonly Mutant[] = [
  {
    name: 'transaction-pooling-refused',
    without: 'a pooler in transaction mode is refused at the start',
    edits: [
      {
        file: 'packages/core/src/machine/session.ts',
        find: 'if (await withConnectionErrors(sql, sharesSessions(sql)))',
        replace:
          'if ((await withConnectionErrors(sql, sharesSessions(sql))) && limits.length === 0)',
      },
    ],
    test: {
      file: 'test/pipeline/life/pooler.test.ts',
      pattern: 'a pooler in transaction mode is refused',
    },
  },
  {
    name: 'mistyped-parameter-refused',
    without: 'a parameter that is nearly one of libpq’s is refused',
    edits: [
      {
        file: 'packages/core/src/machine/database-address/parameters.ts',
        find: 'if (near.length > 0)',
        replace: 'if (near.length > 9)',
      },
    ],
    test: { file: addresses, pattern: 'a parameter that is nearly one' },
  },
  {
    name: 'parameter-that-asks-for-tls',
    without: 'a parameter that may ask for TLS is not dropped',
    edits: [
      {
        file: 'packages/core/src/machine/database-address/parameters.ts',
        find: 'if (/ssl|tls|cert/i.test(name))',
        replace: 'if (name === "")',
      },
    ],
    test: {
      file: 'packages/core/test/address-copied.test.ts',
      pattern: 'may ask for TLS is not dropped',
    },
  },
  {
    name: 'psql-without-the-variables-of-others',
    without: 'psql is kept from the variables of libpq',
    edits: [
      {
        file: 'packages/core/src/machine/database-address/clients.ts',
        find: 'pair[1] !== undefined && !variablesOfLibpq.includes(pair[0])',
        replace: 'pair[1] !== undefined && variablesOfLibpq.length > 0',
      },
    ],
    test: {
      file: 'packages/core/test/database-address-surroundings.test.ts',
      pattern: 'says the address, and nothing of what was there before',
    },
  },
  {
    name: 'options-of-calls-known',
    without: 'an option that a call does not have is refused',
    edits: [
      {
        file: 'packages/core/src/common/invalid-options.ts',
        find: 'if (unknown.length === 0) return;',
        replace: 'if (unknown.length >= 0) return;',
      },
    ],
    test: {
      file: 'test/pipeline/life/options.test.ts',
      pattern: 'an option that a call does not have is refused by its name',
    },
  },
];
