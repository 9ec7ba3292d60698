/** What printers answer; of all adapters the ones whose answers cannot be asked for again, since what was printed was printed. */
import { z } from 'zod';
import type { MailSettlement } from '../../machine/cohorts.ts';
import { UnusableAnswerError } from '../../pipeline/asking.ts';
import type { CancelResult, ListedPiece, PrinterEvent } from '../../ports/index.ts';
import { kept, LONGEST_TOKEN, readAnswers, retry, sentence, tellable } from './fields.ts';

const WHO = 'the printer';
// An index takes no more of it.
const printerId = kept('id', 500);

/** The day of an ISO 8601 date or moment; null where it cannot be read. */
const day = z
  .string()
  .regex(/^[1-9]\d{3}-\d\d-\d\d(?![^T ])/)
  .transform((moment) => moment.slice(0, 10))
  .pipe(z.iso.date())
  .nullable()
  .catch(null);

const piece = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('accepted'), providerId: printerId, expectedDelivery: day }),
  z
    .object({ outcome: z.literal('rejected'), reason: sentence, message: sentence, badAddress: z.boolean().catch(false) })
    .transform(({ outcome, reason, message, badAddress }) => ({ outcome, message: `${reason}: ${message}`, badAddress })),
  retry,
  z.object({ outcome: z.literal('unknown'), message: sentence }),
]);
export type PieceAnswer = Omit<MailSettlement, 'recipientId' | 'mailpieceId'>;

/** What a printer says of so many pieces. Throws `UnusableAnswerError`. */
export const pieceAnswers = (asked: number, answers: unknown): readonly PieceAnswer[] =>
  readAnswers<PieceAnswer>(WHO, piece, asked, answers, (message) => ({ outcome: 'unknown', message }));

const found = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('found'), providerId: printerId }),
  z.object({ outcome: z.literal('absent') }),
  z.object({ outcome: z.literal('cannot_tell'), message: sentence }),
]);
type FindAnswer = z.infer<typeof found>;

/** What a printer knows of so many pieces; only a plain `absent` is one. Throws `UnusableAnswerError`. */
export const findAnswers = (asked: number, answers: unknown): readonly FindAnswer[] =>
  readAnswers<FindAnswer>(WHO, found, asked, answers, (message) => ({ outcome: 'cannot_tell', message }));

const cancelled = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('cancelled') }),
  z.object({ outcome: z.enum(['too_late', 'unknown']), message: sentence }),
]);

/** What became of so many cards that were called back. Throws `UnusableAnswerError`. */
export const cancelAnswers = (asked: number, answers: unknown): readonly CancelResult[] =>
  readAnswers<CancelResult>(WHO, cancelled, asked, answers, (message) => ({ outcome: 'unknown', message }));

const listed = z.object({
  pieces: z.array(z.object({ providerId: printerId, mode: z.enum(['test', 'live']) })),
  cursor: kept('cursor', LONGEST_TOKEN).nullable(),
});

/** A page of what a printer made. Throws `UnusableAnswerError`, also for one piece without an id: it may be the one that matters. */
export const listAnswer = (told: unknown): { readonly pieces: readonly ListedPiece[]; readonly cursor: string | null } => {
  const page = listed.safeParse(told);
  if (page.success) return told as { readonly pieces: readonly ListedPiece[]; readonly cursor: string | null };
  const [of, index] = page.error.issues[0]?.path ?? [];
  throw new UnusableAnswerError(
    of === 'pieces' && index !== undefined ? 'the printer listed a piece without an id or a mode' : 'the printer listed no page of pieces',
  );
};

const eventSchema = z.object({
  // Without one an event cannot be told from its repeat.
  eventId: printerId,
  providerId: printerId.nullable().catch(null),
  mailpieceId: z.guid().nullable().catch(null),
  organizationId: z.string().nullable().catch(null),
  status: tellable.nullable().catch(null),
  providerStatus: tellable.catch('the printer named no status'),
  occurredAt: z
    .string()
    .regex(/^[1-9]\d{3}-\d\d-\d\d(?:T|$)/)
    .refine((text) => !Number.isNaN(Date.parse(text)), { abort: true })
    .transform((text) => new Date(text).toISOString())
    .nullable()
    .catch(null),
  confidence: z.enum(['scan', 'assumed', 'logical', 'estimated']).catch('estimated'),
});
const pollSchema = z.object({ events: z.array(z.unknown()), cursor: z.unknown() });

export interface PollAnswer {
  readonly events: readonly PrinterEvent[];
  /** Null also where there is one that cannot be kept: what comes after it is asked for again. */
  readonly cursor: string | null;
  /** What cannot be used, by what is wrong with it. */
  readonly unusable: Readonly<Record<string, number>>;
}

/** An event whose time cannot be read counts as of now: what happened is worth more than when. Throws `UnusableAnswerError` where there is no page. */
export const pollAnswer = (told: unknown, now: Date): PollAnswer => {
  const page = pollSchema.safeParse(told);
  if (!page.success) throw new UnusableAnswerError('what the printer answered to its poll is no page of events');
  const events: PrinterEvent[] = [];
  const unusable: Record<string, number> = {};
  const blame = (fault: string): void => void (unusable[fault] = (unusable[fault] ?? 0) + 1);
  for (const told of page.data.events) {
    const event = eventSchema.safeParse(told);
    if (!event.success) {
      blame(event.error.issues[0]?.path.join('.') ?? '');
      continue;
    }
    const { occurredAt, status, ...rest } = event.data;
    if (occurredAt === null) blame('occurredAt');
    // A status that does not exist is kept and reported by the machine.
    events.push({ ...rest, status: status as PrinterEvent['status'], occurredAt: occurredAt ?? now.toISOString() });
  }
  const cursor = kept('cursor', LONGEST_TOKEN).nullable().safeParse(page.data.cursor);
  if (!cursor.success) blame('cursor');
  return { events, cursor: cursor.data ?? null, unusable };
};
