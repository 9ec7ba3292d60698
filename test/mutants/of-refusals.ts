/** Safeguards of what a printer refuses, and of what it tells beside its answer. */
import type { Mutant } from './mutants.ts';

const settleMail = 'sql/functions/50_mail/settle_mail.sql';
const reconcile = 'sql/functions/50_mail/reconcile.sql';
const holdPrinter = 'sql/functions/80_operate/hold_refusing_printer.sql';

export const refusals: readonly Mutant[] = [
  {
    name: 'refused-counts-no-attempt',
    without: 'a refusal of the printer: no attempt of its people counts',
    edits: [
      {
        file: settleMail,
        find: `attempt = case d.verdict when 'held' then s.attempt
          else least(s.attempt + 1, 32000) end,`,
        replace: 'attempt = least(s.attempt + 1, 32000),',
      },
    ],
    test: {
      file: 'test/sql/operate/hold-refusing-printer.test.ts',
      pattern: 'goes back as held: the same piece and key',
    },
  },
  {
    name: 'refusal-older-than-release',
    without: 'a refusal that is older than the release holds nothing',
    edits: [
      {
        file: holdPrinter,
        find: 'or postrider.printer_was_released(p_organization_id, p_printer_name, p_cohort_id)',
        replace: '',
      },
    ],
    test: {
      file: 'test/sql/operate/hold-refusing-printer.test.ts',
      pattern: 'older than the release does not hold',
    },
  },
  {
    name: 'refused-rest-not-sent',
    without: 'a refusal of the printer: the rest of the cohort is not sent',
    edits: [
      {
        file: 'packages/core/src/stages/mail/mail.ts',
        find: `].map((refused) => ({ ...refused, afterMs })),
    );
    return;`,
        replace: `].filter((one) => batch.some((piece) => piece.mailpieceId === one.mailpieceId)),
    );
    continue;`,
      },
    ],
    test: {
      file: 'test/pipeline/mail/refused-account.test.ts',
      pattern: 'an account that is refused holds its printer once',
    },
  },
  {
    name: 'mismatched-key',
    without: 'a piece that was answered with another one is not sent again by its key',
    edits: [
      {
        file: reconcile,
        find: "and not m.answered_otherwise then 'same_key_again'",
        replace: "then 'same_key_again'",
      },
    ],
    test: { file: 'test/sql/mail/mismatched.test.ts', pattern: 'its key proves nothing' },
  },
  {
    name: 'mismatched-absent',
    without: 'of a piece that was answered with another one, "absent" is no proof',
    edits: [
      {
        file: reconcile,
        find: `when v.outcome = 'absent' and m.answered_otherwise then 'outcome_unknown'`,
        replace: '',
      },
    ],
    test: { file: 'test/sql/mail/mismatched.test.ts', pattern: 'is no proof' },
  },
  {
    name: 'shared-test-id',
    without: 'of a test card the id of the printer counts only where no other card has it',
    edits: [
      {
        file: 'sql/functions/50_mail/mailpieces.sql',
        find: 'select case when count(*) = 1 then (array_agg(x.id))[1] end',
        replace: 'select (array_agg(x.id))[1]',
      },
    ],
    test: {
      file: 'test/sql/mail/test-ids.test.ts',
      pattern: 'for nobody by an id that several have',
    },
  },
];
