/** Safeguards of the adapter of Klaviyo, and of its twin: what makes an event count once. */
import type { Mutant } from './mutants.ts';

const sink = 'packages/adapters/src/klaviyo/event-sink.ts';
const twin = 'packages/twins/src/klaviyo';
const ofEvents = 'packages/adapters/src/klaviyo/test/events.test.ts';
const ofOutcomes = 'packages/adapters/src/klaviyo/test/outcomes.test.ts';

export const klaviyos: readonly Mutant[] = [
  {
    name: 'klaviyo-bulk-only-new',
    without: 'what was tried before, and may have been told, goes in no bulk request',
    edits: [
      {
        file: sink,
        find: '({ attempt, isBackfill }) => attempt === 1 && !isBackfill',
        replace: '({ isBackfill }) => !isBackfill',
      },
    ],
    test: { file: ofOutcomes, pattern: 'has nothing in it that may have been told' },
  },
  {
    name: 'klaviyo-told-anew-singly',
    without: 'what is told anew is no first attempt, and goes in no bulk request',
    edits: [
      {
        file: 'sql/functions/70_effects/try_again.sql',
        find: '(attempt > 0 or first_claimed_at is not null)::int',
        replace: '0',
      },
    ],
    test: { file: 'test/pipeline/effects/klaviyo.test.ts', pattern: 'told anew go singly' },
  },
  {
    name: 'klaviyo-bulk-counts-the-attempt',
    without:
      'what a bulk request has perhaps told has an attempt less, whatever comes of it singly',
    edits: [
      { file: sink, find: 'perhapsTold.has(key) ? counted(result) : result', replace: 'result' },
    ],
    test: { file: ofOutcomes, pattern: 'has nothing in it that may have been told' },
  },
  {
    name: 'klaviyo-bulk-goes-on-singly',
    without: 'a bulk request that Klaviyo refuses refuses none of its events',
    edits: [
      {
        file: sink,
        find: "if (meaning.kind === 'account')\n    return {",
        replace: "if (meaning.kind !== 'later')\n    return {",
      },
    ],
    test: { file: ofOutcomes, pattern: 'goes on event by event where it is refused as invalid' },
  },
  {
    name: 'klaviyo-only-202',
    without: 'an answer of 2xx that is not 202 tells nothing',
    edits: [
      {
        file: 'packages/adapters/src/klaviyo/refusals.ts',
        find: 'if (status === 202)',
        replace: 'if (status >= 200 && status < 300)',
      },
    ],
    test: { file: ofOutcomes, pattern: 'is told only by a 202' },
  },
  {
    name: 'klaviyo-modes-apart',
    without: 'an event of a test card reaches no live account',
    edits: [{ file: sink, find: 'if (item.mode !== mode)', replace: 'if (false)' }],
    test: { file: ofEvents, pattern: 'are not sent of who was erased' },
  },
  {
    name: 'klaviyo-profile-by-id-alone',
    without: 'an event changes no profile',
    edits: [
      {
        file: 'packages/adapters/src/klaviyo/event.ts',
        find: 'id: externalId, attributes: {} }',
        replace: 'id: externalId, attributes: { external_id: externalId } }',
      },
    ],
    test: { file: ofEvents, pattern: 'have the id of the mailpiece and the status' },
  },
  {
    name: 'klaviyo-twin-bulk-fails-whole',
    without: 'at the twin of Klaviyo one id that is known fails a whole bulk request',
    edits: [
      {
        file: `${twin}/events.ts`,
        find: 'if (counts.length < events.length) {',
        replace: 'if (counts.length === 0) {',
      },
    ],
    test: { file: `${twin}/test/events.test.ts`, pattern: 'in bulk a known id fails' },
  },
];
