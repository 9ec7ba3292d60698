/** Safeguards of what people ask at night: what is left, when it is done, who is suppressed. */
import type { Mutant } from './mutants.ts';

const spending = 'test/sql/views/spending.test.ts';
const pace = 'test/sql/views/pace.test.ts';
const suppressions = 'test/sql/views/suppressions.test.ts';
const unknown = 'test/sql/views/unknown-people.test.ts';

export const night: readonly Mutant[] = [
  {
    name: 'spending-called-back',
    without: 'spending: a card that was called back, or failed, is not spent',
    edits: [
      {
        file: 'sql/views/spending.sql',
        find: `and m.status in ('rejected', 'cancelled', 'failed')`,
        replace: `and m.status = 'rejected'`,
      },
    ],
    test: { file: spending, pattern: 'called back' },
  },
  {
    name: 'spending-no-cap',
    without: 'spending: what has no cap is not used up',
    edits: [
      {
        file: 'sql/views/spending.sql',
        find: `case when c.total_cap < w.opened then 0 else c.total_cap - w.opened end`,
        replace: `greatest(0, c.total_cap - w.opened)`,
      },
    ],
    test: { file: spending, pattern: 'a campaign without a cap' },
  },
  {
    name: 'spending-another-day',
    without: 'spending: what was opened yesterday is not used of today',
    edits: [
      {
        file: 'sql/views/spending.sql',
        find: 'when n.day < d.day then 0',
        replace: 'when n.day < d.day then n.opened_on_day',
      },
    ],
    test: { file: spending, pattern: 'on the next day' },
  },
  {
    name: 'pace-of-answers',
    without: 'pace: only what the printer accepted counts, and once',
    edits: [
      {
        file: 'sql/functions/50_mail/settle_mail.sql',
        find: 'set accepted = least(people, accepted + v_moved + v_overtaken), accepted_at = v_now\n    where organization_id = p_organization_id and id = p_cohort_id and v_moved + v_overtaken > 0;',
        replace:
          'set accepted = accepted + jsonb_array_length(v_accepted), accepted_at = v_now\n    where organization_id = p_organization_id and id = p_cohort_id;',
      },
    ],
    test: { file: pace, pattern: 'are no pace' },
  },
  {
    name: 'pace-budget-ends',
    without: 'pace: a campaign whose budget ends before its people is not said to be done',
    edits: [
      {
        file: 'sql/views/pace.sql',
        find: 'when w.beyond_caps > 0\n',
        replace: 'when false\n',
      },
    ],
    test: { file: pace, pattern: 'ends before the people do' },
  },
  {
    name: 'pace-daily-cap',
    without: 'pace: the cap of a day is taken into account',
    edits: [
      {
        file: 'sql/views/pace.sql',
        find: 'when c.daily_cap is null or w.waiting <= t.today',
        replace: 'when true',
      },
    ],
    test: { file: pace, pattern: 'a cap of the day' },
  },
  {
    name: 'suppressed-possible',
    without: 'suppressed: who may live at an address of an opt-out is told',
    edits: [
      {
        file: 'sql/views/suppressions.sql',
        find: 'and s.neighbourhood = any (v_neighbourhoods)\n',
        replace: 'and false\n',
      },
    ],
    test: { file: suppressions, pattern: 'an opt-out by address' },
  },
  {
    name: 'suppressed-unread',
    without: 'suppressed: what cannot be read is no "no"',
    edits: [
      {
        file: 'sql/views/suppressions.sql',
        find: 'perform postrider.required_email_keys(v_who);',
        replace: 'null;',
      },
    ],
    test: { file: suppressions, pattern: 'what cannot be read is refused' },
  },
  {
    name: 'suppressions-in-clear',
    without: 'suppressions: readers see no value',
    edits: [
      {
        file: 'sql/views/suppressions.sql',
        find: 'case when (select postrider.may_read_suppressed()) then s.value end',
        replace: 's.value',
      },
    ],
    test: { file: suppressions, pattern: 'a reader sees the list by digest' },
  },
  {
    name: 'suppressed-elsewhere',
    without: 'suppressed: entries of other organizations are not told',
    edits: [
      {
        file: 'sql/views/suppressions.sql',
        find: 'where o.id = any (postrider.my_organizations())',
        replace: 'where true',
      },
    ],
    test: { file: suppressions, pattern: 'a reader sees the list by digest' },
  },
  {
    name: 'unknown-cut-off',
    without: 'why: of an id that no list had it is told which list was not read to its end',
    edits: [
      {
        file: 'sql/views/unknown_people.sql',
        find: 'where not x.complete',
        replace: 'where false',
      },
    ],
    test: { file: unknown, pattern: 'which was cut off' },
  },
];
