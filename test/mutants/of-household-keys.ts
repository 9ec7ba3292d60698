/** Safeguards of who is one household: what the key of an address is made of. */
import type { Mutant } from './mutants.ts';

const keys = 'test/sql/common/household-key.test.ts';
const reach = 'test/sql/operate/opt-out-reach.test.ts';
const possible = 'test/sql/common/possible-households.test.ts';
const parts = 'sql/functions/00_common/address_parts.sql';
const elsewhere = 'sql/functions/00_common/address_elsewhere.sql';
const pairs = 'test/sql/common/household-pairs.test.ts';

export const householdKeys: readonly Mutant[] = [
  {
    name: 'reach-of-ranges',
    without: 'an opt-out of apartment 4 reaches "12-4 Elm St"',
    edits: [
      {
        file: 'sql/functions/00_common/household_key.sql',
        find: `'# ' || nullif(split_part(k[4], '-', 2), '')`,
        replace: `'TO ' || nullif(split_part(k[4], '-', 2), '')`,
      },
    ],
    test: { file: possible, pattern: 'within reach of an opt-out' },
  },
  {
    name: 'reach-of-one-word',
    without: 'an opt-out of "Peachtree St" reaches who is there in "Peach Tree St"',
    edits: [
      {
        file: 'sql/functions/80_operate/people_by_key.sql',
        find: "(k.numbered || '|', k.numbered || '}', k.neighbourhood)",
        replace: "(k.neighbourhood || '|', k.neighbourhood || '}', k.neighbourhood)",
      },
    ],
    test: { file: reach, pattern: 'by one of two addresses in one' },
  },
  {
    name: 'spelling-of-another-street',
    without: '"Neue Str." is certainly no "Neustr."',
    edits: [
      {
        file: elsewhere,
        find: 'spelling := nullif(spelling, street);',
        replace: 'spelling := null;',
      },
    ],
    test: { file: pairs, pattern: 'as near as it says' },
  },
  {
    name: 'two-houses-are-no-flat',
    without: '"Hauptstr. 5-7" is not flat 7 of house 5',
    edits: [
      {
        file: elsewhere,
        find: "if left(v_part, 1) = '-' and p_language <> all",
        replace: 'if false and p_language <> all',
      },
    ],
    test: { file: pairs, pattern: 'as near as it says' },
  },
  {
    name: 'line-of-the-street',
    without: 'a flat or a person may be written before the street',
    edits: [
      {
        file: elsewhere,
        find: 'if cardinality(v_found.starts) > 1 then',
        replace: 'if false then',
      },
    ],
    test: { file: pairs, pattern: 'as near as it says' },
  },
  {
    name: 'which-unit-has-which-word',
    without: '"Unit 1 Apt 2" is not "Unit 2 Apt 1"',
    edits: [
      {
        file: parts,
        find: "if units like '%#%#%' then",
        replace: 'if false then',
      },
    ],
    test: { file: pairs, pattern: 'as near as it says' },
  },
  {
    name: 'look-alike-letters',
    without: 'a Cyrillic letter in an English street makes no other household',
    edits: [
      {
        file: 'sql/functions/00_common/address_text.sql',
        find: 'if octet_length(v_text) > length(v_text) then',
        replace: 'if false then',
      },
    ],
    test: { file: keys, pattern: 'every pair of spellings.csv' },
  },
  {
    name: 'reach-behind-the-number',
    without: 'what stands behind the number of a house may be left out in any country',
    edits: [
      {
        file: elsewhere,
        find: 'others := postrider.read_others(',
        replace: 'street := street || postrider.read_others(',
      },
    ],
    test: { file: possible, pattern: 'what may be one household' },
  },
  {
    name: 'reach-not-too-far',
    without: 'an opt-out of one apartment leaves the next one alone',
    edits: [
      {
        file: 'sql/functions/00_common/possible_households.sql',
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
        file: 'sql/functions/00_common/address_units.sql',
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
  {
    name: 'punctuation-is-no-address',
    without: 'an address without letters and digits has no key',
    edits: [
      {
        file: 'sql/functions/00_common/household_key.sql',
        find: "if v_text !~ '[0-9A-Z]' and",
        replace: 'if false and',
      },
    ],
    test: { file: keys, pattern: 'an address without letters and digits' },
  },
];
