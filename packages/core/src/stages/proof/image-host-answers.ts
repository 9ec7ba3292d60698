/** What image hosts answer. */
import { z } from 'zod';
import { identifierOf, retryLater, readAnswers, retry, sentence } from '../../runtime/answers.ts';

const said = sentence.transform((message) => `image host: ${message}`);
const put = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('stored'), url: identifierOf('URL') }),
  z.object({ outcome: z.literal('failed'), message: said }),
  retry.extend({ message: said }),
]);
export type Stored = z.infer<typeof put>;

/** Where an image host put so many documents. Throws `UnusableAnswerError`. */
export function storedAnswers(asked: number, answers: unknown): readonly Stored[] {
  return readAnswers<Stored>(asked, answers, {
    who: 'the image host',
    schema: put,
    otherwise: retryLater,
  });
}
