/** A card that is set only to be looked at, and the context in which its adapters are called. */
import type { CardRequest, Member } from '@postrider/core';
import { unlimited, type CallContext } from '@postrider/core/ports';
import { quietLogger } from '@postrider/runner/pipeline';

export function quietContext(): CallContext {
  return {
    signal: new AbortController().signal,
    logger: quietLogger({ detail: () => undefined }),
    now: () => new Date(),
    alive: () => undefined,
    limiter: unlimited,
    calls: { record: () => undefined },
    saved: {
      read: async () => await Promise.resolve(null),
      write: async () => await Promise.resolve(),
    },
  };
}

export const nobody: Member = {
  row: null,
  externalId: 'nobody',
  email: null,
  firstName: null,
  lastName: null,
  address: null,
  merge: {},
};

/**
 * The card of a member who is not a recipient yet. Without an address it gets a made-up one: the
 * card is only looked at.
 */
export function cardOf(member: Member, returnAddress: CardRequest['returnAddress']): CardRequest {
  return {
    recipientId: '00000000-0000-7000-8000-000000000000',
    firstName: member.firstName,
    lastName: member.lastName,
    address: member.address ?? {
      line1: '1 Example Street',
      line2: null,
      city: 'Springfield',
      region: 'IL',
      postalCode: '62701',
      country: 'US',
    },
    returnAddress,
    merge: member.merge,
    reference: 'PREVIEW2',
  };
}
