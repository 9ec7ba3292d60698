/** Safeguards of what is learned from cards that were delivered. */
import type { Mutant } from './mutants.ts';

const learn = 'sql/functions/60_track/learn_deliveries.sql';
const windows = 'sql/functions/60_track/delivery_windows.sql';
const test = 'test/sql/track/delivery-times.test.ts';

export const deliveries: readonly Mutant[] = [
  {
    name: 'deliveries-of-fast-cards',
    without: 'a card teaches only when the slow ones of its day had their time',
    edits: [
      {
        file: learn,
        find: 'make_interval(days => 1 + postrider.usual_days(',
        replace: 'make_interval(days => least(1, ',
      },
      {
        file: learn,
        find: "        m.request ->> 'mailClass', m.request #>> '{to,address,country}')) as due_at",
        replace: '        0)) as due_at',
      },
    ],
    test: { file: test, pattern: 'the fast cards of a day' },
  },
  {
    name: 'deliveries-of-odd-cards',
    without: 'a card that was rerouted, mixed up or found late does not teach',
    edits: [
      { file: learn, find: 'where c.teaches\n      and e.status in', replace: 'where e.status in' },
    ],
    test: { file: test, pattern: 'never teach' },
  },
  {
    name: 'deliveries-in-the-future',
    without: 'a scan that was told before it happened does not teach',
    edits: [
      {
        file: learn,
        find: "      and e.occurred_at < e.received_at + interval '1 hour'\n",
        replace: '',
      },
    ],
    test: { file: test, pattern: 'never teach' },
  },
  {
    name: 'deliveries-counted-twice',
    without: 'a card that was silent and is delivered is not silent any more',
    edits: [
      {
        file: learn,
        find: 'cross join lateral (values (c.result, 1), (c.before, -1)) as d (result, pieces)',
        replace: 'cross join lateral (values (c.result, 1)) as d (result, pieces)',
      },
    ],
    test: { file: test, pattern: 'shares add up' },
  },
  {
    name: 'windows-of-few-cards',
    without: 'fewer than a hundred cards make no window',
    edits: [
      {
        file: windows,
        find: "when p_learned.pieces >= postrider.least_sample() then 'learned'",
        replace: "when p_learned.pieces > 0 then 'learned'",
      },
    ],
    test: { file: test, pattern: 'by rank' },
  },
];
