/** Safeguards of which addresses are a person's, and what is told of those that are none. */
import type { Mutant } from './mutants.ts';

const cells = {
  file: 'test/sql/common/emails.test.ts',
  pattern: 'every address in an e-mail cell',
};
const others = 'test/sql/sync/other-emails.test.ts';

export const emails: readonly Mutant[] = [
  {
    name: 'other-emails-before-mail',
    without: 'the last look before the printer knows all addresses of a person',
    edits: [
      {
        file: 'sql/functions/50_mail/turn_away.sql',
        find: 'from postrider.recipient_other_email o',
        replace: 'from (select * from postrider.recipient_other_email limit 0) o',
      },
    ],
    test: { file: others, pattern: 'the last look before the printer' },
  },
  {
    name: 'other-emails-at-once',
    without: 'an opt-out stops who is known by a further address',
    edits: [
      {
        file: 'sql/functions/80_operate/people_by_key.sql',
        find: 'from postrider.recipient_other_email o\n    join',
        replace: 'from (select * from postrider.recipient_other_email limit 0) o\n    join',
      },
    ],
    test: { file: others, pattern: 'every entry of a text is lifted' },
  },
  {
    name: 'other-emails-followed',
    without: 'a further address that comes later makes the rules of admission asked again',
    edits: [
      {
        file: 'sql/functions/10_sync/apply_source_changes.sql',
        find: '(b.email_key, b.other_emails, b.household_key)\n          is distinct from (r.email_key, r.other_emails, r.household_key)',
        replace:
          '(b.email_key, b.household_key)\n          is distinct from (r.email_key, r.household_key)',
      },
    ],
    test: { file: others, pattern: 'comes later and has opted out' },
  },
  {
    name: 'emails-of-repeats-judged',
    without: 'the e-mail of a further row with the same id is asked about at the admission',
    edits: [
      {
        file: 'sql/functions/10_sync/recognise_members.sql',
        find: 'p.email_keys || o.email_keys',
        replace: 'p.email_keys',
      },
    ],
    test: { file: others, pattern: 'further row with the person' },
  },
  {
    name: 'emails-of-repeats-kept',
    without: 'the e-mail of a further row stays when the first row is read again',
    edits: [
      {
        file: 'sql/functions/10_sync/apply_sync_page.sql',
        find: 'if v_repeats is not null then',
        replace: 'if false then',
      },
    ],
    test: { file: others, pattern: 'further row with the person' },
  },
  {
    name: 'further-emails-of-opt-outs',
    without: 'of an opt-out list each e-mail column of a person counts',
    edits: [
      {
        file: 'packages/cli/src/operate/suppressions.ts',
        find: "[given['email'] ?? '', ...further.addresses]",
        replace: "[given['email'] ?? '']",
      },
    ],
    test: {
      file: 'packages/cli/test/suppress-exports.test.ts',
      pattern: 'unless it is told which rows are meant',
    },
  },
  {
    name: 'other-emails-erased',
    without: 'an erased person is known by the digest of each address',
    edits: [
      {
        file: 'sql/functions/80_operate/erase.sql',
        find: "select 'email', email_key\n    from postrider.recipient_other_email\n    where organization_id",
        replace:
          "select 'email', email_key\n    from postrider.recipient_other_email\n    where false and organization_id",
      },
    ],
    test: { file: others, pattern: 'an erased person is forgotten' },
  },
  {
    name: 'unread-email-refused',
    without: 'an entry of which something cannot be read is refused',
    edits: [
      {
        file: 'sql/functions/80_operate/suppress_refused.sql',
        find: 'if v_unread is not null then',
        replace: 'if cardinality(v_email_keys) = 0 and v_unread is not null then',
      },
    ],
    test: { file: others, pattern: 'an entry of which something cannot be read' },
  },
  {
    name: 'unseen-letters-in-an-email',
    without: 'letters that nobody sees make no other address',
    edits: [
      {
        file: 'sql/functions/00_common/emails.sql',
        find: '\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f',
        replace: '\\u202a-\\u202e\\u2060-\\u206f',
      },
    ],
    test: cells,
  },
  {
    name: 'unread-email-told',
    without: 'a row is told of whose e-mail was left out',
    edits: [
      {
        file: 'packages/adapters/src/kit/people/row.ts',
        find: 'if (unreadNote !== null) notes.push(unreadNote);',
        replace: '',
      },
    ],
    test: {
      file: 'packages/adapters/src/csv/test/csv-rows.test.ts',
      pattern: 'takes every address of an e-mail cell',
    },
  },
  {
    name: 'subscribers-refused',
    without: 'an export of subscribers is not taken for a list of opt-outs',
    edits: [
      {
        file: 'packages/cli/src/operate/suppressions.ts',
        find: 'if (contrary !== undefined && only === null && !everyRow)',
        replace: 'if (contrary !== undefined && only === null && everyRow)',
      },
    ],
    test: {
      file: 'packages/cli/test/suppress-exports.test.ts',
      pattern: 'refuses an export of subscribers',
    },
  },
  {
    name: 'copies-of-mailto',
    without: 'whom mailto: names beside its address has opted out, too',
    edits: [
      {
        file: 'sql/functions/00_common/emails.sql',
        find: "'[?&](?:to|cc|bcc)=(?=[^ ?&=@]+@)', ' '",
        replace: "'[?&](?:to)=(?=[^ ?&=@]+@)', ' '",
      },
    ],
    test: cells,
  },
  {
    name: 'local-part-in-quotes',
    without: 'a local part in quotes is the address',
    edits: [
      {
        file: 'packages/core/src/ports/emails.ts',
        find: "\"(?= ?@)/gu, '$1')",
        replace: "\"(?= ?@@)/gu, '$1')",
      },
    ],
    test: cells,
  },
  {
    name: 'escapes-around-an-email',
    without: 'what JSON and SQL write for a line break is no letter of the next address',
    edits: [
      {
        file: 'sql/functions/00_common/emails.sql',
        find: '|\\\\[nr]|',
        replace: '|',
      },
    ],
    test: cells,
  },
];
