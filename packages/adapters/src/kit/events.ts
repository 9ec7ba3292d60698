/** Events of a webhook or a poll, each read by itself: an odd one costs no other. */
import type {
  Confidence,
  MailpieceStatus,
  PrinterEvent,
  UnusableEvent,
} from '@postrider/core/ports';
import { z } from 'zod';
import { readJson } from './json.ts';

/**
 * @param schema of one event.
 * @param title of the printer, for people.
 */
export function eachEvent<Schema extends z.ZodType>(
  told: readonly unknown[],
  schema: Schema,
  title: string,
  eventOf: (event: z.infer<Schema>) => PrinterEvent,
): (PrinterEvent | UnusableEvent)[] {
  return told.map((raw) => {
    const read = schema.safeParse(raw);
    return read.success
      ? eventOf(read.data)
      : {
          unusable: `${title} told an event that cannot be read: ${z.prettifyError(read.error)}`,
          raw,
        };
  });
}

/** What a printer's words for the way of a card are in ours, and how sure each of them is. */
export type Statuses = ReadonlyMap<string, readonly [MailpieceStatus, Confidence]>;

/** An event of a card; an unknown word is kept, and as little as possible is claimed of it. */
export function cardEvent(
  statuses: Statuses,
  told: Pick<PrinterEvent, 'eventId' | 'providerId' | 'mailpieceId' | 'providerStatus'> & {
    readonly at: string;
    readonly organizationId?: string | null;
  },
): PrinterEvent {
  const { at, organizationId = null, ...event } = told;
  const [status, confidence] = statuses.get(told.providerStatus) ?? [null, 'estimated' as const];
  return { ...event, organizationId, status, confidence, occurredAt: timeOf(at) };
}

/** For `parseWebhook`: a body that holds many events. Throws where it is not of this format. */
export function eventsIn<Body extends z.ZodType, Event extends z.ZodType>(
  title: string,
  body: Body,
  event: Event,
  {
    events,
    eventOf,
  }: {
    readonly events: (told: z.infer<Body>) => readonly unknown[];
    readonly eventOf: (event: z.infer<Event>) => PrinterEvent;
  },
): (bytes: Uint8Array) => (PrinterEvent | UnusableEvent)[] {
  return (bytes) => {
    const told = readJson(body, Buffer.from(bytes).toString('utf8'));
    if (told === null)
      throw new Error(
        `The webhook is signed but not in the format of ${title}; it was not applied.`,
      );
    return eachEvent(events(told), event, title, eventOf);
  };
}

/** As ISO 8601; what is no time as it is: core judges it. */
export function timeOf(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : new Date(at).toISOString();
}
