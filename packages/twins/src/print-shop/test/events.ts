/** Events as they are polled. */
import type { TrackingEvent } from '../index.ts';
import type { Client } from './helpers.ts';

export type Page = { events: readonly TrackingEvent[]; cursor: string; more: boolean };

/** Everything there is to poll, in pages of 7. */
export async function allEvents({ get }: Client): Promise<readonly TrackingEvent[]> {
  const events: TrackingEvent[] = [];
  for (let cursor = '0', more = true; more;) {
    const { body } = await get<Page>(`/v1/events?after=${cursor}&limit=7`);
    events.push(...body.events);
    ({ cursor, more } = body);
  }
  return events;
}

export function idsOf(events: readonly TrackingEvent[]): string[] {
  return events.map(({ eventId }) => eventId).toSorted();
}
