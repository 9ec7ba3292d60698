/** Cards that are sent again only because their printer honours the key. */
import type { BegunPiece } from '../../machine/mail.ts';
import { SendStoppedError } from '../../ports/index.ts';

/**
 * Throws `SendStoppedError` where the key of one of these pieces may be forgotten by now: a cohort
 * that waits for a rate limit renews its lease, and may outlive a key.
 * @param sinceMs how long ago the cohort was begun
 */
export function assertKeysHonoured(pieces: readonly BegunPiece[], sinceMs: number): void {
  if (pieces.some(({ repeatForMs }) => repeatForMs !== null && sinceMs >= repeatForMs))
    throw new SendStoppedError(
      'the key of a card is too old for the card to be sent again: the printer is asked first',
    );
}
