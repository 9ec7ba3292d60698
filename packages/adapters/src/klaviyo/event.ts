/**
 * An event of a card, as Klaviyo takes it. Of the person there is the id of the profile alone:
 * what stands in the attributes of a profile would change it.
 */
import type { EffectItem, EventStatus } from '@postrider/core/ports';

const words: Readonly<Record<EventStatus, string>> = {
  sent: 'Sent',
  in_transit: 'In Transit',
  delivered: 'Delivered',
  returned: 'Returned',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/** @param metric how the names of metrics begin. */
function attributesOf(item: EffectItem, metric: string): object {
  return {
    properties: propertiesOf(item),
    time: isoOf(item.occurredAt),
    unique_id: item.key,
    ...(item.isBackfill ? { backfill: true } : {}),
    metric: {
      data: { type: 'metric', attributes: { name: `${metric} ${words[item.status]}` } },
    },
  };
}

/** The attributes are required, and empty. */
function profileOf({ externalId }: EffectItem): object {
  return { data: { type: 'profile', id: externalId, attributes: {} } };
}

export function eventBody(item: EffectItem, metric: string): object {
  return {
    data: {
      type: 'event',
      attributes: { ...attributesOf(item, metric), profile: profileOf(item) },
    },
  };
}

/** Those of one profile together. */
export function bulkBody(items: readonly EffectItem[], metric: string): object {
  const byProfile = Map.groupBy(items, ({ externalId }) => externalId);
  return {
    data: {
      type: 'event-bulk-create-job',
      attributes: {
        'events-bulk-create': {
          data: Array.from(byProfile.values(), (own) => ({
            type: 'event-bulk-create',
            attributes: {
              profile: own[0] === undefined ? null : profileOf(own[0]),
              events: {
                data: own.map((item) => ({
                  type: 'event',
                  attributes: attributesOf(item, metric),
                })),
              },
            },
          })),
        },
      },
    },
  };
}

/** What is not known is left out. */
function propertiesOf({ reference, tracking, ...item }: EffectItem): object {
  const known: Readonly<Record<string, unknown>> = {
    mailpiece_id: reference.mailpieceId,
    status: item.status,
    mode: item.mode,
    organization: item.organization,
    campaign: item.campaign,
    campaign_id: reference.campaignId,
    recipient_id: reference.recipientId,
    format: item.format,
    mail_class: item.mailClass,
    printer: tracking.printer,
    provider_id: tracking.providerId,
    accepted_at: tracking.acceptedAt === null ? null : isoOf(tracking.acceptedAt),
    expected_delivery: tracking.expectedDelivery,
    rerouted: tracking.rerouted,
    confidence: tracking.confidence,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null));
}

/** In UTC, whichever zone the database told it in. */
function isoOf(time: string): string {
  return new Date(time).toISOString();
}
