/** Safeguards of a launch: what would stop every card is seen before. */
import type { Mutant } from './mutants.ts';

const previewed = 'test/sql/operate/launch-preview.test.ts';
const refusedBySql = 'test/sql/operate/launch-refused.test.ts';
const launched = 'packages/cli/test/launch.test.ts';
const blockers = 'sql/functions/80_operate/launch_blockers.sql';

export const launches: readonly Mutant[] = [
  {
    name: 'launch-offer-over',
    without: 'an offer that is over before the first arrival is told before the launch',
    edits: [
      {
        file: blockers,
        find: '4, p_campaign.offer_ends_on < k.today + p_campaign.transit_days,',
        replace: '4, p_campaign.offer_ends_on < k.today,',
      },
    ],
    test: { file: previewed, pattern: 'an offer that is over before the first arrival' },
  },
  {
    name: 'launch-budget-spent',
    without: 'a budget that pays no card is told before the launch',
    edits: [{ file: blockers, find: '6, k.paid_by_budget = 0,', replace: '6, false,' }],
    test: { file: previewed, pattern: 'a budget below one card' },
  },
  {
    name: 'launch-refused-by-sql',
    without: 'a launch by the library or by a statement refuses what would stop every card',
    edits: [
      {
        file: 'sql/functions/80_operate/launch.sql',
        find: '    perform postrider.require_no_blocker(v_campaign);\n',
        replace: '',
      },
    ],
    test: { file: refusedBySql, pattern: 'a launch refuses what would stop every card' },
  },
  {
    name: 'launch-too-late',
    without: 'cards that would arrive after the end of the offer are counted apart',
    edits: [
      {
        file: 'sql/functions/80_operate/launch_figures.sql',
        find: 'least(a.people - a.too_late, a.by_total, a.by_budget, a.by_offer) as goes',
        replace: 'least(a.people, a.by_total, a.by_budget) as goes',
      },
    ],
    test: { file: previewed, pattern: 'the daily cap gives the days' },
  },
  {
    name: 'launch-refused-before-asked',
    without: 'the command refuses what would stop every card',
    edits: [
      {
        file: 'packages/cli/src/operate/launch.ts',
        find: '  refuse(refused, campaign.name);\n',
        replace: '',
      },
    ],
    test: { file: launched, pattern: 'refuses what would stop every card' },
  },
  {
    name: 'launch-unprintable',
    without: 'a template that spoils every card of the sheet is not launched',
    edits: [
      {
        file: 'packages/cli/src/operate/launch.ts',
        find: '  refuseUnprintable(sheet, campaign.name);\n',
        replace: '',
      },
    ],
    test: { file: launched, pattern: 'refuses a template that spoils every card' },
  },
  {
    name: 'launch-dry-run',
    without: 'a dry run launches nothing',
    edits: [
      {
        file: 'packages/cli/src/operate/launch.ts',
        find: '  if (options.dryRun) {\n',
        replace: '  if (options.dryRun && options.yes) {\n',
      },
    ],
    test: { file: launched, pattern: 'shows cards, money, caps' },
  },
  {
    name: 'launch-sheet-of-its-owner',
    without: 'the folder of a contact sheet is its owner’s alone',
    edits: [
      {
        file: 'packages/cli/src/operate/contact-sheet.ts',
        find: '  if (made) await chmod(folder, 0o700);',
        replace: '  if (made !== undefined) await chmod(folder, 0o755);',
      },
    ],
    test: { file: launched, pattern: 'shows front and back of the right people' },
  },
];
