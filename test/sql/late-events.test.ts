/** Events that come late, early, or in words nobody knows: each moves whom it is about, and nobody else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAll } from '@postrider/core';
import { accepted, event, mailBegun, pieces, place, proofAll, reasonsOf, sent, settle, sharedMachine, tell } from './rig.ts';

const rig = sharedMachine();

void test('a late event about a card that was given up moves nobody whose second card is on its way', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const first = await sent(sql, at, 2);
  const ids = first.pieces.map((piece) => `id of ${piece.mailpieceId}`);
  await tell(
    sql,
    at,
    ids.map((providerId) => event({ providerId, status: 'failed' })),
  );
  await retryAll(sql, at.organizationId, at.campaignId, 'failed_at_printer');
  await proofAll(sql, at);
  const second = await mailBegun(sql, at);
  await settle(
    sql,
    at,
    second,
    second.pieces.map((piece) => accepted(piece)),
  );
  await tell(sql, at, [
    event({ providerId: ids[0] ?? null, status: 'in_production' }),
    event({ providerId: ids[1] ?? null, status: 'cancelled' }),
  ]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (accepted)', p1: 'sent (accepted)' });
  assert.deepEqual((await pieces(sql, at)).map((piece) => piece.status).sort(), ['accepted', 'accepted', 'cancelled', 'failed']);
});
