/**
 * The bad days of a provider, on request. Each fault waits in a queue for the requests that it is
 * meant for and hits `count` of them. "Effect" is what the request was for: the piece is in the
 * ledger, the cancellation is done.
 */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { z } from 'zod';
import { refuse, type Ctx } from './requests.ts';

export const faultKinds = [
  /** Effect done and durable; then the connection is cut without an answer. */
  'drop_answer_after_effect',
  /** The connection is cut before anything was done. */
  'drop_before_effect',
  'http_500_after_effect',
  'http_500_before_effect',
  /** Nothing done; `Retry-After` in seconds. */
  'http_429',
  'http_503',
  /** Everything as usual, but `ms` later: also when the client has given up long before. */
  'delay_ms',
  /** Everything in the request that is new is rejected with `code`. */
  'reject',
  /** Nothing done, no answer, the connection stays open. */
  'stall',
  /** Effect done and durable, no answer, the connection stays open. */
  'stall_after_effect',
] as const;

const waiting = z.object({
  kind: z.enum(faultKinds),
  /** How many requests it hits. */
  count: z.int().min(1).default(1),
  ms: z.int().min(0).max(600_000).default(1_000),
  code: z.string().min(1).default('rejected_on_request'),
  message: z.string().default('Rejected because a test asked for it.'),
  retryAfterSeconds: z.int().min(0).default(1),
  /** Only requests that concern this thing of the client's; `reject` then hits it alone. */
  subject: z.string().optional(),
});

/** As it waits in the queue. */
export interface Fault extends z.infer<typeof waiting> {
  /** The kind of request that it hits, or `any`. */
  readonly endpoint: string;
}

/** The fields of a fault in a request; the twin adds its endpoints, and what it calls a subject. */
export const faultFields = waiting.omit({ subject: true }).shape;

/** What a queue of faults needs to know of one. */
interface Queued {
  readonly endpoint: string;
  readonly count: number;
  readonly subject?: string | undefined;
}

export class Faults<One extends Queued = Fault> {
  #queue: One[] = [];

  add(faults: readonly One[]): void {
    this.#queue.push(...faults);
  }

  clear(): void {
    this.#queue = [];
  }

  /** What still waits. */
  list(): readonly One[] {
    return this.#queue;
  }

  /** The fault that hits this request, if any; the first queued that fits. */
  take(endpoint: string, subjects: readonly string[]): One | null {
    const index = this.#queue.findIndex(
      (one) =>
        (one.endpoint === 'any' || one.endpoint === endpoint) &&
        (one.subject === undefined || subjects.includes(one.subject)),
    );
    const found = this.#queue[index];
    if (found === undefined) return null;
    if (found.count > 1) this.#queue[index] = { ...found, count: found.count - 1 };
    else this.#queue.splice(index, 1);
    return found;
  }
}

/** What bad luck needs of a twin. */
export interface FaultyTwin {
  readonly faults: Faults;
  /** Resolves after `ms`, or when the twin closes. */
  pause(ms: number): Promise<void>;
}

/** What a request is about: faults are ordered for an endpoint, or for one of its subjects. */
export interface FaultTarget {
  readonly endpoint: string;
  readonly subjects: readonly string[];
}

/** Runs `effect`, with the bad luck that was ordered for it before and after. */
export async function withFaults(
  c: Ctx,
  twin: FaultyTwin,
  { endpoint, subjects }: FaultTarget,
  effect: (fault: Fault | null) => Promise<Response>,
): Promise<Response> {
  const fault = twin.faults.take(endpoint, subjects);
  switch (fault?.kind) {
    case 'http_429':
      c.header('retry-after', String(fault.retryAfterSeconds));
      return refuse(c, 429, {
        code: 'too_many_requests',
        message: 'Too many requests; nothing of this one was done.',
      });
    case 'http_503':
      return refuse(c, 503, { code: 'unavailable', message: 'It is not available.' });
    case 'http_500_before_effect':
      return brokenAnswer(c);
    case 'drop_before_effect':
      return hangUp(c);
    case 'stall':
      return silence(twin);
    case 'delay_ms':
      await twin.pause(fault.ms);
      return effect(null);
    case 'http_500_after_effect':
      await effect(null);
      return brokenAnswer(c);
    case 'drop_answer_after_effect':
      await effect(null);
      return hangUp(c);
    case 'stall_after_effect':
      await effect(null);
      return silence(twin);
    case 'reject':
    case undefined:
      return effect(fault);
  }
}

function brokenAnswer(c: Ctx): Response {
  return refuse(c, 500, { code: 'internal_error', message: 'Something went wrong.' });
}

function hangUp(c: Ctx): Response {
  c.env.incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** Ends when the twin does. */
async function silence(twin: FaultyTwin): Promise<Response> {
  await twin.pause(Infinity);
  return RESPONSE_ALREADY_SENT;
}
