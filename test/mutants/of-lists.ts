/** Safeguards of lists: every row is accounted for, and nobody leaves by a fault of the file. */
import type { Mutant } from './mutants.ts';

const machineWords = 'packages/adapters/src/csv/test/machine-words.test.ts';
const leftOver = 'packages/adapters/src/csv/test/left-over-columns.test.ts';
const cells = 'packages/adapters/src/csv/test/cells.test.ts';
const columns = 'packages/adapters/src/csv/test/address-columns.test.ts';
const whole = 'test/pipeline/sync/lists.test.ts';

export const lists: readonly Mutant[] = [
  {
    name: 'notes-by-column',
    without: 'notes of a later page are added to those of the column before',
    edits: [
      {
        file: 'sql/functions/10_sync/count_sync_page.sql',
        find: 'postrider.add_counts(noted_columns -> c.key, c.value)',
        replace: 'c.value',
      },
    ],
    test: { file: 'test/sql/sync/sync-report.test.ts', pattern: 'is counted by column as well' },
  },
  {
    name: 'opt-outs-in-their-encoding',
    without: 'a list of opt-outs is read in the encoding that is said',
    edits: [
      {
        file: 'packages/cli/src/operate/suppressions.ts',
        find: 'openSource(file, encoding)',
        replace: "openSource(file, 'utf-8')",
      },
    ],
    test: {
      file: 'packages/cli/test/suppress-encodings.test.ts',
      pattern: 'reads it in the encoding that is said',
    },
  },
  {
    name: 'list-with-rows-lost',
    without: 'a list that shows that rows of it are lost says of nobody that they have left',
    edits: [
      {
        file: 'packages/core/src/stages/sync/sync.ts',
        find: 'incomplete === null && (limit === null || fetched < limit)',
        replace: 'limit === null || fetched < limit',
      },
    ],
    test: { file: whole, pattern: 'a quote has swallowed a row' },
  },
  {
    name: 'id-of-another-person',
    without: 'a second row with the id of another person is told, and not taken for a repeat',
    edits: [
      {
        file: 'sql/functions/10_sync/recognise_members.sql',
        find: 'when not p_emails && p_other_emails and p_household <> p_other_household then true',
        replace:
          'when not p_emails && p_other_emails and p_household <> p_other_household then false',
      },
    ],
    test: { file: 'test/sql/sync/conflicting-ids.test.ts', pattern: 'is a conflict' },
  },
  {
    name: 'id-that-is-rounded',
    without: 'an id that a spreadsheet has rounded is nobody’s',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/long-numbers.ts',
        find: 'return scientific.test(value) && wholeNumber(value) === null;',
        replace: 'return false && scientific.test(value);',
      },
    ],
    test: { file: whole, pattern: 'a spreadsheet has rounded' },
  },
  {
    name: 'id-of-many-digits',
    without: 'ids of JSON beyond 2^53 keep their digits',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/ndjson-rows.ts',
        find: 'mayLoseDigits(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)',
        replace: 'mayLoseDigits(text) ? JSON.parse(text) : JSON.parse(text, keepDigits)',
      },
    ],
    test: { file: whole, pattern: 'beyond 2.53' },
  },
  {
    name: 'merge-data-left-out',
    without: 'a cell that is left out is not blank to a card: the card that needs it fails',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/cells.ts',
        find: 'left.add(index);',
        replace: '',
      },
    ],
    test: { file: cells, pattern: 'of merge data decide about nobody' },
  },
  {
    name: 'word-of-a-machine',
    without: 'a merge tag that was not filled in is printed on no card',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/cells.ts',
        find: 'machineFault(role, value, column) ?? ',
        replace: '',
      },
    ],
    test: { file: cells, pattern: 'are refused where nobody knows' },
  },
  {
    name: 'row-inside-a-row',
    without: 'rows that a quote has swallowed are found and told',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/csv-records.ts',
        find: 'inner === 0 ? [] :',
        replace: 'inner >= 0 ? [] :',
      },
    ],
    test: {
      file: 'packages/adapters/src/csv/test/mutated-lists.test.ts',
      pattern: 'every row of a list is accounted for',
    },
  },
  {
    name: 'half-of-another-address',
    without: 'of two addresses of a list nobody is guessed to live in the first',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/address-columns.ts',
        find: 'if (chosen === null && streets.size > 1)',
        replace: 'if (chosen === null && streets.size > 9)',
      },
    ],
    test: { file: columns, pattern: 'is one of two only' },
  },
  {
    name: 'address-part-left-out',
    without: 'no column that looks like part of the address is left out of it in silence',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/address-columns.ts',
        find: 'if (remark === null) refused.push(heading);',
        replace: 'if (remark === null) remarks.set(heading.index, heading.part);',
      },
    ],
    test: { file: columns, pattern: 'leaves out no column' },
  },
  {
    name: 'list-mostly-unusable',
    without: 'a list of which most rows cannot be used is refused when it is applied',
    edits: [
      {
        file: 'packages/cli/src/operate/list-sample.ts',
        find: 'if (rows === 0 || !isMost) return null;',
        replace: 'if (rows === 0 || isMost || !isMost) return null;',
      },
    ],
    test: { file: 'packages/cli/test/list-check.test.ts', pattern: 'where most of its rows' },
  },
  {
    name: 'house-number-of-an-opt-out',
    without: 'a house number in a column of its own belongs to the street of an opt-out',
    edits: [
      {
        file: 'packages/cli/src/operate/suppressions.ts',
        find: 'const lines = linesAsMeant(known, values, given);',
        replace:
          'void linesAsMeant; const lines: ReturnType<typeof linesAsMeant> = ' +
          '{ row: given, changes: [], problems: [] };',
      },
    ],
    test: {
      file: 'packages/cli/test/suppress-exports.test.ts',
      pattern: 'makes the lines of an address',
    },
  },
  {
    name: 'headings-of-other-languages',
    without: 'the headings of an Italian list are known',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/spellings.ts',
        find: 'indirizzo indirizzo1 viaenumerocivico',
        replace: 'viaenumerocivico',
      },
    ],
    test: {
      file: 'packages/adapters/src/csv/test/other-columns.test.ts',
      pattern: 'are recognised in Italian',
    },
  },
  {
    name: 'pieces-left-out',
    without: 'a column with the flat alone is not left out of the address',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/spellings.ts',
        find: 'lotnumber flat flatnumber flatno',
        replace: 'lotnumber flatnumber',
      },
    ],
    test: {
      file: 'packages/adapters/src/csv/test/other-columns.test.ts',
      pattern: 'what else is a piece of an address',
    },
  },
  {
    name: 'lists-in-json',
    without: 'an array of JSON is no text of a card',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/machine-words.ts',
        find: String.raw`|\[["{].*[\]}"]\]|\{".*\})$/s`,
        replace: ')$/s',
      },
    ],
    test: {
      file: 'packages/adapters/src/ndjson/test/ndjson-audience.test.ts',
      pattern: 'takes a street of several lines',
    },
  },
  {
    name: 'tag-by-its-field',
    without: 'a merge tag is known by its field, whatever the signs around it',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/merge-tags.ts',
        find: 'whole.test(value) || isField(value)',
        replace: 'whole.test(value)',
      },
    ],
    test: { file: machineWords, pattern: 'by the field between its signs' },
  },
  {
    name: 'somebody-elses-email',
    without: 'the e-mail of a sales rep is nobody’s whom the list is about',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/columns.ts',
        find: 'among.find((index) => isEmailOf(personsEmails, headings[index] ?? null))',
        replace: "among.find((index) => headings[index]?.part === 'email')",
      },
    ],
    test: { file: leftOver, pattern: 'of somebody else is nobody' },
  },
  {
    name: 'address-by-its-words',
    without: 'a heading of nothing but words of an address is refused',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/loose-headings.ts',
        find: "(looseHeadingOf(names[index] ?? '') ?? heading)",
        replace: 'heading',
      },
    ],
    test: { file: leftOver, pattern: 'nothing but words of an address' },
  },
  {
    name: 'row-known-by-its-address',
    without: 'in a list with e-mails a row without one is known by its address',
    edits: [
      {
        file: 'packages/cli/src/operate/suppressions.ts',
        find: "return spare.has('line1') && id === ''",
        replace: "return spare.has('line9' as never) && id === ''",
      },
    ],
    test: {
      file: 'packages/cli/test/suppress-exports.test.ts',
      pattern: 'takes an address only where there is nothing else',
    },
  },
];
