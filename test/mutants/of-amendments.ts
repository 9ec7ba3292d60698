/** Safeguards of an amendment: what it answered to is what is printed, and once. */
import type { Mutant } from './mutants.ts';

const one = 'test/sql/operate/amend.test.ts';
const cards = 'test/sql/operate/amend-cards.test.ts';
const locks = 'test/sql/locks/amend.test.ts';
const synced = 'test/sql/sync/amendments.test.ts';
const people = 'sql/functions/80_operate/amend_people.sql';
const moved = 'sql/functions/80_operate/move_amended.sql';

export const amendments: readonly Mutant[] = [
  {
    name: 'amending-list-takes-nobody-out',
    without: 'by rows that amend people nobody leaves',
    edits: [
      {
        file: 'sql/functions/10_sync/close_sync.sql',
        find: `      and kind in ('amend', 'amend_preview'));`,
        replace: `      and false);`,
      },
    ],
    test: {
      file: 'test/sql/operate/amend-list.test.ts',
      pattern: 'who waits and is not in the list any more stays',
    },
  },
  {
    name: 'proof-before-the-launch-follows',
    without: 'who has a proof before the launch follows the list',
    edits: [
      {
        file: 'sql/functions/80_operate/end_test.sql',
        find: `        s.state in ('proofing_staged', 'proofing', 'proofed', 'sending_staged')
        or s.state`,
        replace: `        s.state`,
      },
    ],
    test: {
      file: 'test/sql/operate/change-in-test.test.ts',
      pattern: 'before the launch is what the card is made of',
    },
  },
  {
    name: 'amend-key-in-use',
    without: 'a piece of which nobody knew for a time keeps its key, and is not amended',
    edits: [
      {
        file: people,
        find: "(p_open.status <> 'submitting' or p_open.attempt > 0)",
        replace: "p_open.status <> 'submitting'",
      },
    ],
    test: { file: cards, pattern: 'a card of which nobody knew for a time' },
  },
  {
    name: 'amend-old-proof',
    without: 'the proof of the old card is gone',
    edits: [
      {
        file: people,
        find: `    delete from postrider.proof
    where organization_id = p_organization_id
      and recipient_id = any (v_amended);
`,
        replace: '',
      },
    ],
    test: { file: cards, pattern: 'no move brings the old card to the printer' },
  },
  {
    name: 'amend-unlocked',
    without: 'people are locked before it is looked where they are',
    edits: [
      {
        file: people,
        find: `  order by s.recipient_id
  for no key update;
  v_people :=`,
        replace: `  order by s.recipient_id;
  v_people :=`,
      },
    ],
    test: { file: locks, pattern: 'an amendment that waits for a begin of mail' },
  },
  {
    name: 'amend-arm',
    without: 'nobody changes the arm of an experiment by an amendment',
    edits: [
      {
        file: moved,
        find: "when j.verdict = 'holdout' and p.arm_is_drawn then",
        replace: 'when false then',
      },
      { file: moved, find: 'when v_draws and (', replace: 'when false and (' },
    ],
    test: { file: one, pattern: 'the arm of an experiment is frozen' },
  },
  {
    name: 'amend-open-piece',
    without: 'nobody is moved back by hand from before the printer while a piece is open',
    edits: [
      {
        file: 'sql/functions/00_common/moves.sql',
        find: "p.from_state in ('error', 'proofed', 'sending_staged') and p.to_state = 'pending'",
        replace: "p.from_state in ('error', 'proofed') and p.to_state = 'pending'",
      },
    ],
    test: { file: cards, pattern: 'nobody is brought back by hand' },
  },
  {
    name: 'amend-overwritten',
    without: 'an amendment holds against the row as it was',
    edits: [
      {
        file: 'sql/functions/10_sync/apply_source_changes.sql',
        find: 'v_known := postrider.rows_beside_amendments(p_organization_id, p_campaign_id, p_known);',
        replace: 'v_known := p_known;',
      },
    ],
    test: { file: synced, pattern: 'the row as it was takes nothing back' },
  },
];
