/** Webhooks of a printer that reads them as it is told to, and what came of them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { Printer, PrinterEvent, UnusableEvent } from '@postrider/core/ports';
import { states } from '../../support/machine.ts';
import { open, until, type Opened } from '../rig.ts';

type Told = readonly (PrinterEvent | UnusableEvent)[];

/** Takes cards, and reads any webhook as it is told to. */
export function reading(read: { with: (body: string) => unknown }): Printer {
  return {
    ...createNoopPrinter(),
    verifyWebhook: ({ body }) => ({
      valid: true,
      deliveryId: createHash('sha256').update(body).digest('hex'),
    }),
    parseWebhook: (body) => read.with(Buffer.from(body).toString()) as Told,
  };
}

export function delivered(mailpieceId: string, over: object = {}): PrinterEvent {
  return {
    eventId: `${mailpieceId} delivered`,
    providerId: null,
    mailpieceId,
    organizationId: null,
    status: 'delivered',
    providerStatus: 'delivered',
    occurredAt: '2026-05-04T12:00:00.000Z',
    confidence: 'scan',
    ...over,
  };
}

/**
 * So many people whose cards are accepted, in the order of their ids, and a pipeline that is
 * started.
 */
export async function accepted(
  people: number,
  printer: Printer,
): Promise<Opened & { readonly pieces: readonly string[] }> {
  const place = await open({ people, ports: { printer } });
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['sent'] === people);
  const pieces = await place.sql<{ id: string }[]>`select id from postrider.mailpiece order by id`;
  return {
    ...place,
    [Symbol.asyncDispose]: async () => await place[Symbol.asyncDispose](),
    pieces: pieces.map(({ id }) => id),
  };
}

export async function tell(
  { pipeline, place }: Opened,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<void> {
  assert.equal(
    (await pipeline.receiveWebhook(place.organizationId, 'press', { url: '/', headers, body }))
      .outcome,
    'stored',
  );
}

interface Hook {
  readonly applied: boolean;
  readonly error: string | null;
  readonly unusable:
    | readonly { readonly eventId: string | null; readonly reason: string; readonly raw: string }[]
    | null;
  readonly body: string;
}
export async function hooks({ sql }: Opened): Promise<Hook[]> {
  return [
    ...(await sql<Hook[]>`
    select error is null and w.id is null as applied, error, unusable,
      encode(body, 'escape') as body
    from postrider.provider_event e
    left join postrider.waiting_webhook w using (organization_id, id)
    order by e.received_at`),
  ];
}
export async function looked(place: Opened): Promise<void> {
  return await until(
    async () => (await place.sql`select from postrider.waiting_webhook`).length === 0,
  );
}
export async function alarms({ sql }: Opened) {
  return [
    ...(await sql<
      { kind: string; meaning: string; what_helps: string }[]
    >`select kind, meaning, what_helps from postrider.alarms`),
  ];
}
export async function events({ sql }: Opened): Promise<number> {
  return (await sql`select from postrider.mailpiece_event`).length;
}
