/** Safeguards of which address can be mailed, and who comes back with a corrected one. */
import type { Mutant } from './mutants.ts';

const bad = 'test/sql/sync/bad-address.test.ts';
const corrected = 'test/sql/sync/corrected-address.test.ts';
const listed = 'test/sql/sync/listed-addresses.test.ts';
const rule = 'sql/functions/00_common/postal_addresses.sql';
const changes = 'sql/functions/10_sync/apply_source_changes.sql';

const returned = 'test/sql/track/returned-address.test.ts';

export const addresses: readonly Mutant[] = [
  {
    name: 'zip-of-another-state',
    without: 'a ZIP that is not in the state is told at the sync',
    edits: [
      {
        file: rule,
        find: 'when r.code is not null and not f.digits like any (r.postal_codes)',
        replace: 'when false',
      },
    ],
    test: { file: bad, pattern: 'does not fit its ZIP' },
  },
  {
    name: 'no-such-state',
    without: 'a state that does not exist is told at the sync',
    edits: [
      {
        file: rule,
        find: 'when c.region_word is not null and f.region is not null and r.code is null',
        replace: 'when false',
      },
    ],
    test: { file: listed, pattern: 'c07-zip' },
  },
  {
    name: 'territories-at-home',
    without: 'a territory is a state of its country on a letter',
    edits: [
      {
        file: rule,
        find: 'coalesce(w.part_of, a.country) as country',
        replace: 'a.country as country',
      },
    ],
    test: { file: bad, pattern: 'PR is kept as' },
  },
  {
    name: 'bad-address-keeps-no-place',
    without: 'a person whose address cannot be mailed keeps nobody of the household out',
    edits: [
      {
        file: 'sql/functions/10_sync/check_eligibility.sql',
        find: 'then min(n) filter (where address_fault is null) over (partition by place_key)',
        replace: 'then min(n) over (partition by place_key)',
      },
    ],
    test: { file: bad, pattern: 'keeps nobody of the household out' },
  },
  {
    name: 'bad-address-revives',
    without: 'a corrected address brings the person back, also after the printer refused it',
    edits: [
      {
        file: changes,
        find: "p_reason in ('no_address', 'bad_address')",
        replace: "p_reason = 'no_address'",
      },
    ],
    test: { file: corrected, pattern: 'was rejected by the printer' },
  },
  {
    name: 'returned-address-at-sync',
    without: 'who has an address that mail came back from is mailed again at another one',
    edits: [
      {
        file: 'sql/functions/10_sync/check_eligibility.sql',
        find: 'case when not s.returned then s.reason end as suppression_reason',
        replace: 's.reason as suppression_reason',
      },
    ],
    test: { file: returned, pattern: 'nobody is mailed at an address' },
  },
  {
    name: 'returned-address-before-mail',
    without: 'nobody is sent to an address that mail came back from meanwhile',
    edits: [
      {
        file: 'sql/functions/50_mail/turn_away.sql',
        find: 'if v_returned is not null then',
        replace: 'if false then',
      },
    ],
    test: { file: returned, pattern: 'while a card waits for the printer' },
  },
  {
    name: 'opt-out-at-a-returned-address',
    without: 'an opt-out counts for more than mail that came back from the address',
    edits: [
      {
        file: 'sql/functions/80_operate/suppress.sql',
        find: 'returned = false,',
        replace: '',
      },
    ],
    test: { file: returned, pattern: 'who opts out at such an address' },
  },
  {
    name: 'the-state-alone-is-corrected',
    without: 'an address is judged again where only the state or the town was wrong',
    edits: [
      {
        file: changes,
        find: "or (b.reason = 'bad_address'",
        replace: 'or (false',
      },
    ],
    test: { file: corrected, pattern: 'state alone is corrected' },
  },
  {
    name: 'addresses-go-bad',
    without: 'who waits is skipped where the address goes bad at the source',
    edits: [{ file: changes, find: 'or k.address_fault is not null', replace: 'or false' }],
    test: { file: corrected, pattern: 'goes bad at the source' },
  },
  {
    name: 'longest-line',
    without: 'a line that is longer than the format prints is told at the sync',
    edits: [
      {
        file: rule,
        find: 'length(f.city)) > p_longest_line\n',
        replace: 'length(f.city)) < 0\n',
      },
    ],
    test: { file: bad, pattern: 'longer than the format prints' },
  },
];
