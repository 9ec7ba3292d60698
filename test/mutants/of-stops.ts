/** Safeguards of people who are stopped while a card of theirs may exist, or exists. */
import type { Mutant } from './mutants.ts';

const callBackSql = 'sql/functions/50_mail/call_back.sql';
const cancelPeople = 'sql/functions/80_operate/cancel_people.sql';
const inDoubt = 'test/sql/mail/stopped-in-doubt.test.ts';
const rejectedRepeats = 'test/sql/mail/rejected-repeats.test.ts';
const stoppedAndPrinted = 'test/sql/mail/stopped-and-printed.test.ts';
const stopOrAsk = 'sql/functions/50_mail/stop_or_ask.sql';

export const stops: readonly Mutant[] = [
  {
    name: 'limits-closed-for-an-hour',
    without: 'cards that wait for a provider which takes nothing for long go back',
    edits: [
      {
        file: 'packages/core/src/stages/mail/breaker.ts',
        find: 'patienceMs: PATIENCE_MS',
        replace: 'patienceMs: Infinity',
      },
      {
        file: 'packages/adapters/src/kit/orders.ts',
        find: ' || answer.afterMs > longestWaitMs',
        replace: '',
      },
    ],
    test: { file: 'test/pipeline/mail/closed-route.test.ts', pattern: 'go back, proven not sent' },
  },
  {
    name: 'stop-in-doubt',
    without: 'whose card may exist is asked for before they are stopped',
    edits: [
      {
        file: stopOrAsk,
        find: "p_organization_id, p_people, '{proofed,sending_staged}', p_reason, p_detail);",
        replace: "p_organization_id, p_people, '{}', p_reason, p_detail);",
      },
    ],
    test: { file: inDoubt, pattern: 'suppressed by e-mail while waiting' },
  },
  {
    name: 'stop-in-doubt-in-a-cohort',
    without: 'whose card may exist is asked for also where they are in a cohort already',
    edits: [{ file: stopOrAsk, find: "'{proofed,sending_staged}'", replace: "'{proofed}'" }],
    test: { file: inDoubt, pattern: 'when their cohort begins' },
  },
  {
    name: 'stop-in-doubt-mark',
    without: 'who is asked for carries a cancel mark: they are not sent again',
    edits: [
      {
        file: stopOrAsk,
        find: 'detail = left(p_detail, 500), cancel_requested_at = v_now from doubtful d',
        replace: 'detail = left(p_detail, 500) from doubtful d',
      },
    ],
    test: { file: inDoubt, pattern: 'forbidden by the source while waiting' },
  },
  {
    name: 'card-may-exist-by-key',
    without: 'a piece that is sent again for the sake of its key was not proven unprinted',
    edits: [
      {
        file: 'sql/functions/50_mail/mailpieces.sql',
        find: "and (p_status <> 'submitting' or p_repeat_until is not null);",
        replace: "and p_status <> 'submitting';",
      },
    ],
    test: { file: inDoubt, pattern: 'whose offer is over' },
  },
  {
    name: 'give-up-in-doubt',
    without: 'who is given up in error is asked for where a card may exist',
    edits: [
      {
        file: cancelPeople,
        find: "p_organization_id, v_people, '{error}', 'cancelled', nullif(btrim(p_why), ''));",
        replace: "p_organization_id, v_people, '{}', 'cancelled', nullif(btrim(p_why), ''));",
      },
    ],
    test: { file: inDoubt, pattern: 'given up in error' },
  },
  {
    name: 'retry-in-doubt',
    without: 'a retry that skips somebody asks for them where a card may exist',
    edits: [
      {
        file: 'sql/functions/80_operate/retry_people.sql',
        find: "p_organization_id, v_group.people, '{error}', v_group.reason, null);",
        replace: "p_organization_id, v_group.people, '{}', v_group.reason, null);",
      },
    ],
    test: { file: inDoubt, pattern: 'a retry sends them again' },
  },
  {
    name: 'cancel-after-a-repeat',
    without: 'what is answered to a repeat says nothing of the first request',
    edits: [
      {
        file: 'sql/functions/50_mail/settle_mail.sql',
        find: "or r.outcome in ('refused', 'broken', 'retry') and s.cancel_requested_at is not null)",
        replace: ')',
      },
    ],
    test: { file: inDoubt, pattern: 'while they are sent again' },
  },
  {
    name: 'rejected-repeat',
    without: 'a repeat that is rejected closes no piece of which a card may exist',
    edits: [
      {
        file: 'sql/functions/50_mail/settle_mail.sql',
        find: "when (r.outcome = 'rejected' or r.outcome in",
        replace: 'when (r.outcome in',
      },
    ],
    test: { file: rejectedRepeats, pattern: 'the card of the first request is found' },
  },
  {
    name: 'rejected-repeat-again',
    without: 'what was rejected is not repeated for the sake of its key',
    edits: [
      {
        file: 'sql/functions/50_mail/reconcile.sql',
        find: 'and not m.repeat_rejected ',
        replace: '',
      },
    ],
    test: { file: rejectedRepeats, pattern: 'is not repeated again' },
  },
  {
    name: 'stopped-and-printed',
    without: 'a card of somebody who was stopped is called back when it turns out to exist',
    edits: [
      {
        file: 'sql/functions/50_mail/evidence.sql',
        find: 'when postrider.is_to_call_back(s, m) then v_now',
        replace: 'when false then v_now',
      },
    ],
    test: { file: stoppedAndPrinted, pattern: 'whatever stopped them' },
  },
  {
    name: 'not-stopped-and-printed',
    without: 'a card of somebody who only waited for an address is not called back',
    edits: [
      {
        file: callBackSql,
        find: "p_state.reason not in ('no_address', 'bad_address')",
        replace: 'true',
      },
    ],
    test: { file: stoppedAndPrinted, pattern: 'only waited for an address' },
  },
];
