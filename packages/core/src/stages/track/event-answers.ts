/** What printers tell of their pieces, by webhook or when they are polled, event by event. */
import { z } from 'zod';
import { storable } from '../../common/text.ts';
import type { KeptEvent } from '../../machine/track.ts';
import type { PrinterEvent } from '../../ports/index.ts';
import {
  isObject,
  identifierOf,
  LONGEST_TOKEN,
  printerId,
  sentence,
  storableText,
  text,
} from '../../runtime/answers.ts';
import { UnusableAnswerError } from '../../runtime/asking.ts';

const eventSchema = z.object({
  // Without one an event cannot be told from its repeat.
  eventId: printerId,
  providerId: printerId.nullable().catch(null),
  mailpieceId: z.guid().nullable().catch(null),
  organizationId: z.string().nullable().catch(null),
  status: storableText.nullable().catch(null),
  providerStatus: storableText.catch('the printer named no status'),
  occurredAt: z
    .string()
    .regex(/^[1-9]\d{3}-\d\d-\d\d(?:T|$)/)
    .refine((text) => !Number.isNaN(Date.parse(text)), { abort: true })
    .transform((text) => new Date(text).toISOString())
    .nullable()
    .catch(null),
  confidence: z.enum(['scan', 'assumed', 'logical', 'estimated']).catch('estimated'),
});
const unusableSchema = z.object({ unusable: sentence, raw: z.unknown() });

/** What cannot be used, and why. */
interface Unusable {
  readonly reason: string;
  readonly told: unknown;
}

type ReadEvent =
  | { readonly event: PrinterEvent; readonly hasTime: boolean }
  | { readonly unusable: Unusable };

/**
 * The event names a piece by an id that is none, so it would belong to no piece. An event of a poll
 * is taken all the same: it is told once.
 */
function namesNothing(told: unknown, { providerId, mailpieceId }: PrinterEvent): boolean {
  return (
    providerId === null &&
    mailpieceId === null &&
    isObject(told) &&
    ((told['providerId'] ?? null) !== null || (told['mailpieceId'] ?? null) !== null)
  );
}

/** An event whose time cannot be read counts as of `now`: what happened is worth more than when. */
function readEvent(told: unknown, now: string): ReadEvent {
  // Looked at first: to refuse an event by this schema costs more than to read it by its own.
  if (isObject(told) && 'unusable' in told) {
    const unusable = unusableSchema.safeParse(told);
    if (unusable.success)
      return { unusable: { reason: unusable.data.unusable, told: unusable.data.raw } };
  }
  const event = eventSchema.safeParse(told);
  if (!event.success)
    return { unusable: { reason: event.error.issues[0]?.path.join('.') || 'no event', told } };
  const { occurredAt, status, ...rest } = event.data;
  // A status that does not exist is kept and reported by the machine.
  return {
    event: { ...rest, status: status as PrinterEvent['status'], occurredAt: occurredAt ?? now },
    hasTime: occurredAt !== null,
  };
}

const pollSchema = z.object({ events: z.array(z.unknown()), cursor: z.unknown() });

export interface PollAnswer {
  readonly events: readonly PrinterEvent[];
  /** Null also where there is one that cannot be kept: what comes after it is asked for again. */
  readonly cursor: string | null;
  /** What cannot be used, by what is wrong with it. */
  readonly unusable: Readonly<Record<string, number>>;
}

/** Throws `UnusableAnswerError` where there is no page. */
export function pollAnswer(told: unknown, now: Date): PollAnswer {
  const page = pollSchema.safeParse(told);
  if (!page.success)
    throw new UnusableAnswerError('what the printer answered to its poll is no page of events');
  const events: PrinterEvent[] = [];
  const unusable: Record<string, number> = {};
  const blame = (fault: string): void => void (unusable[fault] = (unusable[fault] ?? 0) + 1);
  for (const told of page.data.events) {
    const read = readEvent(told, now.toISOString());
    if ('unusable' in read) {
      blame(read.unusable.reason);
      continue;
    }
    if (!read.hasTime) blame('occurredAt');
    events.push(read.event);
  }
  const cursor = identifierOf('cursor', LONGEST_TOKEN).nullable().safeParse(page.data.cursor);
  if (!cursor.success) blame('cursor');
  return { events, cursor: cursor.data ?? null, unusable };
}

const LONGEST_RAW = 2000;

export function keptEvent(told: unknown, reason: string): KeptEvent {
  let raw: string;
  try {
    raw = JSON.stringify(told) ?? typeof told;
  } catch {
    raw = typeof told;
  }
  const id = isObject(told) ? told['eventId'] : null;
  return {
    eventId: typeof id === 'string' ? storable(id.slice(0, 500)) : null,
    reason: text(reason),
    raw: storable(raw.slice(0, LONGEST_RAW)),
  };
}

const missing: Readonly<Record<string, string>> = {
  eventId: 'it has no id that can be kept',
  mailpieceId: 'it names a piece by what is no id',
  'no event': 'it is no event',
};

export interface WebhookAnswer {
  readonly events: readonly PrinterEvent[];
  readonly unusable: readonly KeptEvent[];
  /** Everything in it can be used as it is told, its time too. */
  readonly isWhole: boolean;
}

/**
 * Of a webhook that came at a time (ISO 8601): each event by itself. Throws `UnusableAnswerError`
 * where the adapter gave no list.
 */
export function webhookAnswer(told: unknown, receivedAt: string): WebhookAnswer {
  if (!Array.isArray(told))
    throw new UnusableAnswerError('the adapter made no list of events of it');
  const read = Array.from(told, (one: unknown) => {
    const made = readEvent(one, receivedAt);
    return 'event' in made && namesNothing(one, made.event)
      ? { unusable: { reason: 'mailpieceId', told: one } }
      : made;
  });
  return {
    events: read.flatMap((one) => ('event' in one ? [one.event] : [])),
    unusable: read.flatMap((one) =>
      'unusable' in one
        ? [keptEvent(one.unusable.told, missing[one.unusable.reason] ?? one.unusable.reason)]
        : [],
    ),
    isWhole: read.every((one) => 'event' in one && one.hasTime),
  };
}
