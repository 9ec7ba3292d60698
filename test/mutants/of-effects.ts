/** Safeguards of what follows from cards: charges, events, and the clean-up of images. */
import type { Mutant } from './mutants.ts';

const events = 'test/sql/effects/events.test.ts';
const images = 'test/sql/effects/image-cleanup.test.ts';
const addresses = 'packages/adapters/src/webhook/test/public-address.test.ts';

export const effects: readonly Mutant[] = [
  {
    name: 'event-once-a-status',
    without: 'a card has an event for each status, and not one for all of them',
    edits: [
      {
        file: 'sql/baseline/effect.sql',
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
        file: 'sql/functions/60_track/raise_statuses.sql',
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
        file: 'sql/functions/70_effects/claim_effects.sql',
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
  {
    name: 'sink-switched-off',
    without: 'a sink of which nothing worked for days is switched off, with an alarm',
    edits: [
      {
        file: 'sql/functions/70_effects/settle_effects.sql',
        find: 'and (r.refused or f.since <= p_now - p_off_after)',
        replace: 'and r.refused',
      },
    ],
    test: {
      file: 'test/sql/effects/switched-off.test.ts',
      pattern: 'a sink of which nothing worked for five days',
    },
  },
  {
    name: 'days-without-a-runner',
    without: 'a sink is not switched off for days in which nothing was tried',
    edits: [
      {
        file: 'sql/functions/70_effects/settle_effects.sql',
        find: "when f.last_at > p_now - interval '36 hours' then f.since",
        replace: 'when true then f.since',
      },
    ],
    test: {
      file: 'test/sql/effects/switched-off.test.ts',
      pattern: 'no runner was there to try',
    },
  },
  {
    name: 'waiting-events-come-at-once',
    without: 'what had waited for a sink that works again is due at once, and not a day later',
    edits: [
      {
        file: 'sql/functions/70_effects/settle_effects.sql',
        find: `    and e.error is not null
    and e.available_at > p_now;`,
        replace: `    and e.error is not null
    and e.available_at < p_now;`,
      },
    ],
    test: {
      file: 'test/sql/effects/switched-off.test.ts',
      pattern: 'one answer in five days is enough',
    },
  },
  {
    name: 'webhook-judges-every-address',
    without: 'every address of a name is judged, and not only the first',
    edits: [
      {
        file: 'packages/adapters/src/webhook/public-address.ts',
        find: 'const wrong = addresses.find(',
        replace: 'const wrong = addresses.slice(0, 1).find(',
      },
    ],
    test: { file: addresses, pattern: 'is closed where one of its addresses is' },
  },
  {
    name: 'webhook-unwraps-mapped-addresses',
    without: 'an IPv4 address that is written as IPv6 is judged as what it is',
    edits: [
      {
        file: 'packages/adapters/src/webhook/public-address.ts',
        find: 'export function isPublicAddress(given: string): boolean {\n  const address = plain(given);',
        replace:
          "export function isPublicAddress(given: string): boolean {\n  const address = given.replace(/^::ffff:.*/i, '8.8.8.8');",
      },
    ],
    test: { file: addresses, pattern: 'is none of a private, local' },
  },
  {
    name: 'webhook-connects-to-what-was-judged',
    without: 'a request goes to the address that was judged, and its name is not asked again',
    edits: [
      {
        file: 'packages/adapters/src/kit/http.ts',
        find: 'given.addresses === undefined',
        replace: 'given.addresses !== null',
      },
    ],
    test: { file: addresses, pattern: 'is connected to the address that was judged' },
  },
  {
    name: 'images-never-while-unknown',
    without: 'no image goes while nobody knows whether a card was made',
    edits: [
      {
        file: 'sql/functions/70_effects/image_cleanup.sql',
        find: "m.status in ('submitting', 'unknown')",
        replace: "m.status in ('submitting')",
      },
    ],
    test: { file: images, pattern: 'never while nobody knows whether' },
  },
  {
    name: 'images-never-before-the-press',
    without: 'no image goes before the printer says that the card is in production',
    edits: [
      {
        file: 'sql/functions/70_effects/image_cleanup.sql',
        find: "          or m.status = 'accepted' and m.accepted_at > p_now - p_keep)));",
        replace: '          )));',
      },
    ],
    test: { file: images, pattern: 'a week after its last card was in production' },
  },
  {
    name: 'images-of-who-waits',
    without: 'no image goes while somebody waits who will be sent with it',
    edits: [
      {
        file: 'sql/functions/70_effects/image_cleanup.sql',
        find: "where (t.kind <> 'terminal' and s.state <> 'sent' and exists (",
        replace: "where (t.kind = 'working' and s.state <> 'sent' and exists (",
      },
    ],
    test: { file: images, pattern: 'never while somebody waits who will be sent' },
  },
  {
    name: 'images-shared-by-url',
    without: 'a URL that two cohorts share goes with the last card of both',
    edits: [
      {
        file: 'sql/functions/70_effects/image_cleanup.sql',
        find: '<= v_now - v_after and not j.is_in_use as goes',
        replace: '<= v_now - v_after as goes',
      },
    ],
    test: { file: images, pattern: 'equal documents of two cohorts' },
  },
  {
    name: 'sink-behind-gives-way',
    without: 'a sink that is far behind gives way to others',
    edits: [
      {
        file: 'packages/core/src/stages/effects/effects.ts',
        find: 'batch < mostBatches;',
        replace: 'batch < Infinity;',
      },
    ],
    test: {
      file: 'test/pipeline/effects/blocks-nothing.test.ts',
      pattern: 'a sink that is far behind',
    },
  },
  {
    name: 'sink-behind-goes-on',
    without: 'what is left of a sink that is far behind is gone on with at once',
    edits: [
      {
        file: 'packages/core/src/stages/effects/effects.ts',
        find: 'if (isMoreDue) await sendJob(context, organizationId);',
        replace: '',
      },
    ],
    test: {
      file: 'test/pipeline/effects/blocks-nothing.test.ts',
      pattern: 'a sink that is far behind',
    },
  },
  {
    name: 'images-stored-while-removed',
    without: 'a card whose equal document is just being removed is made anew',
    edits: [
      {
        file: 'sql/functions/40_proof/settle_proof.sql',
        find: 'p_results := postrider.without_removed(p_organization_id, p_cohort_id, p_results);',
        replace: 'null;',
      },
    ],
    test: { file: images, pattern: 'a card whose equal document' },
  },
];
