/** Safeguards of what follows from cards: charges, events, and the clean-up of images. */
import type { Mutant } from './mutants.ts';

const events = 'test/sql/effects/events.test.ts';

export const effects: readonly Mutant[] = [
  {
    name: 'event-once-a-status',
    without: 'a card has an event for each status, and not one for all of them',
    edits: [
      {
        file: 'sql/baseline/mailpiece.sql',
        find: 'primary key (organization_id, mailpiece_id, kind, status)',
        replace: 'primary key (organization_id, mailpiece_id, kind)',
      },
    ],
    test: { file: events, pattern: 'a sink hears sent, in transit' },
  },
  {
    name: 'event-of-a-voided-test',
    without: 'late news of a test card that was put aside is no event',
    edits: [
      {
        file: 'sql/functions/60_track/follow_mailpieces.sql',
        find: `      and m.status <> 'voided'
    join postrider.campaign c`,
        replace: '    join postrider.campaign c',
      },
    ],
    test: { file: events, pattern: 'late news of a test card that was put aside' },
  },
  {
    name: 'backfill-stays',
    without: 'whether an event was old when it was told first does not change with a repeat',
    edits: [
      {
        file: 'sql/functions/70_effects/effects.sql',
        find: 'first_claimed_at = coalesce(e.first_claimed_at, v_now)',
        replace: 'first_claimed_at = v_now',
      },
    ],
    test: { file: events, pattern: 'what was older than a day' },
  },
  {
    name: 'down-sink-asked-once',
    without: 'a sink that is down is asked once a round, and not once for each batch that waits',
    edits: [
      {
        file: 'packages/core/src/stages/effects/effects.ts',
        find: 'effects.length < BATCH || !anythingDone ||',
        replace: 'effects.length < BATCH ||',
      },
    ],
    test: {
      file: 'test/pipeline/effects/blocks-nothing.test.ts',
      pattern: 'a campaign whose sink is down',
    },
  },
  {
    name: 'silent-sinks-side-by-side',
    without: 'a silent sink keeps neither other kinds, nor campaigns, nor organizations waiting',
    edits: [
      {
        file: 'packages/core/src/stages/effects/effects.ts',
        find: 'const SIDE_BY_SIDE = 16;',
        replace: 'const SIDE_BY_SIDE = 1;',
      },
    ],
    test: { file: 'test/pipeline/effects/blocks-nothing.test.ts', pattern: 'a silent sink keeps' },
  },
];
