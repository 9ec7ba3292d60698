/** Answers of printers, each with the person that it is about. */
import type { BegunPiece, MailSettlement } from '../../machine/mail.ts';
import type { PieceAnswer } from './printer-answers.ts';

export function toSettlement(
  { recipientId, mailpieceId }: BegunPiece,
  answer: PieceAnswer,
): MailSettlement {
  return {
    recipientId,
    mailpieceId,
    ...answer,
  };
}

/** The same for all. */
export function sameForAll(pieces: readonly BegunPiece[], answer: PieceAnswer): MailSettlement[] {
  return pieces.map((piece) => toSettlement(piece, answer));
}
