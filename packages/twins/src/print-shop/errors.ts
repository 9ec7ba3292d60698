/** Errors of the print shop that are told to who ordered. */
import type { RejectionCode } from './wire.ts';

/** The artwork cannot be used; nothing is wrong with the shop. */
export class ArtworkError extends Error {
  override readonly name = 'ArtworkError';
  readonly code: RejectionCode;
  constructor(code: RejectionCode, message: string) {
    super(message);
    this.code = code;
  }
}
