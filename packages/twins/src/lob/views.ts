/** What Lob tells of a postcard, an event, an address. */
import { hash } from 'node:crypto';
import { DAY } from '../kit/clock.ts';
import type { Piece, PieceEvent } from './books.ts';
import type { Address, EventType } from './entries.ts';
import { expectedDelivery } from './journey.ts';

const LINK_DAYS = 30;
/** A person who has moved: the post lets nobody tell where to. */
const HIDDEN = '████';

/** As tracking calls what the post has scanned. */
const scanNames: Readonly<Partial<Record<EventType, string>>> = {
  mailed: 'Mailed',
  in_transit: 'In Transit',
  in_local_area: 'In Local Area',
  processed_for_delivery: 'Processed for Delivery',
  delivered: 'Delivered',
  're-routed': 'Re-Routed',
  returned_to_sender: 'Returned to Sender',
};

const onlyLive: ReadonlySet<EventType> = new Set([
  'mailed',
  'in_transit',
  'in_local_area',
  'processed_for_delivery',
  're-routed',
  'returned_to_sender',
]);

const countries = new Intl.DisplayNames(['en'], { type: 'region' });

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** A new one each time, as Lob's are; it leads nowhere. */
function link(name: string, now: number): string {
  const expires = Math.floor((now + LINK_DAYS * DAY) / 1000);
  const signature = hash('sha256', `${name} ${expires}`, 'base64url');
  const query = `version=v1&expires=${expires}&signature=${signature}`;
  return `https://lob-assets.com/postcards/${name}?${query}`;
}

function thumbnails(id: string, now: number): object[] {
  return [1, 2].map((page) => ({
    small: link(`${id}_thumb_small_${page}.png`, now),
    medium: link(`${id}_thumb_medium_${page}.png`, now),
    large: link(`${id}_thumb_large_${page}.png`, now),
  }));
}

function addressView(address: Address, at: number, normalize: boolean): object {
  const capitals = (text: string | null): string | null =>
    normalize ? (text?.toUpperCase() ?? null) : text;
  const moved = address.line1 === 'NCOA';
  return {
    id: address.id,
    description: address.description,
    name: capitals(address.name),
    company: capitals(address.company),
    phone: address.phone,
    email: address.email,
    address_line1: moved ? HIDDEN : capitals(address.line1),
    address_line2: moved ? HIDDEN : capitals(address.line2),
    address_city: capitals(address.city),
    address_state: capitals(address.state),
    address_zip: moved ? address.zip?.slice(0, 5) : address.zip,
    address_country:
      address.country === 'US'
        ? 'UNITED STATES'
        : (countries.of(address.country)?.toUpperCase() ?? address.country),
    metadata: address.metadata,
    date_created: iso(at),
    date_modified: iso(at),
    ...(moved ? { recipient_moved: true } : {}),
    object: 'address',
  };
}

function trackingEvent({ id, type, scannedAt, at, piece }: PieceEvent): object {
  return {
    id: `evnt_${id.slice(4)}`,
    type: 'normal',
    name: scanNames[type],
    details: null,
    location: type === 'mailed' ? null : piece.to.zip,
    time: iso(scannedAt),
    date_created: iso(at),
    date_modified: iso(at),
    object: 'tracking_event',
  };
}

function template(side: Piece['front']): string | null {
  return side.kind === 'template' ? side.value : null;
}

/** @param upTo only what had happened by this event, as a webhook tells it. */
export function postcardView(
  piece: Piece,
  now: number,
  options: { readonly normalize: boolean; readonly upTo?: PieceEvent },
): Record<string, unknown> {
  const { created, to, from } = piece;
  const last =
    options.upTo === undefined ? piece.events.length : piece.events.indexOf(options.upTo) + 1;
  const events = piece.events.slice(0, last);
  const types = new Set(events.map(({ type }) => type));
  const scans = piece.mode === 'live' ? events.filter(({ type }) => type in scanNames) : [];
  return {
    id: piece.id,
    description: piece.description,
    metadata: piece.metadata,
    to: addressView(to, created.at, options.normalize),
    ...(from === null ? {} : { from: addressView(from, created.at, options.normalize) }),
    url: link(`${piece.id}.pdf`, now),
    carrier: 'USPS',
    front_template_id: template(piece.front),
    back_template_id: template(piece.back),
    front_template_version_id: null,
    back_template_version_id: null,
    tracking_events: scans.toSorted((a, b) => a.scannedAt - b.scannedAt).map(trackingEvent),
    size: piece.size,
    mail_type: piece.mailType,
    merge_variables: piece.mergeVariables,
    ...(types.has('rendered_thumbnails') ? { thumbnails: thumbnails(piece.id, now) } : {}),
    expected_delivery_date: expectedDelivery(piece.sendAt, piece.mailType),
    date_created: iso(created.at),
    date_modified: iso(events.at(-1)?.at ?? created.at),
    send_date: iso(piece.sendAt),
    use_type: piece.useType,
    fsc: piece.fsc,
    ...(piece.printSpeed === 'core' ? { sla: '2' } : {}),
    status: types.has('failed') ? 'failed' : types.has('rendered_pdf') ? 'rendered' : 'processed',
    ...(types.has('failed') ? { failure_reason: failureReason(piece) } : {}),
    ...(types.has('deleted') ? { deleted: true } : {}),
    object: 'postcard',
  };
}

function failureReason({ front }: Piece): object {
  return {
    failure_reason: 'The artwork could not be rendered.',
    remediation: 'Check the artwork, and create the postcard again.',
    errors: [
      {
        url: front.kind === 'url' ? front.value : null,
        error_type: 'invalid_file',
        status_code: 422,
      },
    ],
  };
}

export function eventView(event: PieceEvent, now: number, normalize: boolean): object {
  const { id, piece, type, at } = event;
  return {
    id,
    body:
      type === 'deleted'
        ? { id: piece.id, deleted: true }
        : postcardView(piece, now, { normalize, upTo: event }),
    reference_id: piece.id,
    event_type: {
      id: `postcard.${type}`,
      enabled_for_test: !onlyLive.has(type),
      resource: 'postcards',
      object: 'event_type',
    },
    date_created: iso(at),
    object: 'event',
  };
}
