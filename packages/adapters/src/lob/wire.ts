/**
 * What Lob answers. Read loosely: a field that we do not know is no error, a status that we do not
 * know is kept.
 */
import type { Confidence, ListedPiece, MailpieceStatus, PrinterEvent } from '@postrider/core/ports';
import { z } from 'zod';
import { ownerIn, pairIn } from '../kit/references.ts';

const text = z.string().nullish().catch(null);

export const lobError = z.object({
  error: z.object({
    message: text,
    code: text,
  }),
});

const metadata = z.record(z.string(), z.unknown()).nullish().catch(null);

const scan = z.object({
  id: z.string().min(1),
  name: z.string(),
  time: text,
  date_created: text,
});

export const postcard = z.object({
  id: z.string().min(1),
  metadata,
  status: text,
  deleted: z.boolean().nullish().catch(null),
  url: text,
  thumbnails: z
    .array(z.object({ medium: text, large: text }))
    .nullish()
    .catch(null),
  send_date: text,
  date_created: text,
  date_modified: text,
  expected_delivery_date: text,
  tracking_events: z.array(scan.nullable().catch(null)).nullish().catch(null),
});
export type Postcard = z.infer<typeof postcard>;

export const postcardList = z.object({
  // One that cannot be read costs no other.
  data: z.array(postcard.nullable().catch(null)),
  // Kept as it is: a look-up must not take what cannot be read for an end.
  next_url: z.unknown().optional(),
  count: z.unknown().optional(),
});

/** Nothing says that there is more than what it has. */
export function isWhole({ data, next_url: next, count }: z.infer<typeof postcardList>): boolean {
  return (next ?? null) === null && (count ?? data.length) === data.length;
}

export const deletedPostcard = z.object({ id: z.string(), deleted: z.literal(true) });

export const lobEvent = z.object({
  id: z.string().min(1).max(500),
  reference_id: text,
  event_type: z.object({ id: z.string().min(1) }),
  date_created: text,
  body: z.object({ id: text, metadata }).nullish().catch(null),
});

export function listedPiece(piece: Postcard, mode: 'test' | 'live', now: Date): ListedPiece {
  return {
    providerId: piece.id,
    ...ownerIn(piece.metadata),
    mode,
    createdAt: piece.date_created ?? now.toISOString(),
    onPaper: isOnPaper(piece),
  };
}

/** Neither cancelled nor failed. */
export function isOnPaper({ deleted, status }: Postcard): boolean {
  return deleted !== true && status !== 'failed';
}

/** What its events say, without `postcard.`; null: nothing about where the piece is. */
const statuses: Readonly<Record<string, readonly [MailpieceStatus, Confidence] | null>> = {
  created: ['accepted', 'logical'],
  rendered_pdf: ['in_production', 'logical'],
  rendered_thumbnails: ['in_production', 'logical'],
  mailed: ['in_transit', 'scan'],
  in_transit: ['in_transit', 'scan'],
  in_local_area: ['in_local_area', 'scan'],
  processed_for_delivery: ['processed_for_delivery', 'scan'],
  // From where the carrier's vehicle was, and not from a scan of the piece.
  delivered: ['delivered', 'logical'],
  're-routed': ['rerouted', 'scan'],
  returned_to_sender: ['returned', 'scan'],
  international_exit: ['in_transit', 'scan'],
  failed: ['failed', 'logical'],
  rejected: ['failed', 'logical'],
  deleted: ['cancelled', 'logical'],
  // What people do with the piece, or with its preview.
  viewed: null,
  'informed_delivery.email_sent': null,
  'informed_delivery.email_opened': null,
  'informed_delivery.email_clicked_through': null,
};

/** @param word as Lob calls it, without `postcard.`. Undefined: no such word is known. */
function statusOf(word: string): readonly [MailpieceStatus, Confidence] | null | undefined {
  const key = word.trim().toLowerCase().replaceAll(' ', '_');
  // Of tracking: `Re-Routed`, `Processed for Delivery`.
  const known = [key, key.replaceAll('_', '-')].find((one) => Object.hasOwn(statuses, one));
  return known === undefined ? undefined : statuses[known];
}

/** An event of a webhook; null where it is not about the way of a piece. */
export function eventOf(told: z.infer<typeof lobEvent>): PrinterEvent | null {
  const word = told.event_type.id.replace(/^postcard\./, '');
  const known = statusOf(word);
  if (known === null) return null;
  const metadata = told.body?.metadata;
  return {
    eventId: told.id,
    providerId: told.reference_id ?? told.body?.id ?? null,
    mailpieceId: pairIn(metadata, 'mailpiece'),
    organizationId: pairIn(metadata, 'organization'),
    status: known?.[0] ?? null,
    providerStatus: told.event_type.id,
    occurredAt: told.date_created ?? '',
    confidence: known?.[1] ?? 'estimated',
  };
}

/** All that a piece tells of its way, where no webhook did. */
export function eventsOfPiece(piece: Postcard): PrinterEvent[] {
  const about = {
    providerId: piece.id,
    mailpieceId: pairIn(piece.metadata, 'mailpiece'),
    organizationId: pairIn(piece.metadata, 'organization'),
  };
  const created = piece.date_created ?? '';
  const told = (word: string, at: string | null | undefined): PrinterEvent => {
    const [status, confidence] = statusOf(word) ?? [null, 'estimated'];
    return {
      ...about,
      eventId: `${piece.id}:${word}`,
      status,
      providerStatus: word,
      occurredAt: at ?? created,
      confidence,
    };
  };
  const modified = piece.date_modified ?? created;
  const scans = (piece.tracking_events ?? []).flatMap((one) => one?.time ?? []);
  // Each scan modifies a piece, and it was rendered before the first.
  const rendered = [modified, ...scans].reduce((a, b) => (Date.parse(b) < Date.parse(a) ? b : a));
  return [
    told('created', created),
    ...(piece.status === 'rendered' ? [told('rendered_pdf', rendered)] : []),
    ...(piece.status === 'failed' ? [told('failed', modified)] : []),
    ...(piece.deleted === true ? [told('deleted', modified)] : []),
    ...(piece.tracking_events ?? []).flatMap((one) =>
      one === null || statusOf(one.name) === null
        ? []
        : [{ ...told(one.name, one.time ?? one.date_created), eventId: one.id }],
    ),
  ];
}
