/** Safeguards of the hold-back window, and of cards that are called back. */
import type { Mutant } from './mutants.ts';

const callBack = 'packages/core/src/stages/mail/call-back.ts';
const callBackSql = 'sql/functions/50_mail/call_back.sql';
const reconcile = 'packages/core/src/stages/mail/reconcile.ts';
const lookUps = 'test/pipeline/mail/look-ups.test.ts';
const breaker = 'test/sql/limits/breaker.test.ts';
const callBackTest = 'test/pipeline/mail/call-backs.test.ts';
const cancelPeople = 'sql/functions/80_operate/cancel_people.sql';
const cancelPeopleTest = 'test/sql/operate/cancel-people.test.ts';
const holdBack = 'test/sql/mail/hold-back.test.ts';
const stoppedAndPrinted = 'test/sql/mail/stopped-and-printed.test.ts';

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
    ],
    test: { file: holdBack, pattern: 'who was proofed before the launch' },
  },
  {
    name: 'hold-back-beside-launch',
    without: 'a proof waits for a launch that is under way',
    edits: [
      {
        file: 'sql/functions/40_proof/settle_proof.sql',
        find: 'if v_launched_at is null then',
        replace: 'if false then',
      },
    ],
    test: { file: holdBack, pattern: 'while the campaign is launched' },
  },
  {
    name: 'cancel-by-filter-in-doubt',
    without: 'whose card may exist is not cancelled as if it cost nothing',
    edits: [
      {
        file: cancelPeople,
        find:
          "when p_state.state in ('proofed', 'sending_staged', 'error') and p_in_doubt " +
          "then 'at_printer'",
        replace: '',
      },
    ],
    test: { file: cancelPeopleTest, pattern: 'may have a card' },
  },
  {
    name: 'call-back-margin',
    without: 'a printer is asked for a while after the time that it told',
    edits: [
      { file: callBackSql, find: "return interval '1 hour';", replace: "return interval '0';" },
    ],
    test: { file: cancelPeopleTest, pattern: 'within a margin' },
  },
  {
    name: 'call-back-too-late',
    without: 'long after the time that it told a printer is not asked any more',
    edits: [
      {
        file: callBackSql,
        find: 'perform postrider.end_late_call_backs(p_organization_id);',
        replace: '',
      },
    ],
    test: { file: cancelPeopleTest, pattern: 'within a margin' },
  },
  {
    name: 'call-back-of-all',
    without: 'cards are called back until none is due',
    edits: [
      {
        file: callBack,
        find: 'if (pieces.length === 0) break;',
        replace: 'if (pieces.length === 0 || moved > 0) break;',
      },
    ],
    test: { file: callBackTest, pattern: 'one round calls back all' },
  },
  {
    name: 'call-back-stop',
    without: 'a stop ends the calling back of cards',
    edits: [{ file: callBack, find: 'while (!context.stopping.aborted)', replace: 'for (;;)' }],
    test: { file: callBackTest, pattern: 'a stop ends it' },
  },
  {
    name: 'call-back-order',
    without: 'whose window ends soonest is called back first, and whose is over last',
    edits: [
      {
        file: callBackSql,
        find: 'coalesce(p.cancellable_until <= v_now, false),',
        replace: '',
      },
    ],
    test: {
      file: 'test/sql/operate/call-back-order.test.ts',
      pattern: 'whose window ends soonest',
    },
  },
  {
    name: 'call-backs-at-once',
    without: 'several cards are called back at a time',
    edits: [
      {
        file: 'packages/adapters/src/kit/call-backs.ts',
        find: 'severalAtOnce(providerIds, atOnce,',
        replace: 'severalAtOnce(providerIds, 1,',
      },
    ],
    test: {
      file: 'packages/adapters/src/lob/test/call-backs.test.ts',
      pattern: 'at the same time',
    },
  },
  {
    name: 'call-back-wakes',
    without: 'a card that is found and is to be cancelled is called back without a beat',
    edits: [
      {
        file: 'sql/functions/50_mail/evidence.sql',
        find: "perform pg_notify('postrider_moved', 'cancel');",
        replace: 'null;',
      },
    ],
    test: { file: stoppedAndPrinted, pattern: 'whatever stopped them' },
  },
  {
    name: 'cancelled-card-looked-for-in-a-hold',
    without: 'a card that is to be cancelled is looked for although its printer is held',
    edits: [
      {
        file: 'sql/functions/50_mail/reconcile.sql',
        find: 'p_cancelled or p.held_at is null and x.held_at is null and',
        replace: 'p.held_at is null and x.held_at is null and',
      },
    ],
    test: {
      file: 'test/sql/mail/reconcile.test.ts',
      pattern: 'a printer that is held is asked all the same',
    },
  },
  {
    name: 'cancelled-card-looked-for-beside-a-breaker',
    without: 'a card that is to be cancelled is looked for although its provider fails',
    edits: [
      {
        file: 'sql/functions/50_mail/reconcile.sql',
        find: 'p_cancelled or p.held_at is null and x.held_at is null and',
        replace: '(p_cancelled or p.held_at is null and x.held_at is null) and',
      },
    ],
    test: { file: breaker, pattern: 'cards are called back that can be still' },
  },
  {
    name: 'call-back-beside-a-breaker',
    without: 'a card that can be called back still is asked for although its provider fails',
    edits: [
      { file: callBackSql, find: 'coalesce(p.cancellable_until > v_now, true)', replace: 'false' },
    ],
    test: { file: breaker, pattern: 'cards are called back that can be still' },
  },
  {
    name: 'cancel-by-filter-once',
    without: 'people who were looked at are not looked at again for those behind them',
    edits: [{ file: cancelPeople, find: 'where f.recipient_id = any (v_looked);', replace: ';' }],
    test: { file: 'test/sql/plans/cancel.test.ts', pattern: 'looks at its own people alone' },
  },
  {
    name: 'cancel-by-filter-goes-on',
    without: 'a cancel goes on where the last call ended',
    edits: [
      {
        file: cancelPeople,
        find: 'v_from := v_looked[p_limit];',
        replace: 'v_from := null;',
      },
    ],
    test: { file: cancelPeopleTest, pattern: 'some at a time' },
  },
  {
    name: 'cancelled-card-looked-for-first',
    without: 'whose card is to be cancelled is looked for before all others',
    edits: [
      {
        file: 'sql/functions/50_mail/reconcile.sql',
        find: 'postrider.lock_unknown(p_organization_id, p_limit, v_now, true);',
        replace: 'postrider.lock_unknown(p_organization_id, 0, v_now, true);',
      },
    ],
    test: { file: 'test/sql/mail/reconcile.test.ts', pattern: 'is looked for before the others' },
  },
  {
    name: 'look-ups-at-once',
    without: 'several look-ups of an organization are under way at the same time',
    edits: [{ file: reconcile, find: 'const AT_ONCE = 4;', replace: 'const AT_ONCE = 1;' }],
    test: { file: lookUps, pattern: 'several look-ups are under way' },
  },
  {
    name: 'look-ups-in-turn',
    without: 'after some look-ups of an organization it is the turn of others',
    edits: [{ file: reconcile, find: 'let left = most;', replace: 'let left = Infinity;' }],
    test: { file: lookUps, pattern: 'has its job sent again' },
  },
  {
    name: 'look-ups-beside',
    without: "one organization's look-ups keep no other's waiting",
    edits: [
      {
        file: 'packages/core/src/scheduling/stage-workers.ts',
        find:
          'slots: several,\n' + '        work: async (context, _id, data) => await workReconcile(',
        replace: 'slots: one,\n        work: async (context, _id, data) => await workReconcile(',
      },
    ],
    test: { file: lookUps, pattern: 'keeps no other organization waiting' },
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
