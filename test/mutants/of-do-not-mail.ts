/**
 * Safeguards of a list that says who is not to be mailed: no row, page or stage lets them through.
 */
import type { Mutant } from './mutants.ts';

const synced = 'test/sql/sync/do-not-mail.test.ts';
const rows = 'test/sql/sync/do-not-mail-rows.test.ts';
const read = 'packages/adapters/src/csv/test/do-not-mail.test.ts';
const marks = 'packages/adapters/src/csv/test/mail-marks.test.ts';
const headings = 'packages/adapters/src/kit/people/mail-columns.ts';

export const doNotMail: readonly Mutant[] = [
  {
    name: 'do-not-mail-in-a-name',
    without: '"Lee (deceased)" and a tag "dnm" keep their person out',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/row.ts',
        find: ', readMarks(plan, values)]',
        replace: ']',
      },
    ],
    test: { file: marks, pattern: 'a mark in a name or a street keeps its person out' },
  },
  {
    name: 'do-not-mail-by-its-date',
    without: 'the date of an opt-out keeps its person out',
    edits: [
      {
        file: headings,
        find: "return forbids(keyOf(name, since)) ? 'forbids' : null;",
        replace: 'return null;',
      },
    ],
    test: { file: read, pattern: 'is known by its heading, where yes forbids mail' },
  },
  {
    name: 'do-not-mail-of-another-row',
    without: 'of two rows of one person the one that forbids mail counts for both',
    edits: [
      {
        file: 'sql/functions/10_sync/check_eligibility.sql',
        find: 'postrider.said_of_another_row(coalesce(m.do_not_mail, f.do_not_mail))',
        replace: 'null',
      },
    ],
    test: { file: rows, pattern: 'with the same e-mail the second forbids mail, in one page' },
  },
  {
    name: 'do-not-mail-of-a-repeat',
    without: 'a row that comes again on a later page and forbids mail stops the person',
    edits: [
      {
        file: 'sql/functions/10_sync/recognise_members.sql',
        find: "filter (where p.member ->> 'do_not_mail' is not null),",
        replace: "filter (where p.member ->> 'do_not_mail' is not null and not p.repeated),",
      },
    ],
    test: { file: rows, pattern: 'with the same id the second forbids mail, in two pages' },
  },
  {
    name: 'do-not-mail-before-the-printer',
    without: 'who comes back from the printer is asked again whether the list forbids mail',
    edits: [
      {
        file: 'sql/functions/50_mail/turn_away.sql',
        find: 'where r.do_not_mail is not null',
        replace: 'where false',
      },
    ],
    test: { file: synced, pattern: 'who comes back from the printer is asked again' },
  },
  {
    name: 'do-not-mail-unclear',
    without: 'a cell that is neither yes nor no keeps the person out',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/do-not-mail.ts',
        find: `because.push(\`"\${column}" is not \${isConsent ? '"yes"' : '"no"'}\`);`,
        replace: '',
      },
    ],
    test: { file: read, pattern: 'keeps the person out where it says neither yes nor no' },
  },
  {
    name: 'do-not-mail-of-an-unusable-row',
    without: 'a row that forbids mail counts although something else of it cannot be used',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/row.ts',
        find: 'if (forbidden === false || !rules.needsExternalId) return',
        replace: 'if (forbidden !== null) return',
      },
    ],
    test: { file: read, pattern: 'counts in a row of which something else cannot be used' },
  },
];
