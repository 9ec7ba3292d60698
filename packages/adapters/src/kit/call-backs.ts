/** How a printer with an account is asked for cards back: one request each, several at a time. */
import type { CallContext, CancelResult } from '@postrider/core/ports';
import type { Account } from './account.ts';
import type { Asked } from './find-pieces.ts';
import type { HttpOutcome } from './http.ts';
import { severalAtOnce } from './turns.ts';

/** How a piece is called back. */
export interface CallBack {
  /** @param id as it stands in a path. */
  readonly request: (id: string) => Asked;
  /** Of an answer of 200. */
  readonly isCancelled: (body: string, providerId: string) => boolean;
  readonly isTooLate: (code: string) => boolean;
  /**
   * How a piece that is not to be had back, or not there, is looked at: it may have been called
   * back before, by a request whose answer was lost. Absent: the answer alone counts.
   */
  readonly look?: Pick<CallBack, 'request' | 'isCancelled'>;
  /** Most requests at a time; 10 unless told. */
  readonly atOnce?: number;
}

/**
 * A request a piece, several at a time: a card can be called back only for a while. What is not
 * told is unknown.
 */
export async function cancelEach(
  account: Account,
  providerIds: readonly string[],
  context: CallContext,
  { request, isCancelled, isTooLate, look, atOnce = 10 }: CallBack,
): Promise<readonly CancelResult[]> {
  return await severalAtOnce(providerIds, atOnce, async (id): Promise<CancelResult> => {
    const ask = async (asked: CallBack['request']): Promise<HttpOutcome> =>
      await account.ask({ ...asked(encodeURIComponent(id)), about: [id] }, context);
    const outcome = await ask(request);
    if (answered(outcome) && isCancelled(outcome.body, id)) return { outcome: 'cancelled' };
    const { code, message } = account.refusalIn(outcome);
    const tooLate = code !== null && isTooLate(code);
    const isGone = outcome.kind === 'answer' && outcome.status === 404;
    if (look === undefined || !(tooLate || isGone))
      return { outcome: tooLate ? 'too_late' : 'unknown', message };
    const seen = await ask(look.request);
    if (answered(seen) && look.isCancelled(seen.body, id)) return { outcome: 'cancelled' };
    return { outcome: tooLate && answered(seen) ? 'too_late' : 'unknown', message };
  });
}

function answered(outcome: HttpOutcome): outcome is HttpOutcome & { readonly kind: 'answer' } {
  return outcome.kind === 'answer' && outcome.status === 200;
}
