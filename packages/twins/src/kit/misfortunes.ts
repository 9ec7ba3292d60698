/**
 * The bad days of a provider whose twin answers in bytes. Each waits in a queue for the requests
 * that it is meant for, by endpoint and by subject, and hits `count` of them. "Effect" is what the
 * request was for: the piece is in the ledger, the cancellation is done.
 */
import { z } from 'zod';
import type { Answer, Outcome } from './exchange.ts';
import type { Faults } from './faults.ts';

export const misfortuneKinds = [
  /** Everything as usual, but `ms` later: also when the client has given up long before. */
  'latency',
  /** Nothing done; in the words and with the headers of the provider. */
  'rate_limited',
  /** Nothing done, and an answer of `status` (500). */
  'error_before_effect',
  /** Effect done and durable, and an answer of `status` (500). */
  'error_after_effect',
  /** The connection is cut before anything was done. */
  'reset_before_effect',
  /** Effect done and durable; then the connection is cut without an answer. */
  'reset_after_effect',
  /** Effect done; the second half of the answer comes `ms` later. */
  'slow_body',
  /** Effect done; the answer says that all is well, and its body is no JSON. */
  'broken_json',
  /** Effect done; the connection is cut in the middle of the answer. */
  'half_answer',
  /** Nothing done, no answer, the connection stays open. */
  'silence',
  /** Effect done and durable, no answer, the connection stays open. */
  'silence_after_effect',
  /** Nothing done: the provider says that the key is not valid. */
  'expired_key',
  /** Nothing done: the provider refuses with `code` and `status`. */
  'refusal',
] as const;

/** What happens to webhooks, at the endpoint `webhook`; the subject is an event or a thing. */
export const webhookFaultKinds = [
  /** Sent twice, with the same id. */
  'duplicate',
  /** Sent after the next one. */
  'reorder',
  /** Never sent. */
  'lose',
] as const;

export const misfortune = z.object({
  kind: z.enum([...misfortuneKinds, ...webhookFaultKinds]),
  endpoint: z.string().min(1).default('any'),
  /** How many requests, or webhooks, it hits. */
  count: z.int().min(1).default(1),
  ms: z.int().min(0).max(600_000).default(1_000),
  /** Of the answer. For `refusal` the provider's own for this code unless told. */
  status: z.int().min(400).max(599).optional(),
  code: z.string().min(1).default('bad_request'),
  message: z.string().optional(),
  /** Only requests that concern this thing of the client's, or of the twin's. */
  subject: z.string().optional(),
});

/** As it waits in the queue. */
export type Misfortune = z.infer<typeof misfortune>;
export type MisfortuneInput = z.input<typeof misfortune>;

/** How a provider says no. */
export interface Manners {
  rateLimited(): Answer;
  broken(status: number): Answer;
  expiredKey(): Answer;
  refusal(fault: Pick<Misfortune, 'code' | 'status' | 'message'>): Answer;
}

/**
 * Runs `effect`, with the bad luck that was ordered for it before and after.
 *
 * @param effect takes so much longer: what it claims (an idempotency key) it holds meanwhile.
 */
export async function withMisfortune(
  fault: Misfortune | null,
  manners: Manners,
  effect: (latencyMs?: number) => Promise<Answer>,
): Promise<Outcome> {
  const { kind, ms = 0, status = 500 } = fault ?? {};
  switch (kind) {
    case 'rate_limited':
      return manners.rateLimited();
    case 'error_before_effect':
      return manners.broken(status);
    case 'reset_before_effect':
      return 'reset';
    case 'silence':
      return 'silence';
    case 'expired_key':
      return manners.expiredKey();
    case 'refusal':
      return fault === null ? effect() : manners.refusal(fault);
    case 'latency':
      return effect(ms);
    case 'error_after_effect':
      await effect();
      return manners.broken(status);
    case 'reset_after_effect':
      await effect();
      return 'reset';
    case 'silence_after_effect':
      await effect();
      return 'silence';
    case 'slow_body':
      return { slowly: await effect(), ms };
    case 'half_answer':
      return { half: await effect() };
    case 'broken_json': {
      const answer = await effect();
      return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
    }
    case 'duplicate':
    case 'reorder':
    case 'lose':
    case undefined:
      return effect();
  }
}

export type MisfortuneQueue = Faults<Misfortune>;
