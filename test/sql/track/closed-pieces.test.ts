/**
 * Evidence of several closed pieces of one person at once: one of them was made, the others raise
 * the alarm, and nobody else's news waits for it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retry } from '@postrider/core';
import type { Place } from '../../support/machine.ts';
import {
  accepted,
  alarms,
  answered,
  event,
  mailBegun,
  pieces,
  place,
  proofAll,
  reasonsOf,
  sending,
  settle,
  sharedMachine,
  tell,
  type Sending,
} from '../rig.ts';

const rig = sharedMachine();

/** Two tries of p0, each given up by `close`; p1 is in the batch of the first. */
async function twoClosed(
  at: Place,
  close: (batch: Sending, piece: Sending['pieces'][number]) => Promise<unknown>,
) {
  const { sql } = rig;
  const first = await sending(sql, at, 2);
  const [p0] = (await sql<{ id: string }[]>`
    select id
    from postrider.recipient
    where organization_id = ${at.organizationId} and external_id = 'p0'`) as unknown as [
    { id: string },
  ];
  const pieceOf = (batch: Sending) =>
    batch.pieces.find((piece) => piece.recipientId === p0.id) ?? assert.fail('no piece of p0');
  const other =
    first.pieces.find((piece) => piece.recipientId !== p0.id) ?? assert.fail('no piece of p1');
  await close(first, pieceOf(first));
  await retry(sql, p0.id);
  await proofAll(sql, at);
  const second = await mailBegun(sql, at);
  await close(second, pieceOf(second));
  return { first, tries: [pieceOf(first), pieceOf(second)], other };
}

async function statuses(at: Place): Promise<string[]> {
  return (await pieces(rig.sql, at)).map((piece) => piece.status).sort();
}

void test('both tries that the printer had refused were made all the same', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter'] });
  const { first, tries, other } = await twoClosed(
    at,
    async (batch, piece) => await settle(sql, at, batch, [answered(piece, 'rejected')], false),
  );
  const all = [...tries, other].map((piece) => accepted(piece));
  for (const _ of [1, 2]) await settle(sql, at, first, all);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (late_evidence)', p1: 'sent (accepted)' });
  assert.deepEqual(await statuses(at), ['accepted', 'accepted', 'rejected']);
  assert.deepEqual(await alarms(sql, at), ['evidence_for_closed_piece']);
  const [row] = await sql`
    select count(*)::int as effects
    from postrider.effect
    where organization_id = ${at.organizationId}`;
  assert.equal(row?.['effects'], 2);
});

void test('both tries that the printer had failed to make are scanned', async () => {
  const { sql } = rig;
  for (const late of [false, true]) {
    const at = await place(sql);
    const { first, tries, other } = await twoClosed(at, async (batch, piece) => {
      await settle(sql, at, batch, [accepted(piece)], false);
      await tell(sql, at, [event({ providerId: `id of ${piece.mailpieceId}`, status: 'failed' })]);
    });
    await settle(sql, at, first, [accepted(other)]);
    const scans = [...tries, other].map((piece) =>
      event({ providerId: `id of ${piece.mailpieceId}`, status: 'in_transit' }),
    );
    if (late) {
      // As events that came beside the answer which named their piece.
      await tell(sql, at, scans, 'another press');
      await sql`
        update postrider.mailpiece_event
        set printer_name = 'press'
        where organization_id = ${at.organizationId}`;
      await sql`select postrider.match_events(${at.organizationId})`;
    } else for (const _ of [1, 2]) await tell(sql, at, scans);
    assert.deepEqual(await reasonsOf(sql, at), {
      p0: 'sent (late_evidence)',
      p1: 'sent (accepted)',
    });
    assert.deepEqual(await statuses(at), ['failed', 'in_transit', 'in_transit']);
    assert.deepEqual(await alarms(sql, at), ['evidence_for_closed_piece']);
  }
});
