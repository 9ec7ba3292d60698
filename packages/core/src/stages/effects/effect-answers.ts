/** What usage meters, event sinks, and image hosts that remove documents answer. */
import { z } from 'zod';
import { retryLater, readAnswers, retry, sentence } from '../../runtime/answers.ts';

const effect = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('done') }),
  z.object({ outcome: z.literal('failed'), message: sentence }),
  z.object({ outcome: z.literal('refused'), message: sentence }),
  retry.extend({ untried: z.boolean().optional().catch(undefined) }),
]);
export type EffectAnswer = z.infer<typeof effect>;

/** What a meter or a sink did. Throws `UnusableAnswerError`. */
export function effectAnswers(
  who: string,
  asked: number,
  answers: unknown,
): readonly EffectAnswer[] {
  return readAnswers<EffectAnswer>(asked, answers, { who, schema: effect, otherwise: retryLater });
}

const remove = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('removed') }),
  z.object({ outcome: z.literal('failed'), message: sentence }),
  retry,
]);
export type RemoveAnswer = z.infer<typeof remove>;

/** What became of documents. Throws `UnusableAnswerError`. */
export function removeAnswers(
  who: string,
  asked: number,
  answers: unknown,
): readonly RemoveAnswer[] {
  return readAnswers<RemoveAnswer>(asked, answers, { who, schema: remove, otherwise: retryLater });
}
