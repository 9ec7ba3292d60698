/** Pieces as clients see them. */
import type { Books } from './books.ts';
import type { Piece } from './pieces.ts';
import { expectedDelivery } from './intake.ts';
import { pdfName } from './manifest.ts';
import type { LedgerLine, PieceView } from './wire.ts';

const LINES_AT_ONCE = 500;

export function view(piece: Piece): PieceView {
  return {
    id: piece.id,
    mailpiece: piece.reference.mailpieceId,
    reference: piece.reference,
    mode: piece.mode,
    format: piece.format,
    mailClass: piece.mailClass,
    status: piece.status,
    acceptedAt: new Date(piece.accepted.at).toISOString(),
    // In test mode nothing is printed, whatever tracking says.
    printedAt:
      piece.printed === null || piece.mode === 'test'
        ? null
        : new Date(piece.printed.at).toISOString(),
    file: piece.file === null ? null : pdfName(piece.file),
    card: piece.card,
    expectedDelivery: expectedDelivery(piece.accepted.at),
  };
}

export function ledgerLine(piece: Piece): LedgerLine {
  return { ...view(piece), idempotencyKey: piece.idempotencyKey, person: piece.person };
}

/** One JSON line for every piece ever accepted, in chunks: 100,000 of them are 50 MB. */
export function ledgerLines(books: Books): ReadableStream<Uint8Array> {
  const pieces = books.all()[Symbol.iterator]();
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      let lines = '';
      for (let count = 0; count < LINES_AT_ONCE; count += 1) {
        const next = pieces.next();
        if (next.done === true) {
          if (lines !== '') controller.enqueue(encoder.encode(lines));
          controller.close();
          return;
        }
        lines += `${JSON.stringify(ledgerLine(next.value))}\n`;
      }
      controller.enqueue(encoder.encode(lines));
    },
  });
}
