/** Answers of printers, each with the person that it is about. */
import type { BegunPiece, MailSettlement } from '../../machine/mail.ts';
import type { PieceAnswer } from './printer-answers.ts';

function toSettlement(
  { recipientId, mailpieceId }: BegunPiece,
  answer: PieceAnswer,
): MailSettlement {
  return {
    recipientId,
    mailpieceId,
    ...answer,
  };
}

/** Of each piece the answer in its place; unknown where there is none. */
export function settlementsOf(
  pieces: readonly BegunPiece[],
  answers: readonly PieceAnswer[],
): MailSettlement[] {
  return pieces.map((piece, index) =>
    toSettlement(
      piece,
      answers[index] ?? { outcome: 'unknown', message: 'the adapter gave no result' },
    ),
  );
}

/** The same for all. */
export function sameForAll(pieces: readonly BegunPiece[], answer: PieceAnswer): MailSettlement[] {
  return pieces.map((piece) => toSettlement(piece, answer));
}
