/**
 * settle under locks that others hold: it waits, but not for ever, and nobody waits for somebody
 * else's row.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accepted,
  answered,
  mailBegun,
  onlyPiece,
  pidOf,
  place,
  proofAll,
  proofing,
  refused,
  rendered,
  sending,
  settle,
  settleAll,
  sharedMachine,
  standing,
  waitsForLock,
} from '../rig.ts';

const rig = sharedMachine();

void test('a settle waits for a lock, but not for ever', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  const [blocked] = batch.pieces;
  const psql = machine.connect(1);
  const settler = machine.connect(1);
  await psql.begin(async (tx) => {
    await tx`
      select from postrider.recipient_state
      where recipient_id = ${blocked?.recipientId ?? ''}
      for update`;
    const pid = await pidOf(settler);
    const waiting = refused(
      '55P03',
      settle(
        settler,
        at,
        batch,
        batch.pieces.map((p) => accepted(p)),
      ),
    );
    await waitsForLock(sql, pid);
    await waiting;
  });
  assert.equal(
    await settle(
      sql,
      at,
      batch,
      batch.pieces.map((p) => accepted(p)),
    ),
    2,
  );
});

void test('one open psql transaction does not block the others: person by person they all get home', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const psql = machine.connect(1);
  const holdOne = async (id: string, work: () => Promise<void>): Promise<void> => {
    await psql.begin(async (tx) => {
      await tx`select from postrider.recipient_state where recipient_id = ${id} for update`;
      await work();
    });
  };
  const batch = await proofing(rig.sql, at, 6);
  const [blocked, ...others] = batch.cards;
  await holdOne(blocked?.recipientId ?? '', async () => {
    await sql.begin(async (tx) => {
      await tx`set local lock_timeout = '100ms'`;
      for (const [i, card] of others.entries()) {
        const result =
          i % 2 === 0
            ? rendered(card.recipientId)
            : { recipientId: card.recipientId, outcome: 'retry', message: 'busy', afterMs: 0 };
        await tx`
          select postrider.settle_proof(
            ${at.organizationId}, ${batch.id}, ${JSON.stringify([result])}::text::json, false
          )`;
      }
    });
  });
  assert.equal((await standing(sql, at)).filter((p) => p.state === 'proofing').length, 1);
  await batch.settle([rendered(blocked?.recipientId ?? '')]);
  await proofAll(sql, at);
  const mail = await mailBegun(sql, at);
  const [held, ...free] = mail.pieces;
  await holdOne(held?.recipientId ?? '', async () => {
    for (const [i, piece] of free.entries()) {
      const result = [
        accepted(piece),
        answered(piece, 'retry'),
        answered(piece, 'rejected'),
        answered(piece, 'unknown'),
      ][i % 4];
      await settle(sql, at, mail, result === undefined ? [] : [result], false);
    }
  });
  assert.equal((await onlyPieceOf(held?.mailpieceId ?? '')).status, 'submitting');
  assert.equal((await standing(sql, at)).filter((p) => p.state === 'sending').length, 2);
});

async function onlyPieceOf(id: string): Promise<{ status: string }> {
  const [row] = await rig.sql<
    { status: string }[]
  >`select status from postrider.mailpiece where id = ${id}`;
  return row ?? assert.fail('no such piece');
}

void test('one piece at a time is enough', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 1);
  await settleAll(sql, at, batch);
  assert.equal((await onlyPiece(sql, at)).status, 'accepted');
});
