/** Safeguards of who is one household, and whom an opt-out by address reaches. */
import type { Mutant } from './mutants.ts';

const keys = 'test/sql/common/household-key.test.ts';
const reach = 'test/sql/operate/opt-out-reach.test.ts';
const possible = 'test/sql/common/possible-households.test.ts';
const rekey = 'sql/functions/80_operate/rekey.sql';
const rekeyed = 'test/sql/operate/rekey.test.ts';
const arms = 'test/sql/operate/rekeyed-arms.test.ts';
const parts = 'sql/functions/00_common/address_parts.sql';
const elsewhere = 'sql/functions/00_common/address_elsewhere.sql';
const pairs = 'test/sql/common/household-pairs.test.ts';

export const households: readonly Mutant[] = [
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
        find: "and units ~ '#.*#'",
        replace: 'and false',
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
    name: 'reach-on-admission',
    without: 'an opt-out by address keeps out everybody who may live there',
    edits: [
      {
        file: 'sql/functions/00_common/person_keys.sql',
        find: 'where postrider.may_be_one_household(s.value, p_household_key)',
        replace: 'where s.value = p_household_key',
      },
    ],
    test: { file: reach, pattern: 'keeps out whom it reaches' },
  },
  {
    name: 'one-key-a-person',
    without: 'a page of a sync makes the key of a household once a person',
    edits: [
      {
        file: 'sql/functions/10_sync/recognise_members.sql',
        find: 'end offset 0) as h (household_key)',
        replace: 'end) as h (household_key)',
      },
    ],
    test: { file: 'test/sql/sync/page-cost.test.ts', pattern: 'once a person' },
  },
  {
    name: 'reach-at-once',
    without: 'an opt-out by address stops everybody who may live there',
    edits: [
      {
        file: 'sql/functions/80_operate/people_by_key.sql',
        find: 'and postrider.may_be_one_household(r.household_key, p_household_key)\n    union',
        replace: 'and r.household_key = p_household_key\n    union',
      },
    ],
    test: { file: reach, pattern: 'stops whom it reaches' },
  },
  {
    name: 'reach-of-a-letter',
    without: 'an opt-out of "12 Elm St" is looked for at "12A Elm St", too',
    edits: [
      {
        file: 'sql/functions/80_operate/people_by_key.sql',
        find: "(k.numbered || 'A', k.numbered || '[')",
        replace: "(k.neighbourhood || '|', k.neighbourhood || '|')",
      },
    ],
    test: { file: reach, pattern: 'stops whom it reaches' },
  },
  {
    name: 'reach-of-a-range',
    without: 'an opt-out of "12 Elm St" is looked for at "12-16 Elm St", too',
    edits: [
      {
        file: 'sql/functions/80_operate/people_by_key.sql',
        find: "(k.numbered || '-', k.numbered || '.')",
        replace: "(k.neighbourhood || '|', k.neighbourhood || '|')",
      },
    ],
    test: { file: reach, pattern: 'stops whom it reaches' },
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
    name: 'reach-before-mail',
    without: 'the last look before the printer finds whom an opt-out by address reaches',
    edits: [
      {
        file: 'sql/functions/50_mail/turn_away.sql',
        find: 'where postrider.may_be_one_household(x.value, r.household_key)',
        replace: 'where x.value = r.household_key',
      },
    ],
    test: { file: reach, pattern: 'found at the last moment' },
  },
  {
    name: 'reach-beside-a-box',
    without: 'an opt-out of "12 Elm St" is looked for beside boxes, too',
    edits: [
      {
        file: 'sql/functions/80_operate/people_by_key.sql',
        find: "and split_part(x.household_key, '|', 2) in ('US', 'CA', 'AU', 'NZ')",
        replace: 'and false',
      },
    ],
    test: { file: reach, pattern: 'one of two addresses in one' },
  },
  {
    name: 'reach-of-both-addresses',
    without: 'who has two addresses in one is looked for by each, when they come in',
    edits: [
      {
        file: 'sql/functions/00_common/person_keys.sql',
        find: 'from unnest(postrider.keys_within(p_household_key)) as k (key)',
        replace: 'from (select p_household_key) as k (key)',
      },
    ],
    test: { file: reach, pattern: 'one of two addresses in one' },
  },
  {
    name: 'opt-out-of-both-addresses',
    without: 'an opt-out by two addresses in one stands as each of them',
    edits: [
      {
        file: 'sql/functions/80_operate/suppress.sql',
        find: 'from unnest(postrider.other_addresses(p_household_key)) as l (line)) as o (address)',
        replace: 'from (select null::text) as l (line)) as o (address)',
      },
    ],
    test: { file: reach, pattern: 'one of two addresses in one' },
  },
  {
    name: 'reach-of-both-before-mail',
    without: 'who has two addresses in one is looked for by each, before the printer',
    edits: [
      {
        file: 'sql/functions/50_mail/turn_away.sql',
        find: 'from unnest(postrider.keys_within(r.household_key)) as w (key)',
        replace: 'from (select r.household_key) as w (key)',
      },
    ],
    test: { file: reach, pattern: 'one of two addresses in one' },
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
  {
    name: 'frozen-arm',
    without: 'the lot of a re-keyed household is the one that its older key drew',
    edits: [
      {
        file: rekey,
        find: 'lot_key = coalesce(r.lot_key, r.household_key)',
        replace: 'lot_key = null',
      },
    ],
    test: { file: arms, pattern: 'an arm is frozen' },
  },
  {
    name: 'own-arm-first',
    without: 'a person who is judged again has the lot that was drawn',
    edits: [
      {
        file: 'sql/functions/10_sync/eligibility.sql',
        find: 'bool_or(l.held_out) filter (where l.is_own),',
        replace: '',
      },
    ],
    test: { file: arms, pattern: 'keeps the arm when judged again' },
  },
  {
    name: 'reach-is-kept',
    without: 'a re-key gives those an entry of their own whom the rules part from an opt-out',
    edits: [
      {
        file: rekey,
        find: 'v_kept := postrider.keep_reach(p_organization_id, v_people, v_keys);',
        replace: 'v_kept := 0;',
      },
    ],
    test: { file: rekeyed, pattern: 'reaches whom it reached' },
  },
  {
    name: 'both-keys-meanwhile',
    without: 'an opt-out stands by its older key until everybody is re-keyed',
    edits: [
      {
        file: rekey,
        find: 'perform postrider.copy_suppressions(p_organization_id);',
        replace: `perform postrider.copy_suppressions(p_organization_id);
          perform postrider.drop_older_suppressions(p_organization_id);`,
      },
    ],
    test: { file: rekeyed, pattern: 'cut short' },
  },
  {
    name: 'no-sync-of-older-keys',
    without: 'a sync refuses an organization whose households have keys of other rules',
    edits: [
      {
        file: 'sql/functions/10_sync/sync_lock.sql',
        find: 'perform postrider.require_current_keys(p_organization_id);',
        replace: '',
      },
    ],
    test: { file: rekeyed, pattern: 'nobody is synced into households of older rules' },
  },
];
