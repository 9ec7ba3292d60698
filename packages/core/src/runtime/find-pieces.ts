/**
 * Asks a printer what became of pieces: those whose outcome is unknown, and after a restored backup
 * those that were opened since.
 */
import { z } from 'zod';
import { messageOf } from '../common/message-of.ts';
import type { PrinterKey } from '../machine/briefs.ts';
import type { ReconcileVerdict, UnknownPiece } from '../machine/reconcile.ts';
import type { Printer } from '../ports/index.ts';
import { printerId, readAnswers, sentence } from './answers.ts';
import type { PipelineContext } from './context.ts';
import { askPrinter, printerNamed } from './printers.ts';

/** Pieces that a printer is asked about at a time. */
export const FIND_BATCH = 50;

/**
 * What the printer says of each. Never throws: a piece that could not be asked about is
 * `not_asked`, and `failed` is told why.
 */
export async function findPieces(
  context: PipelineContext,
  { organizationId, printerName: name }: PrinterKey,
  pieces: readonly UnknownPiece[],
  failed: (error: unknown, line: string) => void,
): Promise<ReconcileVerdict[]> {
  try {
    const printer = await printerNamed(context, organizationId, name);
    const { port } = printer;
    const references = pieces.map((piece) => reference(organizationId, piece));
    const found = await askPrinter(
      context,
      printer,
      async (call) => await port.find(references, call),
    );
    return findAnswers(pieces.length, found).map((answer, index): ReconcileVerdict => {
      const piece = pieces[index] as UnknownPiece;
      return {
        mailpieceId: piece.mailpieceId,
        attempt: piece.attempt,
        keyLifetimeMs: keyLifetimeOf(port),
        ...answer,
      };
    });
  } catch (error) {
    // The printer could not be asked at all: that is no reason to submit a piece again.
    const message = messageOf(error);
    failed(error, 'the printer could not be asked about unknown pieces; it is asked again later');
    return pieces.map(({ mailpieceId, attempt }) => ({
      mailpieceId,
      attempt,
      outcome: 'not_asked',
      keyLifetimeMs: null,
      message,
    }));
  }
}

/** Longer is as good as for ever. */
const LONGEST_LIFE_MS = 10 * 365 * 86_400_000;

/** Null also where it tells no time: then no key of it counts. */
function keyLifetimeOf({ keyLifetimeMs }: Printer): number | null {
  return keyLifetimeMs !== null && keyLifetimeMs > 0
    ? Math.floor(Math.min(keyLifetimeMs, LONGEST_LIFE_MS))
    : null;
}

function reference(organizationId: string, piece: UnknownPiece) {
  return {
    reference: {
      organizationId,
      campaignId: piece.campaignId,
      recipientId: piece.recipientId,
      mailpieceId: piece.mailpieceId,
    },
    idempotencyKey: piece.idempotencyKey,
  };
}

const found = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('found'), providerId: printerId }),
  z.object({ outcome: z.literal('absent') }),
  z.object({ outcome: z.literal('cannot_tell'), message: sentence }),
]);
type FindAnswer = z.infer<typeof found>;

/**
 * What a printer knows of so many pieces; only a plain `absent` is one. Throws
 * `UnusableAnswerError`.
 */
export function findAnswers(asked: number, answers: unknown): readonly FindAnswer[] {
  return readAnswers<FindAnswer>(asked, answers, {
    who: 'the printer',
    schema: found,
    otherwise: (message) => ({
      outcome: 'cannot_tell',
      message,
    }),
  });
}
