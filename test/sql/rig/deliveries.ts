/** Cards that were mailed, and what their printer tells of them in days from acceptance. */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import { people, type Person, type Place } from '../../support/machine.ts';
import { event, tell } from './events.ts';
import { begin, idOf, proofed, settleAll, stage, type Sending } from './stages.ts';

/** A time so many days after the printer accepted a card. */
async function after(sql: postgres.Sql, batch: Sending, days: number): Promise<string> {
  const [row] = await sql<{ at: Date }[]>`
    select accepted_at + ${days} * interval '1 day' as at
    from postrider.mailpiece
    where id = ${batch.pieces[0]?.mailpieceId ?? ''}`;
  return row?.at.toISOString() ?? assert.fail('no piece');
}

/** The printer tells a status of these cards of a batch, at a time after their acceptance. */
export async function tellAt(
  sql: postgres.Sql,
  at: Place,
  batch: Sending,
  {
    days,
    status = 'delivered',
    from = 0,
    to = batch.pieces.length,
    confidence = 'scan',
  }: {
    days: number;
    status?: string;
    from?: number;
    to?: number;
    confidence?: string;
  },
): Promise<void> {
  const occurredAt = await after(sql, batch, days);
  await tell(
    sql,
    at,
    batch.pieces
      .slice(from, to)
      .map((piece) => event({ providerId: idOf(piece), status }, { occurredAt, confidence })),
  );
}

export async function learn(sql: postgres.Sql): Promise<void> {
  const failed = await sql`
    select part, message
    from postrider.run_housekeeping(array['assume_received', 'note_promises', 'learn_deliveries'])`;
  assert.deepEqual([...failed], []);
}

export async function windowsOf(sql: postgres.Sql, at: Place) {
  return [
    ...(await sql<
      { country: string; basis: string; days: number; pieces: number; p50: number; p90: number }[]
    >`
      select country, basis, expected_days as days, pieces::int, p50_days as p50, p90_days as p90
      from postrider.delivery_windows
      where organization_id = ${at.organizationId}
      order by country`),
  ].map((row) => ({ ...row }));
}

/** `n` cards at the printer. */
export async function mailed(
  sql: postgres.Sql,
  at: Place,
  n: number | readonly Person[],
): Promise<Sending> {
  await proofed(sql, at, typeof n === 'number' ? people(n) : n);
  const batches: Sending[] = [];
  for (const cohortId of await stage(sql, at, 'mail', 20)) {
    const begun = await begin(sql, at, 'mail', cohortId);
    assert.ok(begun !== null && 'pieces' in begun);
    const batch = { cohortId, pieces: begun.pieces };
    await settleAll(sql, at, batch);
    batches.push(batch);
  }
  return { cohortId: '', pieces: batches.flatMap(({ pieces }) => pieces) };
}
