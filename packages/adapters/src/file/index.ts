/** What follows from cards, as lines of a file. */
import type { Provider } from '../kit/provider.ts';
import { createFileEvents, EVENTS_FILE } from './event-sink.ts';
import { fileOptions } from './options.ts';
import { createFileMeter, USAGE_FILE } from './usage-meter.ts';

export { createFileEvents, createFileMeter };

export const file = {
  kind: 'file',
  title: 'One JSON object a line for each charge or event of a card, each once',
  usageMeter: { options: fileOptions(USAGE_FILE), create: createFileMeter },
  eventSink: { options: fileOptions(EVENTS_FILE), create: createFileEvents },
} as const satisfies Provider;
