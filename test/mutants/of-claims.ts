/** Safeguards of claim packs: nothing of other people leaves, and no secret. */
import type { Mutant } from './mutants.ts';

const own = 'packages/core/src/claims/keep-own.ts';
const ownTest = 'packages/core/test/claim-own.test.ts';
const piece = 'sql/functions/80_operate/claim_piece.sql';
const claims = 'sql/functions/80_operate/claims.sql';

export const claimPacks: readonly Mutant[] = [
  {
    name: 'claim-of-others-in-lists',
    without: 'of a list only the elements that name the card are kept',
    edits: [
      {
        file: own,
        find: 'if (some) return mentions(one, card);',
        replace: 'if (some) return true;',
      },
    ],
    test: { file: ownTest, pattern: 'of a list, a map or a batch' },
  },
  {
    name: 'claim-of-calls-of-others',
    without: 'a pack has the calls of its printer alone, and not what other providers were told',
    edits: [{ file: piece, find: 'and k.who = m.printer_name', replace: '' }],
    test: {
      file: 'test/sql/operate/claims.test.ts',
      pattern: 'an operator gets the cards of their own organization',
    },
  },
  {
    name: 'claim-of-another-card',
    without: 'an answer about another card is withheld',
    edits: [
      {
        file: own,
        find: "if (known === 'unknown' && !mentions(value, card) && isPersonal(value)) return WITHHELD;",
        replace: '',
      },
    ],
    test: { file: ownTest, pattern: 'is no answer about this one' },
  },
  {
    name: 'claim-of-signed-links',
    without: 'what stands behind the question mark of an address is taken out',
    edits: [
      {
        file: 'packages/core/src/claims/without-secrets.ts',
        find: '    .replace(ADDRESS_WITH_QUERY, `$1?${REMOVED}`)\n',
        replace: '',
      },
    ],
    test: { file: ownTest, pattern: 'signed links' },
  },
  {
    name: 'claim-of-tests',
    without: 'a claim is about live cards',
    edits: [
      {
        file: claims,
        find: "      and m.id = named.id\n      and m.mode = 'live'\n",
        replace: '      and m.id = named.id\n',
      },
    ],
    test: { file: 'test/sql/operate/claims.test.ts', pattern: 'are no matter of a claim' },
  },
  {
    name: 'claim-of-other-organizations',
    without: 'calls of another organization that name the card are left out',
    edits: [
      {
        file: piece,
        find: 'where k.organization_id = m.organization_id\n',
        replace: 'where true\n',
      },
    ],
    test: { file: 'test/sql/operate/claims.test.ts', pattern: 'of their own organization' },
  },
];
