/** What renderers answer: of each card, on which pages it is or why it is not. */
import { z } from 'zod';
import type { CardRequest, RenderedDocument } from '../../ports/index.ts';
import {
  answersOf,
  isObject,
  identifierOf,
  retryLater,
  readAnswer,
  retry,
  sentence,
  text,
} from '../../runtime/answers.ts';
import { UnusableAnswerError } from '../../runtime/asking.ts';

const WHO = 'the renderer';
const page = z.int('no page').min(1, 'no page').max(1_000_000, 'no page');
const side = z.object({ document: z.int('no document').nonnegative('no document'), page });
const card = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('rendered'),
    front: side,
    back: side,
    contentHash: identifierOf('hash'),
  }),
  z
    .object({ outcome: z.literal('failed'), reason: sentence, message: sentence })
    .transform(({ outcome, reason, message }) => ({ outcome, message: `${reason}: ${message}` })),
  retry,
]);
export type CardAnswer = { readonly recipientId: string } & z.infer<typeof card>;

const documentsSchema = z.array(
  z.object({
    name: identifierOf('name'),
    bytes: z.instanceof(Uint8Array).refine(({ length }) => length > 0),
  }),
);

function cardAnswer(
  { recipientId }: CardRequest,
  told: Readonly<Record<string, unknown>>,
  documents: number,
): CardAnswer {
  const answer = readAnswer<z.infer<typeof card>>(told, {
    who: WHO,
    schema: card,
    otherwise: (message) => {
      if (told['outcome'] === 'rendered')
        throw new UnusableAnswerError(`${message}, for recipient ${recipientId}`);
      return retryLater(message);
    },
  });
  if (answer.outcome === 'rendered') {
    const missing = [answer.front, answer.back].find(({ document }) => document >= documents);
    if (missing !== undefined)
      throw new UnusableAnswerError(
        `the renderer names document ${missing.document} of ${documents} for recipient ${recipientId}`,
      );
  }
  return { recipientId, ...answer };
}

export interface CardAnswers {
  readonly documents: readonly RenderedDocument[];
  readonly answers: readonly CardAnswer[];
  /** Why it makes none of them; null where it does. */
  readonly refused: string | null;
}

/**
 * What a renderer made of these cards. Throws `UnusableAnswerError`, also for a single answer that
 * cannot be: a renderer that mixed up one row may have mixed up all, and a card with somebody
 * else's name on it is worse than none.
 */
export function cardAnswers(cards: readonly CardRequest[], told: unknown): CardAnswers {
  const { documents, results, refused } = isObject(told) ? told : {};
  if (Array.isArray(refused) && refused.length > 0) {
    const faults = refused.map((fault: unknown) => text(isObject(fault) ? fault['message'] : null));
    return { documents: [], answers: [], refused: text(faults.join('; ')) };
  }
  const list = answersOf(WHO, cards.length, results);
  if (!documentsSchema.safeParse(documents).success)
    throw new UnusableAnswerError('the renderer gave a document without a name or without content');
  const made = documents as readonly RenderedDocument[];
  const answers = cards.map((card, index) => {
    const one = list[index];
    if (!isObject(one) || one['recipientId'] !== card.recipientId)
      throw new UnusableAnswerError(
        `the renderer mixed up its rows: result ${index} is not of recipient ${card.recipientId}`,
      );
    return cardAnswer(card, one, made.length);
  });
  return { documents: made, answers, refused: null };
}
