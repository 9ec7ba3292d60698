/** Safeguards of polling: which printers are asked what they have to tell. */
import type { Mutant } from './mutants.ts';

const poll = 'sql/functions/60_track/poll.sql';
const polledPrinters = 'test/sql/track/polled-printers.test.ts';

export const polls: readonly Mutant[] = [
  {
    name: 'polls-of-left-printers',
    without: 'a printer that its campaign has left is polled',
    edits: [{ file: poll, find: 'limit 500) m', replace: 'limit 0) m' }],
    test: { file: polledPrinters, pattern: 'that its campaign has left' },
  },
];
