/** A card that is set only to be looked at. */
import type { CardRequest, Member } from '@postrider/core';

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
