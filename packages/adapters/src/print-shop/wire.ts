/**
 * What the print shop answers. Read loosely: a field that we do not know is no error, a status that
 * we do not know is kept.
 */
import type {
  Confidence,
  ListedPiece,
  MailpieceStatus,
  PrinterEvent,
  UnusableEvent,
} from '@postrider/core/ports';
import { z } from 'zod';
import { eachEvent, timeOf } from '../kit/events.ts';
import { readJson } from '../kit/json.ts';

/** Names the ledger: in an answer the shop's own, in a request the one that is meant. */
export const LEDGER_HEADER = 'print-shop-ledger';

export const submitAnswer = z.object({
  results: z.array(
    z
      .discriminatedUnion('status', [
        z.object({
          status: z.literal('accepted'),
          id: z.string().min(1),
          replayed: z.boolean().default(false),
          expectedDelivery: z.string().nullish(),
        }),
        z.object({
          status: z.literal('rejected'),
          code: z.string(),
          message: z.string().default(''),
        }),
      ])
      // One result that cannot be read makes one piece unknown and not the whole batch.
      .nullable()
      .catch(null),
  ),
});

export const findAnswer = z.object({
  pieces: z.array(
    z.object({
      id: z.string().min(1),
      mailpiece: z.string().min(1),
      status: z.string().optional(),
    }),
  ),
});

export const cancelAnswer = z.object({ id: z.string(), status: z.literal('cancelled') });

const reference = z.object({
  organizationId: z.string(),
  campaignId: z.string(),
  recipientId: z.string(),
  mailpieceId: z.string(),
});

export const listAnswer = z.object({
  pieces: z.array(
    z.object({
      id: z.string().min(1),
      reference: reference.nullable().catch(null),
      idempotencyKey: z.string().nullish(),
      person: z.string().nullish(),
      mode: z.enum(['test', 'live']),
      status: z.string(),
      acceptedAt: z.string(),
    }),
  ),
  cursor: z.string().nullable(),
});

export function listedPiece(wire: z.infer<typeof listAnswer>['pieces'][number]): ListedPiece {
  return {
    providerId: wire.id,
    reference: wire.reference,
    idempotencyKey: wire.idempotencyKey ?? null,
    person: wire.person ?? null,
    mode: wire.mode,
    createdAt: wire.acceptedAt,
    onPaper: wire.status !== 'cancelled' && wire.status !== 'failed',
  };
}

export const refusal = z.object({ code: z.string(), message: z.string().default('') });

/** It did nothing of the request. */
export function isAnotherLedger({
  status,
  body,
}: {
  readonly status: number;
  readonly body: string;
}): boolean {
  return status === 412 && readJson(refusal, body)?.code === 'another_ledger';
}

const event = z.object({
  eventId: z.string().min(1),
  pieceId: z.string().nullish(),
  mailpieceId: z.string().nullish(),
  organizationId: z.string().nullish(),
  status: z.string(),
  confidence: z.string().nullish(),
  // What cannot be read as a time is core's to judge.
  occurredAt: z.string().catch(''),
});

// Events are read one by one: an odd one costs no other.
export const webhookBody = z.object({
  type: z.string(),
  data: z.object({ events: z.array(z.unknown()) }),
});
export const eventsAnswer = z.object({
  events: z.array(z.unknown()),
  cursor: z.string().nullable(),
});

const statuses: ReadonlySet<string> = new Set<MailpieceStatus>([
  'accepted',
  'in_production',
  'in_transit',
  'in_local_area',
  'processed_for_delivery',
  'delivered',
  'rerouted',
  'returned',
  'failed',
  'rejected',
  'cancelled',
]);
const confidences: ReadonlySet<string> = new Set<Confidence>([
  'scan',
  'assumed',
  'logical',
  'estimated',
]);

function isStatus(text: string): text is MailpieceStatus {
  return statuses.has(text);
}
function isConfidence(text: string | null | undefined): text is Confidence {
  return confidences.has(text ?? '');
}

export function printerEvents(told: readonly unknown[]): (PrinterEvent | UnusableEvent)[] {
  return eachEvent(told, event, 'the print shop', (wire) => ({
    eventId: wire.eventId,
    providerId: wire.pieceId ?? null,
    mailpieceId: wire.mailpieceId ?? null,
    organizationId: wire.organizationId ?? null,
    status: isStatus(wire.status) ? wire.status : null,
    providerStatus: wire.status,
    occurredAt: timeOf(wire.occurredAt),
    // How sure an unknown word is cannot be told, so as little as possible is claimed.
    confidence: isConfidence(wire.confidence) ? wire.confidence : 'estimated',
  }));
}
