/** Safeguards of who is one household, and whom an opt-out by address reaches. */
import type { Mutant } from './mutants.ts';

const keys = 'test/sql/common/household-key.test.ts';
const reach = 'test/sql/operate/opt-out-reach.test.ts';
const parts = 'sql/functions/00_common/address_parts.sql';

export const households: readonly Mutant[] = [
  {
    name: 'reach-on-admission',
    without: 'an opt-out by address keeps out everybody who may live there',
    edits: [
      {
        file: 'sql/functions/00_common/person_keys.sql',
        find: 'and postrider.may_be_one_household(s.value, p_household_key)',
        replace: 'and s.value = p_household_key',
      },
    ],
    test: { file: reach, pattern: 'keeps out whom it reaches' },
  },
  {
    name: 'reach-at-once',
    without: 'an opt-out by address stops everybody who may live there',
    edits: [
      {
        file: 'sql/functions/80_operate/suppress.sql',
        find: 'and postrider.may_be_one_household(r.household_key, p_household_key)',
        replace: 'and r.household_key = p_household_key',
      },
    ],
    test: { file: reach, pattern: 'stops whom it reaches' },
  },
  {
    name: 'reach-of-a-letter',
    without: 'an opt-out of "12 Elm St" is looked for at "12A Elm St", too',
    edits: [
      {
        file: 'sql/functions/80_operate/suppress.sql',
        find: "(k.numbered || 'A', k.numbered || '[')",
        replace: "(k.neighbourhood || '|', k.neighbourhood || '|')",
      },
    ],
    test: { file: reach, pattern: 'stops whom it reaches' },
  },
  {
    name: 'reach-before-mail',
    without: 'the last look before the printer finds whom an opt-out by address reaches',
    edits: [
      {
        file: 'sql/functions/50_mail/turn_away.sql',
        find: 'and postrider.may_be_one_household(x.value, r.household_key)',
        replace: 'and x.value = r.household_key',
      },
    ],
    test: { file: reach, pattern: 'found at the last moment' },
  },
  {
    name: 'reach-not-too-far',
    without: 'an opt-out of one apartment leaves the next one alone',
    edits: [
      {
        file: 'sql/functions/00_common/household_key.sql',
        find: 'and (a.units <@ b.units or a.units @> b.units)',
        replace: '',
      },
    ],
    test: { file: reach, pattern: 'stops whom it reaches' },
  },
  {
    name: 'unit-of-a-street-name',
    without: 'the street of "12 Front St" is no unit',
    edits: [
      {
        file: parts,
        find: 'and (cardinality(rest) = 0 or cardinality(rest) >= 2)',
        replace: '',
      },
    ],
    test: { file: keys, pattern: 'every pair of' },
  },
  {
    name: 'nothing-of-an-address-dropped',
    without: 'what else stands in the lines of an address counts',
    edits: [
      {
        file: parts,
        find: 'from unnest(v_found.others || v_found.lines) as l (line)',
        replace: "from unnest('{}'::text[]) as l (line)",
      },
    ],
    test: { file: keys, pattern: 'every pair of' },
  },
];
