/** What enrichers answer: to a batch, to a question for it, and what they found. */
import { z } from 'zod';
import type { Address } from '../../ports/index.ts';
import { identifierOf, LONGEST_TOKEN, sentence } from '../../runtime/answers.ts';
import { addressSchema } from '../../runtime/printable.ts';

const submissionSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('accepted'), providerBatchId: identifierOf('id', LONGEST_TOKEN) }),
  z.object({
    outcome: z.literal('retry'),
    afterMs: z.number().nonnegative().catch(60_000),
    message: sentence,
  }),
  z.object({ outcome: z.literal('rejected'), message: sentence }),
]);
const answerSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('pending') }),
  z.object({ outcome: z.literal('lost'), message: sentence }),
  z.object({ outcome: z.literal('done'), results: z.array(z.unknown()) }),
]);
const resultSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('match'), recipientId: z.guid(), address: addressSchema }),
  z.object({ outcome: z.literal('no_match'), recipientId: z.guid() }),
]);

/**
 * Throws where the enricher may have the batch and names no id that could be kept: it is asked for
 * it later.
 */
export function submissionAnswer(told: unknown): z.infer<typeof submissionSchema> {
  const submission = submissionSchema.safeParse(told);
  if (!submission.success)
    throw new Error(
      'what the enricher said of the batch cannot be used; it is asked later whether it has it',
    );
  return submission.data;
}

/** The enricher's id of a batch, or null where it does not have it. */
export function batchIdAnswer(told: unknown): string | null {
  const id = identifierOf('id', LONGEST_TOKEN).nullable().safeParse(told);
  if (!id.success) throw new Error('the enricher names an id of the batch that cannot be kept');
  return id.data;
}

export type CollectAnswer =
  | { readonly outcome: 'pending' }
  | { readonly outcome: 'lost'; readonly message: string }
  | {
      readonly outcome: 'done';
      readonly results: readonly {
        readonly recipientId: string;
        readonly address: Address | null;
      }[];
      /** Results that cannot be used, by what is wrong with them. */
      readonly unusable: Readonly<Record<string, number>>;
    };

/**
 * Of two results for one person the first counts. Throws where nothing of the answer can be used.
 */
export function collectAnswer(told: unknown): CollectAnswer {
  const answer = answerSchema.safeParse(told);
  if (!answer.success) throw new Error('what the enricher answered is no answer');
  if (answer.data.outcome !== 'done') return answer.data;
  const results = new Map<string, { recipientId: string; address: Address | null }>();
  const unusable: Record<string, number> = {};
  for (const told of answer.data.results) {
    const result = resultSchema.safeParse(told);
    if (result.success) {
      const recipientId = result.data.recipientId.toLowerCase();
      const address = result.data.outcome === 'match' ? result.data.address : null;
      if (!results.has(recipientId)) results.set(recipientId, { recipientId, address });
    } else {
      const fault = result.error.issues[0]?.path.join('.') ?? '';
      unusable[fault] = (unusable[fault] ?? 0) + 1;
    }
  }
  if (results.size === 0 && answer.data.results.length > 0) {
    throw new Error(
      `none of the enricher's ${answer.data.results.length} results can be used: ` +
        `${JSON.stringify(unusable)}`,
    );
  }
  return { outcome: 'done', results: [...results.values()], unusable };
}
