/**
 * What a refusal proves of a piece. In short: the account's fault holds the connection, the
 * artwork's the campaign, an address skips its person, and what is unclear is unknown.
 */
import type { SubmitResult } from '@postrider/core/ports';
import type { ToldRefusal } from './account.ts';

/** Whose fault a code of the provider's is. What is none of these is the piece's. */
export interface Faults {
  /** Nothing was made, and whatever is sent next fares alike. 401, 402 and 403 always are. */
  readonly ofTheAccount: (code: string) => boolean;
  readonly ofTheAddress: (code: string, message: string) => boolean;
  /** The same for every card of the campaign, mostly. 413 in the provider's words always is. */
  readonly ofTheArtwork: (code: string, message: string) => boolean;
}

const refusals = new Set([400, 401, 402, 403, 404, 405, 410, 413, 414, 415, 422]);
const ofAnyAccount = new Set([401, 402, 403]);

/** @param status neither 2xx nor 429. */
export function refusalOf(
  status: number,
  { code, message }: ToldRefusal,
  faults: Faults,
): SubmitResult {
  // 408, 409, 5xx, redirects, and what nobody documents: it may have made the piece.
  if (!refusals.has(status)) return { outcome: 'unknown', message };
  if (ofAnyAccount.has(status) || (code !== null && faults.ofTheAccount(code)))
    return { outcome: 'refused', reason: code ?? `http_${status}`, message };
  // Not in the provider's words: something before it has answered, and it never had the request
  // whole. It made nothing, and the next piece would fare alike. A 413 too: that a proxy takes only
  // so many bytes is no word about the artwork, and must cost nobody their card.
  if (code === null) return { outcome: 'refused', reason: `http_${status}`, message };
  return {
    outcome: 'rejected',
    reason: code,
    message,
    badAddress: faults.ofTheAddress(code, message),
    badArtwork: status === 413 || faults.ofTheArtwork(code, message),
  };
}
