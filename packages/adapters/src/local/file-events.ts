import type { AdapterFactory, AdapterWiring, EventSink } from '@postrider/core/ports';
import { createEffectFile } from './effect-file.ts';

/** What happened, one JSON object a line in `events.ndjson`, each key once. */
export function createFileEvents(options: unknown, wiring: AdapterWiring): EventSink {
  return { emit: createEffectFile('eventSink', 'events.ndjson', options, wiring) };
}

export const fileEvents: AdapterFactory<EventSink> = { kind: 'file', create: createFileEvents };
