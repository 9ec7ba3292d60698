/** Safeguards of whom an opt-out by address reaches, and of a re-key. */
import type { Mutant } from './mutants.ts';

const reach = 'test/sql/operate/opt-out-reach.test.ts';
const rekey = 'sql/functions/80_operate/rekey.sql';
const rekeyed = 'test/sql/operate/rekey.test.ts';
const arms = 'test/sql/operate/rekeyed-arms.test.ts';

export const households: readonly Mutant[] = [
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
        find: "(k.numbered || 'A', k.numbered || '[', k.neighbourhood)",
        replace: "(k.numbered || '|', k.numbered || '|', k.neighbourhood)",
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
        find: "(k.numbered || ' ', k.numbered || '.', k.neighbourhood)",
        replace: "(k.numbered || '|', k.numbered || '|', k.neighbourhood)",
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
  {
    name: 'names-of-every-script',
    without: 'letters of every script tell people of one household apart',
    edits: [
      {
        file: 'sql/functions/00_common/person_keys.sql',
        find: 'postrider.fold_address(',
        replace: 'postrider.fold(',
      },
    ],
    test: { file: 'test/sql/sync/names-of-every-script.test.ts', pattern: '.' },
  },
];
