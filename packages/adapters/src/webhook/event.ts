/** A webhook's body: an event of a card, without name, address or e-mail of its person. */
import type { EffectItem } from '@postrider/core/ports';

/** The specification asks for less. */
export const LARGEST_BODY = 20_000;

/** The same text whenever it is sent, as long as nothing else is known of the card. */
export function bodyOf(item: EffectItem): string {
  const { reference, tracking } = item;
  return JSON.stringify({
    type: `mailpiece.${item.status}`,
    timestamp: isoOf(item.occurredAt),
    data: {
      mailpieceId: reference.mailpieceId,
      status: item.status,
      isBackfill: item.isBackfill,
      mode: item.mode,
      organization: { id: reference.organizationId, name: item.organization },
      campaign: { id: reference.campaignId, name: item.campaign },
      recipient: { id: reference.recipientId, externalId: item.externalId },
      format: item.format,
      mailClass: item.mailClass,
      tracking: {
        ...tracking,
        acceptedAt: tracking.acceptedAt === null ? null : isoOf(tracking.acceptedAt),
      },
    },
  });
}

/** In UTC, whichever zone the database told it in. */
function isoOf(time: string): string {
  return new Date(time).toISOString();
}
