/** Safeguards of the hold-back window, and of cards that are called back. */
import type { Mutant } from './mutants.ts';

const cancelPeople = 'sql/functions/80_operate/cancel_people.sql';
const cancelPeopleTest = 'test/sql/operate/cancel-people.test.ts';
const holdBack = 'test/sql/mail/hold-back.test.ts';

export const callBacks: readonly Mutant[] = [
  {
    name: 'hold-back-of-proofs',
    without: 'who is proofed after the launch is held back',
    edits: [
      {
        file: 'sql/functions/40_proof/settle_proof.sql',
        find: "when r.outcome = 'rendered' then p_now + p_held_back",
        replace: '',
      },
    ],
    test: { file: holdBack, pattern: 'who is proofed goes to the printer half an hour later' },
  },
  {
    name: 'hold-back-of-launches',
    without: 'who was proofed before the launch is held back from the launch on',
    edits: [
      {
        file: 'sql/functions/80_operate/launch.sql',
        find: 'perform postrider.hold_back(p_organization_id, p_campaign_id, v_campaign.hold_back_minutes);',
        replace: '',
      },
      {
        file: 'sql/functions/50_mail/turn_away.sql',
        find: 'perform postrider.put_off_held_back(v_campaign, p_cohort_id, p_now);',
        replace: 'null;',
      },
    ],
    test: { file: holdBack, pattern: 'who was proofed before the launch' },
  },
  {
    name: 'hold-back-beside-launch',
    without: 'who was proofed while the campaign was launched is held back at the begin',
    edits: [
      {
        file: 'sql/functions/50_mail/turn_away.sql',
        find: 'perform postrider.put_off_held_back(v_campaign, p_cohort_id, p_now);',
        replace: 'null;',
      },
    ],
    test: { file: holdBack, pattern: 'while the campaign was launched' },
  },
  {
    name: 'cancel-by-filter-in-doubt',
    without: 'whose card may exist is not cancelled as if it cost nothing',
    edits: [
      {
        file: cancelPeople,
        find: "when postrider.is_before_printer(p_state.state) and p_in_doubt then 'unresolved'",
        replace: '',
      },
    ],
    test: { file: cancelPeopleTest, pattern: 'may have a card' },
  },
  {
    name: 'call-back-margin',
    without: 'a printer is asked for a while after the time that it told',
    edits: [
      { file: cancelPeople, find: "return interval '1 hour';", replace: "return interval '0';" },
    ],
    test: { file: cancelPeopleTest, pattern: 'within a margin' },
  },
  {
    name: 'call-back-too-late',
    without: 'long after the time that it told a printer is not asked any more',
    edits: [
      {
        file: 'sql/functions/50_mail/call_back.sql',
        find: 'perform postrider.end_late_call_backs(p_organization_id);',
        replace: '',
      },
    ],
    test: { file: cancelPeopleTest, pattern: 'within a margin' },
  },
  {
    name: 'shortened-names-shown',
    without: 'a name that is too long is shortened as the preview of a launch shows it',
    edits: [
      {
        file: 'sql/functions/50_mail/begin_mail.sql',
        find: 'postrider.name_on_card(r.first_name, r.last_name, c.longest_name)',
        replace: 'postrider.name_on_card(r.first_name, r.last_name, null)',
      },
    ],
    test: {
      file: 'test/sql/mail/names-on-cards.test.ts',
      pattern: 'the printer is sent the shortened name',
    },
  },
];
