/** Safeguards of caps and budgets. */
import type { Mutant } from './mutants.ts';

const begin = 'sql/functions/30_cohort/begin.sql';
const caps = 'sql/functions/50_mail/caps.sql';
const givenBack = 'test/sql/mail/given-back.test.ts';

export const capped: readonly Mutant[] = [
  {
    name: 'cap-locked',
    without: `the lock on a capped campaign's counter`,
    edits: [
      {
        file: begin,
        find: `and (
            c.daily_cap is not null or c.total_cap is not null or c.budget_minor is not null
          ))
          for no key update;`,
        replace: `and (
            c.daily_cap is not null or c.total_cap is not null or c.budget_minor is not null
          ));`,
      },
    ],
    test: {
      file: 'test/sql/mail/caps.test.ts',
      pattern: 'a begin that comes while another counts',
    },
  },
  {
    name: 'caps-count-the-past',
    without: 'what was opened before a cap was set counts against it',
    edits: [
      {
        file: 'sql/functions/80_operate/campaign.sql',
        find: 'perform postrider.count_opened(p_old.organization_id, p_old.id, p_old.price_minor);',
        replace: 'null;',
      },
    ],
    test: {
      file: 'test/sql/mail/caps-after-changes.test.ts',
      pattern: 'a cap that is set after mailing',
    },
  },
  {
    name: 'caps-get-back',
    without: 'a card that was not made is given back to the caps',
    edits: [
      {
        file: caps,
        find: 'perform postrider.recount(p_campaign, p_now, v_day, p_zone);',
        replace: '',
      },
    ],
    test: { file: givenBack, pattern: 'lets others go in place of cards that were not made' },
  },
  {
    name: 'caps-count-again',
    without: 'a card that exists all the same counts again',
    edits: [
      {
        file: caps,
        find: 'r.in_all), opened_on_day = case',
        replace: 'least(0, r.in_all)), opened_on_day = case',
      },
    ],
    test: { file: givenBack, pattern: 'a card that exists all the same counts again' },
  },
  {
    name: 'caps-wait-for-nobody',
    without: 'a begin of a capped campaign waits for nobody who works on a card that was not made',
    edits: [
      {
        file: caps,
        find: 'limit 10000 for no key update skip locked',
        replace: 'limit 10000 for no key update',
      },
    ],
    test: { file: givenBack, pattern: 'waited for by none' },
  },
  {
    name: 'budget-gets-its-price-back',
    without: 'a card is given back at the price with which it was counted',
    edits: [
      { file: caps, find: 'sum(cards * minor) as minor', replace: 'sum(0 * minor) as minor' },
    ],
    test: { file: givenBack, pattern: 'at the price with which it was counted' },
  },
];
