/**
 * A piece that is taken up again: as it is, at its own printer, and not where evidence came
 * meanwhile.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, hold, release, retry } from '@postrider/core';
import type { BegunPiece } from '../../../packages/core/src/machine/mail.ts';
import { definition } from '../../support/machine.ts';
import {
  RUNNER,
  accepted,
  answered,
  event,
  mailBegun,
  one,
  onlyPiece,
  pieces,
  place,
  reasonsOf,
  sending,
  settle,
  settleAll,
  sharedMachine,
  stageOne,
  statesOf,
  tell,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

void test('a piece is taken up again unchanged, whatever has changed about the campaign since', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 1);
  const before = await onlyPiece(sql, at);
  await settleAll(sql, at, batch, (p) => answered(p, 'retry', { afterMs: 0 }));
  await applyCampaign(
    sql,
    at.organizationId,
    definition({ printer_name: 'another', format: '6x9', mail_class: 'standard' }),
  );
  await sql`select postrider.arm_printer(${at.organizationId}, 'another')`;
  const again = await mailBegun(sql, at);
  // All but the move, which is another one.
  const unmoved = (piece: BegunPiece) => ({ ...piece, moveNo: 0 });
  assert.deepEqual(again.pieces.map(unmoved), batch.pieces.map(unmoved));
  assert.deepEqual(await onlyPiece(sql, at), before);
});

void test('a piece of a printer that is held stays, though its campaign prints elsewhere by now', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 1);
  await settleAll(sql, at, batch, (p) => answered(p, 'retry', { afterMs: 0 }));
  await applyCampaign(sql, at.organizationId, definition({ printer_name: 'another' }));
  await sql`select postrider.arm_printer(${at.organizationId}, 'another')`;
  await hold(sql, { ...at, kind: 'printer', id: 'press' });
  assert.deepEqual((await mailBegun(sql, at)).pieces, []);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (held)' });
  assert.ok(
    (await one(sql, at)).availableAt > new Date(),
    'and is not tried again in the same breath',
  );
  await release(sql, { ...at, kind: 'printer', id: 'press' });
  await turnClock(sql, 120_000);
  assert.equal((await mailBegun(sql, at)).pieces[0]?.mailpieceId, batch.pieces[0]?.mailpieceId);
});

void test('hold waits for a begin that takes up a piece of another printer than the campaign has now', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 1);
  await settleAll(sql, at, batch, (p) => answered(p, 'retry', { afterMs: 0 }));
  await applyCampaign(sql, at.organizationId, definition({ printer_name: 'another' }));
  await sql`select postrider.arm_printer(${at.organizationId}, 'another')`;
  const id = await stageOne(sql, at, 'mail');
  const runner = machine.connect(1);
  await runner.begin(async (tx) => {
    await tx`select postrider.begin_mail(${at.organizationId}, ${id}, ${RUNNER}, '1 minute')`;
    const [lock] = await sql`
      select pg_try_advisory_xact_lock(
        postrider.lock_key('printer', ${at.organizationId}, 'press')
      ) as free`;
    assert.equal(lock?.['free'], false);
  });
});

void test('evidence that comes while somebody waits to be proofed again keeps them from being printed twice, and is charged', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter'] });
  const batch = await sending(sql, at, 1);
  const [piece] = batch.pieces;
  assert.ok(piece);
  await settle(sql, at, batch, [answered(piece, 'rejected')]);
  assert.equal(await retry(sql, piece.recipientId), 'pending');
  // The printer changes its mind: it has the card, delivered even.
  await settle(sql, at, batch, [accepted(piece)]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (late_evidence)' });
  await tell(sql, at, [event({ providerId: `id of ${piece.mailpieceId}`, status: 'delivered' })]);
  assert.deepEqual(await statesOf(sql, at), { p0: 'received' });
  assert.equal((await pieces(sql, at)).length, 1);
  const effects =
    await sql`select kind from postrider.effect where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    effects.map((e) => e['kind']),
    ['usage_meter'],
  );
});
