/** The event sink that writes to a file. */
import type { AdapterWiring, EventSink } from '@postrider/core/ports';
import { createEffectFile } from './effect-file.ts';

export const EVENTS_FILE = 'events.ndjson';

/** What happened, one JSON object a line in `events.ndjson`, each key once. */
export function createFileEvents(options: unknown, wiring: AdapterWiring): EventSink {
  return { emit: createEffectFile('eventSink', EVENTS_FILE, options, wiring) };
}
