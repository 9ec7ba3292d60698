/**
 * Webhooks of Lob for `bench webhooks`: what each card is told of on its way, in bodies as long as
 * Lob's. The ids of a card are made from its number, in the database and here alike.
 */
import { createHmac, hash, type KeyObject } from 'node:crypto';

/** What is told of each card, in the order of its way. */
export const KINDS = [
  ['mailed', 'Mailed'],
  ['in_transit', 'In Transit'],
  ['in_local_area', 'In Local Area'],
  ['processed_for_delivery', 'Processed for Delivery'],
  ['delivered', 'Delivered'],
] as const;

/** Cards whose events are told all mixed up. */
const MIXED = 2000;

/** So many events are told of so many cards; the last card may have fewer. */
export function cardsOf(events: number): number {
  return Math.ceil(events / KINDS.length);
}

/** As SQL makes it: `md5('card ' || number)::uuid`. */
export function mailpieceOf(card: number): string {
  const hex = hash('md5', `card ${card}`);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** As SQL makes it: `'psc_' || lpad(to_hex(number), 16, '0')`. */
function pieceOf(card: number): string {
  return `psc_${card.toString(16).padStart(16, '0')}`;
}

/** The n-th event that is told: each once, those of near cards in any order. */
export function eventAt(
  n: number,
  events: number,
): { readonly card: number; readonly kind: number } {
  const size = MIXED * KINDS.length;
  const first = n - (n % size);
  const length = Math.min(size, events - first);
  // A step that shares no factor with the length reaches each of them once.
  let step = 7919;
  while (length % step === 0) step += 2;
  const at = first + (((n - first) * step) % length);
  return { card: 1 + Math.floor(at / KINDS.length), kind: at % KINDS.length };
}

const HOUR = 3_600_000;

/** What Lob would post of it: the card as it is by then, and what happened. */
export function bodyOf(
  { card, kind }: { readonly card: number; readonly kind: number },
  organizationId: string,
): string {
  const id = pieceOf(card);
  const began = Date.UTC(2026, 4, 4) + card;
  const at = (step: number): string => new Date(began + step * 12 * HOUR).toISOString();
  const link = (name: string): string =>
    `https://lob-assets.com/postcards/${id}${name}?version=v1&expires=1798624234` +
    '&signature=vvlgUFv2DYvjHsIMc-xRb2jAOJJEfMA0oBCUvuEHzyM';
  const side = (page: number): object => ({
    small: link(`_thumb_small_${page}.png`),
    medium: link(`_thumb_medium_${page}.png`),
    large: link(`_thumb_large_${page}.png`),
  });
  const word = KINDS[kind]?.[0] ?? '';
  return JSON.stringify({
    id: `evt_${card}_${word}`,
    body: {
      id,
      description: null,
      metadata: { organization: organizationId, mailpiece: mailpieceOf(card) },
      to: {
        id: `adr_${card}`,
        name: `ADA BYRON ${card}`,
        company: null,
        address_line1: `${card} MAIN STREET`,
        address_line2: null,
        address_city: 'OAKLAND',
        address_state: 'CA',
        address_zip: '94607-1234',
        address_country: 'UNITED STATES',
        metadata: {},
        date_created: at(0),
        date_modified: at(0),
        object: 'address',
      },
      url: link('.pdf'),
      carrier: 'USPS',
      front_template_id: null,
      back_template_id: null,
      tracking_events: KINDS.slice(0, kind + 1).map(([name, title], step) => ({
        id: `evnt_${card}_${name}`,
        type: 'normal',
        name: title,
        details: null,
        location: '94607-1234',
        time: at(step),
        date_created: at(step),
        date_modified: at(step),
        object: 'tracking_event',
      })),
      size: '4x6',
      mail_type: 'usps_first_class',
      merge_variables: null,
      thumbnails: [side(1), side(2)],
      expected_delivery_date: at(9).slice(0, 10),
      date_created: at(0),
      date_modified: at(kind),
      send_date: at(0),
      use_type: 'marketing',
      fsc: false,
      status: 'rendered',
      object: 'postcard',
    },
    reference_id: id,
    event_type: {
      id: `postcard.${word}`,
      enabled_for_test: false,
      resource: 'postcards',
      object: 'event_type',
    },
    date_created: at(kind),
    object: 'event',
  });
}

/** A card whose number is nowhere else in a body. */
const SAMPLE = 400_000_000;

/**
 * Makes the bodies of an organization's cards from a sample of each kind, in a quarter of the time:
 * what the sender takes is missing to what it measures. The times are the sample's.
 */
export function bodiesOf(
  organizationId: string,
): (event: { readonly card: number; readonly kind: number }) => string {
  const marks = [pieceOf(SAMPLE), mailpieceOf(SAMPLE), String(SAMPLE)];
  const samples = KINDS.map((_, kind) =>
    bodyOf({ card: SAMPLE, kind }, organizationId).split(new RegExp(`(${marks.join('|')})`)),
  );
  return ({ card, kind }) => {
    const texts = [pieceOf(card), mailpieceOf(card), String(card)];
    // A sample was split at its marks: each second part is one.
    return (samples[kind] ?? [])
      .map((part, at) => (at % 2 === 0 ? part : (texts[marks.indexOf(part)] ?? '')))
      .join('');
  };
}

/** Signed as Lob signs, for now: lines of a head. */
export function signed(body: string, secret: KeyObject): string {
  const timestamp = String(Date.now());
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return `lob-signature: ${signature}\r\nlob-signature-timestamp: ${timestamp}\r\n`;
}
