/** What a printer tells of its cards. */
import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';
import { idOf, type Sending } from './stages.ts';

type Sql = postgres.Sql | postgres.TransactionSql;

export function event(
  what: { providerId?: string | null; mailpieceId?: string | null; status: string | null },
  rest: {
    eventId?: string;
    occurredAt?: string;
    confidence?: string;
    providerStatus?: string;
  } = {},
) {
  return {
    eventId: rest.eventId ?? randomUUID(),
    providerId: what.providerId ?? null,
    mailpieceId: what.mailpieceId ?? null,
    status: what.status,
    providerStatus: rest.providerStatus ?? what.status ?? 'something new',
    occurredAt: rest.occurredAt ?? '2026-03-01T12:00:00Z',
    confidence: rest.confidence ?? 'scan',
  };
}

export async function tell(
  sql: Sql,
  at: { organizationId: string },
  events: readonly ReturnType<typeof event>[],
  printer = 'press',
): Promise<number> {
  const [row] = await sql<{ added: number }[]>`
    select postrider.apply_events(
      ${at.organizationId}, ${printer}, ${JSON.stringify(events)}::text::jsonb
    ) as added`;
  return row?.added ?? 0;
}

/** The printer tells the same of each piece of a batch, by the id that `accepted` gave it. */
export async function tellAll(
  sql: Sql,
  at: { organizationId: string },
  batch: Sending,
  status: string,
): Promise<number> {
  return await tell(
    sql,
    at,
    batch.pieces.map((piece) => event({ providerId: idOf(piece), status })),
  );
}
