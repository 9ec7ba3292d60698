/** What printers list after a restored backup. */
import { z } from 'zod';
import type { ListedPiece } from '../../ports/index.ts';
import { identifierOf, LONGEST_TOKEN, printerId } from '../../runtime/answers.ts';
import { UnusableAnswerError } from '../../runtime/asking.ts';

const listed = z.object({
  pieces: z.array(z.object({ providerId: printerId, mode: z.enum(['test', 'live']) })),
  cursor: identifierOf('cursor', LONGEST_TOKEN).nullable(),
});

/**
 * A page of what a printer made. Throws `UnusableAnswerError`, also for one piece without an id: it
 * may be the one that matters.
 */
export function listAnswer(told: unknown): {
  readonly pieces: readonly ListedPiece[];
  readonly cursor: string | null;
} {
  const page = listed.safeParse(told);
  if (page.success)
    return told as { readonly pieces: readonly ListedPiece[]; readonly cursor: string | null };
  const [of, index] = page.error.issues[0]?.path ?? [];
  throw new UnusableAnswerError(
    of === 'pieces' && index !== undefined
      ? 'the printer listed a piece without an id or a mode'
      : 'the printer listed no page of pieces',
  );
}
