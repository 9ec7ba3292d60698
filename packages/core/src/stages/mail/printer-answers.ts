/**
 * What printers answer to cards that they are sent or asked to call back; of all answers the ones
 * that cannot be asked for again, since what was printed was printed.
 */
import { z } from 'zod';
import type { MailSettlement } from '../../machine/mail.ts';
import type { CancelResult } from '../../ports/index.ts';
import { printerId, readAnswers, retry, sentence } from '../../runtime/answers.ts';
import { detailFields, toldDetails } from './told-details.ts';

const WHO = 'the printer';

/** The day of an ISO 8601 date or moment; null where it cannot be read. */
const day = z
  .string()
  .regex(/^[1-9]\d{3}-\d\d-\d\d(?![^T ])/)
  .transform((moment) => moment.slice(0, 10))
  .pipe(z.iso.date())
  .nullable()
  .catch(null);

const piece = z.discriminatedUnion('outcome', [
  z
    .object({
      outcome: z.literal('accepted'),
      providerId: printerId,
      expectedDelivery: day,
      ...detailFields,
    })
    .transform(({ outcome, providerId, expectedDelivery, ...told }) => ({
      outcome,
      providerId,
      expectedDelivery,
      details: toldDetails(told),
    })),
  z
    .object({
      outcome: z.literal('rejected'),
      reason: sentence,
      message: sentence,
      badAddress: z.boolean().catch(false),
      badArtwork: z.boolean().catch(false),
    })
    .transform(({ outcome, reason, message, badAddress, badArtwork }) => ({
      outcome,
      message: `${reason}: ${message}`,
      badAddress,
      badArtwork,
    })),
  z
    .object({ outcome: z.literal('refused'), reason: sentence, message: sentence })
    .transform(({ outcome, reason, message }) => ({ outcome, message: `${reason}: ${message}` })),
  // It is not ours, whatever it names.
  z
    .object({
      outcome: z.literal('mismatched'),
      providerId: printerId.nullable().catch(null),
      message: sentence,
    })
    .transform(({ outcome, providerId, message }) =>
      providerId === null ? { outcome, message } : { outcome, providerId, message },
    ),
  retry.extend({ artworkGone: z.boolean().catch(false) }),
  z.object({ outcome: z.literal('unknown'), message: sentence }),
]);
export type PieceAnswer = Omit<MailSettlement, 'recipientId' | 'mailpieceId'>;

/** What a printer says of so many pieces. Throws `UnusableAnswerError`. */
export function pieceAnswers(asked: number, answers: unknown): readonly PieceAnswer[] {
  return readAnswers<PieceAnswer>(asked, answers, {
    who: WHO,
    schema: piece,
    otherwise: (message) => ({
      outcome: 'unknown',
      message,
    }),
  });
}

const cancelled = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('cancelled') }),
  z.object({ outcome: z.enum(['too_late', 'unknown']), message: sentence }),
]);

/** What became of so many cards that were called back. Throws `UnusableAnswerError`. */
export function cancelAnswers(asked: number, answers: unknown): readonly CancelResult[] {
  return readAnswers<CancelResult>(asked, answers, {
    who: WHO,
    schema: cancelled,
    otherwise: (message) => ({
      outcome: 'unknown',
      message,
    }),
  });
}
