/**
 * The bad days of a printer, on request (`POST /v1/faults`, only with `--allow-faults`). Each fault
 * waits in a queue for the requests that it is meant for and hits `count` of them. "Effect" is what
 * the request was for: the piece is in the ledger, the cancellation is done.
 */
import { z } from 'zod';

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
  /** Every piece of the request that is new is rejected with `code`. */
  'reject',
  /** Nothing done, no answer, the connection stays open. */
  'stall',
  /** Effect done and durable, no answer, the connection stays open. */
  'stall_after_effect',
] as const;

const fault = z.object({
  kind: z.enum(faultKinds),
  /** How many requests it hits. */
  count: z.int().min(1).default(1),
  endpoint: z.enum(['submit', 'find', 'cancel', 'events', 'any']).default('submit'),
  /** Only requests that concern this mailpiece; `reject` then hits this piece alone. */
  mailpieceId: z.string().optional(),
  ms: z.int().min(0).max(600_000).default(1_000),
  code: z.string().min(1).default('rejected_on_request'),
  message: z.string().default('Rejected because a test asked for it.'),
  retryAfterSeconds: z.int().min(0).default(1),
});

export const faultsRequest = z.object({ faults: z.array(fault).min(1).max(1_000) });

export type Fault = z.infer<typeof fault>;
export type FaultInput = z.input<typeof fault>;
export type FaultKind = Fault['kind'];
export type Endpoint = Exclude<Fault['endpoint'], 'any'>;

export class Faults {
  #queue: Fault[] = [];

  add(faults: readonly Fault[]): void {
    this.#queue.push(...faults);
  }

  clear(): void {
    this.#queue = [];
  }

  /** What still waits. */
  list(): readonly Fault[] {
    return this.#queue;
  }

  /** The fault that hits this request, if any; the first queued that fits. */
  take(endpoint: Endpoint, mailpieceIds: readonly string[]): Fault | null {
    const index = this.#queue.findIndex(
      (one) =>
        (one.endpoint === 'any' || one.endpoint === endpoint) &&
        (one.mailpieceId === undefined || mailpieceIds.includes(one.mailpieceId)),
    );
    const found = this.#queue[index];
    if (found === undefined) return null;
    if (found.count > 1) this.#queue[index] = { ...found, count: found.count - 1 };
    else this.#queue.splice(index, 1);
    return found;
  }
}
