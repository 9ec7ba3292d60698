/** Safeguards of polling: which printers are asked what they have to tell. */
import type { Mutant } from './mutants.ts';

const poll = 'sql/functions/60_track/poll.sql';
const pollPrinter = 'packages/core/src/stages/track/poll.ts';
const refusedWebhooks = 'test/pipeline/track/refused-webhooks.test.ts';
const polledPrinters = 'test/sql/track/polled-printers.test.ts';

export const polls: readonly Mutant[] = [
  {
    name: 'polls-of-left-printers',
    without: 'a printer that its campaign has left is polled',
    edits: [
      {
        file: poll,
        find: 'and not postrider.piece_is_closed(x.status)',
        replace: 'and x.printer_name = c.printer_name',
      },
    ],
    test: { file: polledPrinters, pattern: 'that its campaign has left' },
  },
  {
    name: 'polls-once-a-day',
    without: 'a printer that tells of itself all the time is polled all the same',
    edits: [
      {
        file: poll,
        find: "or n.caught_up_at is null or n.caught_up_at < postrider.now() - interval '1 day'",
        replace: '',
      },
    ],
    test: { file: polledPrinters, pattern: 'once a day' },
  },
  {
    name: 'polls-after-a-refusal',
    without: 'a printer is polled after a webhook that was refused for its age',
    edits: [{ file: poll, find: 'or n.refused_at > n.caught_up_at', replace: '' }],
    test: { file: polledPrinters, pattern: 'refused for its age' },
  },
  {
    name: 'polls-for-what-was-refused',
    without: 'that a webhook was refused for its age is noted',
    edits: [
      {
        file: 'packages/core/src/stages/track/receive-webhook.ts',
        find: 'isAnyTooOld ||= verdict.tooOld === true;',
        replace: '',
      },
    ],
    test: { file: refusedWebhooks, pattern: 'is asked for' },
  },
  {
    name: 'polls-to-the-end',
    without: 'a poll that was cut off is gone on with before a day is over',
    edits: [{ file: pollPrinter, find: 'if (seen.size < MOST_PAGES)', replace: '' }],
    test: { file: refusedWebhooks, pattern: 'does not come to an end' },
  },
  {
    name: 'polls-from-a-lost-place',
    without: 'a poll that fails again and again at one place begins anew',
    edits: [
      { file: pollPrinter, find: 'await restart(context, printer)', replace: 'void restart' },
    ],
    test: { file: 'test/pipeline/track/lost-cursor.test.ts', pattern: 'begins anew' },
  },
  {
    name: 'polls-another-account-on',
    without: 'a printer whose account changed is read from the top',
    edits: [
      {
        file: 'sql/functions/80_operate/printers.sql',
        find: `  set poll_cursor = null,
    caught_up_at = null`,
        replace: `  set poll_cursor = poll_cursor,
    caught_up_at = caught_up_at`,
      },
    ],
    test: { file: polledPrinters, pattern: 'how far a printer was read' },
  },
  {
    name: 'polls-for-the-printer-alone',
    without: 'only a webhook that is truly of the printer makes it be polled',
    edits: [
      {
        file: 'packages/adapters/src/lob/webhook.ts',
        find: "return refuse('The signature of the webhook fits none of our secrets.');",
        replace:
          "return { ...refuse('The signature of the webhook fits none of our secrets.'), tooOld: true } as WebhookVerdict;",
      },
    ],
    test: {
      file: 'packages/adapters/src/lob/test/contract.test.ts',
      pattern: 'trusts no webhook that was changed',
    },
  },
];
