/** Safeguards of what a printer refuses, and of what it tells beside its answer. */
import type { Mutant } from './mutants.ts';

const settleMail = 'sql/functions/50_mail/settle_mail.sql';
const reconcile = 'sql/functions/50_mail/reconcile.sql';
const holdPrinter = 'sql/functions/80_operate/hold_refusing_printer.sql';

const holdForArtwork = 'sql/functions/80_operate/hold_for_artwork.sql';
const artwork = 'test/sql/operate/hold-for-artwork.test.ts';
const keyLifetime = 'test/sql/mail/key-lifetime.test.ts';

const failing = 'test/sql/operate/failing-campaigns.test.ts';

export const refusals: readonly Mutant[] = [
  {
    name: 'refused-counts-no-attempt',
    without: 'a refusal of the printer: no attempt of its people counts',
    edits: [
      {
        file: settleMail,
        find: `attempt = case
          when d.verdict in ('held', 'connection_broken', 'artwork_gone') then s.attempt
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
        find: `or postrider.printer_was_released(
          p_organization_id, p_printer_name, v_connection_id, p_cohort_id)`,
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
        file: 'packages/core/src/stages/mail/batch-judge.ts',
        find: 'await this.#stopFor(fault, answered); return false;',
        replace: 'await this.#stopFor(fault, { ...answered, rest: [] }); return true;',
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
        find: 'and not m.answered_otherwise and not m.repeat_rejected',
        replace: 'and not m.repeat_rejected',
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
  {
    name: 'key-margin',
    without: 'a key counts as dead an hour before its end',
    edits: [
      {
        file: 'sql/functions/50_mail/key_lifetime.sql',
        find: "(p_lifetime_ms - least(3600000, p_lifetime_ms / 2)) * interval '1 millisecond'",
        replace: "p_lifetime_ms * interval '1 millisecond'",
      },
    ],
    test: { file: keyLifetime, pattern: 'exactly an hour before its end' },
  },
  {
    name: 'key-too-old-at-begin',
    without: 'who is to be sent again and waited longer than the key lives is not sent',
    edits: [
      {
        file: 'sql/functions/50_mail/begin_mail.sql',
        find: 'filter (where repeat_until is null or repeat_until > p_until)',
        replace: '',
      },
      {
        file: 'sql/functions/50_mail/begin_mail.sql',
        find: 'filter (where repeat_until <= p_until)',
        replace: 'filter (where false)',
      },
    ],
    test: { file: keyLifetime, pattern: 'waited longer than the key lives is not sent' },
  },
  {
    name: 'key-of-the-first-request',
    without: 'a proof about the repeat is none about the first request',
    edits: [
      {
        file: settleMail,
        find: 'outcome_detail = left(d.message, 500) from jsonb_to_recordset',
        replace:
          'outcome_detail = left(d.message, 500), repeat_until = null from jsonb_to_recordset',
      },
    ],
    test: { file: keyLifetime, pattern: 'a 429 of the repeat does not prove' },
  },
  {
    name: 'key-dies-at-the-adapter',
    without: 'a key that dies while its card waits at the adapter is not used',
    edits: [
      {
        file: 'packages/core/src/stages/mail/batch-guard.ts',
        find: 'assertKeysHonoured(pieces, performance.now() - begunAt);',
        replace: '',
      },
    ],
    test: {
      file: 'test/pipeline/mail/key-lifetime.test.ts',
      pattern: 'a key that dies while its card waits',
    },
  },
  {
    name: 'wrong-mode-holds',
    without: 'a printer that works in the wrong mode is held',
    edits: [
      {
        file: 'packages/core/src/stages/mail/refusals.ts',
        find: 'if (other !== -1) {',
        replace: 'if (other !== -1 && other === Infinity) {',
      },
    ],
    test: {
      file: 'test/pipeline/mail/told-details.test.ts',
      pattern: 'a printer that works in the wrong mode is held',
    },
  },
  {
    name: 'live-card-of-a-test',
    without: 'who has a live card of a test gets no second one when the campaign goes live',
    edits: [
      {
        file: 'sql/functions/80_operate/end_test.sql',
        find: "and (m.made_mode is distinct from 'live' or postrider.piece_is_closed(m.status))",
        replace: '',
      },
    ],
    test: { file: 'test/sql/mail/details.test.ts', pattern: 'gets no second one' },
  },
  {
    name: 'links-for-operators',
    without: 'links to a card at its printer are shown to operators only',
    edits: [
      {
        file: 'sql/views/trace_parts.sql',
        find: 'and postrider.may_read_suppressed()',
        replace: '',
      },
    ],
    test: { file: 'test/sql/mail/details.test.ts', pattern: 'links are shown to operators' },
  },
  {
    name: 'refusal-older-than-rotation',
    without: 'a refusal that is older than the new key holds nothing',
    edits: [{ file: holdPrinter, find: "in ('release', 'rotate')", replace: "= 'release'" }],
    test: {
      file: 'test/sql/operate/hold-refusing-connection.test.ts',
      pattern: 'older than the new key holds nothing',
    },
  },
  {
    name: 'artwork-in-a-row',
    without: 'artwork that is rejected holds the campaign only where nothing was accepted between',
    edits: [
      {
        file: holdForArtwork,
        find: 'and k.accepted_at >= m.artwork_rejected_at));',
        replace: 'and false));',
      },
    ],
    test: { file: artwork, pattern: 'a card that was accepted between' },
  },
  {
    name: 'artwork-older-than-repair',
    without: 'a rejection of artwork that is older than the repair holds nothing',
    edits: [
      {
        file: holdForArtwork,
        find: `or postrider.was_changed_since_begin(p_organization_id, p_campaign_id, p_cohort_id)`,
        replace: '',
      },
    ],
    test: { file: artwork, pattern: 'older than a changed campaign file' },
  },
  {
    name: 'artwork-made-anew',
    without: 'proofs of before the refusal are made anew',
    edits: [
      {
        file: 'sql/functions/50_mail/turn_away.sql',
        find: 'if v_campaign.artwork_rejected_at is not null then',
        replace: 'if false then',
      },
    ],
    test: { file: artwork, pattern: 'proofs that were made before are made anew' },
  },
  {
    name: 'failing-campaign-is-held',
    without: 'a campaign of which most cards fail at the printer is held',
    edits: [
      {
        file: 'sql/functions/80_operate/hold_failing_campaigns.sql',
        find: 'and f.failed >= 20',
        replace: 'and f.failed >= 2000000',
      },
    ],
    test: { file: failing, pattern: 'leave the campaign paused' },
  },
  {
    name: 'few-failures-hold-nothing',
    without: 'a campaign of which most cards are made is not held',
    edits: [
      {
        file: 'sql/functions/80_operate/hold_failing_campaigns.sql',
        find: 'and f.failed * 2 >= f.rejected + t.accepted',
        replace: '',
      },
    ],
    test: { file: failing, pattern: 'of 45 accepted cards' },
  },
  {
    name: 'release-ends-failures',
    without: 'what failed before a release does not hold the campaign again',
    edits: [
      {
        file: 'sql/functions/80_operate/hold_failing_campaigns.sql',
        find: `and i.action in ('apply', 'launch', 'release')`,
        replace: `and i.action in ('apply', 'launch')`,
      },
    ],
    test: { file: failing, pattern: 'a release lets the errors stand' },
  },
];
