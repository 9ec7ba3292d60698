/** Calls of providers as a runner records them. */
import { randomUUID } from 'node:crypto';
import type { RecordedCall } from '../../../packages/core/src/machine/provider-calls.ts';

/** A printer accepted a card. */
export function recordedCall(
  organizationId: string,
  changes: Partial<RecordedCall> = {},
): RecordedCall {
  return {
    organizationId,
    id: randomUUID(),
    connectionId: null,
    who: 'press',
    route: 'POST /cards',
    about: [],
    startedAt: new Date(),
    durationMs: 152.5,
    status: 200,
    outcome: 'answer',
    hungUp: false,
    providerRequestId: 'req_1',
    request: 'POST https://press.test/cards\n\n{"to":"Ann Lee"}',
    answer: '200\n\n{"id":"card_1"}',
    error: null,
    ...changes,
  };
}
