/** Safeguards between a test and the live mailing of the same campaign. */
import type { Mutant } from './mutants.ts';

const checks = 'sql/functions/00_common/moves_and_mailpieces.sql';
const goLive = 'sql/functions/80_operate/go_live.sql';

export const goingLive: readonly Mutant[] = [
  {
    name: 'tested-people-follow',
    without: 'who is sent in a test follows the list, so that the live card has no old address',
    edits: [
      {
        file: 'sql/functions/10_sync/apply_source_changes.sql',
        find: `(postrider.follows_source(s.state, s.reason) or s.recipient_id = any (v_tested))
  ), followed`,
        replace: `postrider.follows_source(s.state, s.reason)
  ), followed`,
      },
    ],
    test: {
      file: 'test/sql/operate/change-in-test.test.ts',
      pattern: 'a row that changed after its test card',
    },
  },
  {
    name: 'failed-people-follow',
    without: 'who failed in a test follows the list, so that the live card has no old address',
    edits: [
      {
        file: 'sql/functions/80_operate/end_test.sql',
        find: `or s.state = 'error' and s.cancel_requested_at is null`,
        replace: '',
      },
    ],
    test: {
      file: 'test/sql/operate/failed-in-test.test.ts',
      pattern: 'who is in error in a test follows the list',
    },
  },
  {
    name: 'tested-people-leave',
    without: 'who is sent in a test leaves with the list, so that nobody who left is mailed live',
    edits: [
      {
        file: 'sql/functions/10_sync/close_sync.sql',
        find: `postrider.ahead_of_live(p_organization_id, p_campaign_id, p_people)`,
        replace: `'{}'`,
      },
    ],
    test: {
      file: 'test/sql/operate/change-in-test.test.ts',
      pattern: 'who left the list after their test card',
    },
  },
  {
    name: 'live-piece-forbids',
    without: 'nobody whose live card may exist goes back to pending',
    edits: [
      {
        file: checks,
        find: `p.from_state in ('error', 'proofed', 'sent', 'received', 'returned', 'skipped')
          and p.to_state in ('pending', 'proofed')`,
        replace: `p.from_state in ('error', 'proofed') and p.to_state in ('pending', 'proofed')`,
      },
    ],
    test: {
      file: 'test/sql/operate/go-live.test.ts',
      pattern: 'whose live card may exist never begins again',
    },
  },
  {
    name: 'voided-piece-needed',
    without: 'nobody begins again without a test mailpiece that was voided',
    edits: [{ file: checks, find: 'if v_mailed then', replace: 'if false then' }],
    test: {
      file: 'test/sql/operate/go-live.test.ts',
      pattern: 'whose live card may exist never begins again',
    },
  },
  {
    name: 'voided-is-a-test',
    without: 'the constraint: a live mailpiece is never voided',
    edits: [
      {
        file: 'sql/baseline/mailpiece.sql',
        find: `check (status <> 'voided' or mode = 'test')`,
        replace: 'check (true)',
      },
    ],
    test: {
      file: 'test/sql/operate/go-live.test.ts',
      pattern: 'whose live card may exist never begins again',
    },
  },
  {
    name: 'voided-rank',
    without: 'no status that a printer tells is above voided',
    edits: [
      {
        file: 'sql/machine/states.sql',
        find: `('voided', 100, false,`,
        replace: `('voided', 24, false,`,
      },
    ],
    test: {
      file: 'test/sql/operate/go-live-late.test.ts',
      pattern: 'late news of a test card moves nobody',
    },
  },
  {
    name: 'listed-test-piece',
    without: 'a test piece that is listed after a restore is voided where its campaign is live',
    edits: [
      {
        file: 'sql/functions/90_house/restore.sql',
        find: `l.mode = 'test' and c.mode = 'live' as is_voided`,
        replace: 'false as is_voided',
      },
    ],
    test: {
      file: 'test/sql/operate/go-live-late.test.ts',
      pattern: 'a test card that a printer lists after a restore',
    },
  },
  {
    name: 'nobody-sending',
    without: 'going live is refused while a test card is at the printer',
    edits: [{ file: goLive, find: 'if p_sending > 0 then', replace: 'if false then' }],
    test: {
      file: 'test/sql/operate/go-live.test.ts',
      pattern: 'it needs an armed printer, or arms it',
    },
  },
  {
    name: 'people-locked',
    without: 'going live locks the people of the campaign before it looks at them',
    edits: [
      {
        file: goLive,
        find: `and recipient_id = any (v_people)
          order by recipient_id
          for no key update;`,
        replace: 'and false;',
      },
    ],
    test: {
      file: 'test/sql/operate/go-live-late.test.ts',
      pattern: 'who goes live waits for an answer',
    },
  },
  {
    name: 'asked-again',
    without: 'the rules that came to stand against people during the test',
    edits: [
      {
        file: goLive,
        find: 'v_away := postrider.judge_before_live(v_campaign, v_people, v_now);',
        replace: 'v_away := 0;',
      },
    ],
    test: {
      file: 'test/sql/operate/go-live-rules.test.ts',
      pattern: 'holdout, opt-outs and cancels stand',
    },
  },
  {
    name: 'test-not-metered',
    without: 'a test card is not metered',
    edits: [
      {
        file: 'sql/functions/50_mail/evidence.sql',
        find: `(k.kind <> 'usage_meter' or v.mode = 'live')`,
        replace: 'true',
      },
    ],
    test: {
      file: 'test/sql/operate/go-live-rules.test.ts',
      pattern: 'a test charges nobody',
    },
  },
  {
    name: 'test-not-counted',
    without: 'pieces of a test do not count once the campaign is live',
    edits: [
      {
        file: 'sql/functions/50_mail/caps.sql',
        find: 'and m.recipient_id = r.id and m.mode = v_campaign.mode and m.uncounted_at is null)',
        replace: 'and m.recipient_id = r.id and m.uncounted_at is null)',
      },
    ],
    test: {
      file: 'test/sql/operate/go-live-rules.test.ts',
      pattern: 'cards of a test are not counted',
    },
  },
  {
    name: 'live-refuses-blockers',
    without: 'going live refuses what would stop every card',
    edits: [
      {
        file: goLive,
        find: '  perform postrider.require_no_blocker(v_campaign);\n',
        replace: '',
      },
    ],
    test: {
      file: 'test/sql/operate/go-live-preview.test.ts',
      pattern: 'from test to live refuses what would stop every card',
    },
  },
  {
    name: 'live-preview-of-whole-caps',
    without: 'what a test has used up of caps and budget is not told of the live mailing',
    edits: [
      {
        file: 'sql/functions/80_operate/launch_figures.sql',
        find: '      and p_begin_again is null\n  ), room as (',
        replace: '  ), room as (',
      },
    ],
    test: {
      file: 'test/sql/operate/go-live-preview.test.ts',
      pattern: 'what going live would do is told before',
    },
  },
  {
    name: 'live-looked-at-before',
    without: 'cards are looked at before a test goes live',
    edits: [
      {
        file: 'packages/cli/src/operate/launch.ts',
        find: "return status === 'active' && test === null;",
        replace: "return status === 'active';",
      },
    ],
    test: { file: 'packages/cli/test/launch-live.test.ts', pattern: 'shows the same before' },
  },
];
