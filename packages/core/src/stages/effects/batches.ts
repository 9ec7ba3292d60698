/** Batches of effects and of documents: claimed for a while, and asked about at once. */
import { messageOf } from '../../common/message-of.ts';
import type { Work } from '../../machine/house.ts';
import type { CallContext } from '../../ports/index.ts';
import { retryLater, text } from '../../runtime/answers.ts';
import { askAdapter, type AskedAdapter } from '../../runtime/asking-adapters.ts';
import type { PipelineContext } from '../../runtime/context.ts';
import type { FailureRound } from '../../runtime/work-failures.ts';

/** How many are claimed at once. */
export const BATCH = 200;
/** Another runner may claim them when it has passed. */
export const LEASE_MS = 120_000;

export type RetryAnswer = ReturnType<typeof retryLater>;

export interface AskedBatch<Item> {
  readonly asked: AskedAdapter;
  readonly items: readonly Item[];
  readonly work: Work;
  readonly round: FailureRound;
  /** What the log says where it fails, and what it has beside the work. */
  readonly line: string;
  readonly fields?: object;
}

/**
 * Asks for an answer for each item, and tells the round how the work went. Does not throw for what
 * an adapter does: all are to be tried again, then.
 */
export async function askForBatch<Item, Answer extends { readonly outcome: string }>(
  context: PipelineContext,
  { asked, items, work, round, ...failure }: AskedBatch<Item>,
  call: (context: CallContext) => Promise<readonly (Answer | RetryAnswer)[]>,
): Promise<readonly (readonly [Item, Answer | RetryAnswer])[]> {
  const silenceMs = Math.min(context.settings.adapterTimeoutMs, LEASE_MS / 2);
  try {
    const answers = await askAdapter(context, asked, call, silenceMs);
    const told = answers.find(isRetry);
    // Of one that failed for good, or refuses, an alarm tells by itself.
    if (told !== undefined && answers.every(isRetry))
      round.failed(work, { ...failure, error: new Error(told.message) });
    else round.done(work);
    return items.map((item, index) => [
      item,
      answers[index] ?? retryLater(`${asked.who} gave no answer`),
    ]);
  } catch (error) {
    round.failed(work, { ...failure, error });
    const again = { ...retryLater(text(messageOf(error))), afterMs: 60_000 };
    return items.map((item) => [item, again]);
  }
}

export function isRetry(answer: { readonly outcome: string }): answer is RetryAnswer {
  return answer.outcome === 'retry';
}
