/**
 * The record of what happened and of what was opened stays: nobody changes it by hand, and what is
 * lost all the same is told, and has a way out.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erase, resolve } from '@postrider/core';
import {
  accepted,
  event,
  one,
  onlyPiece,
  place,
  reap,
  refused,
  sending,
  sent,
  settle,
  sharedMachine,
  tell,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
async function verdict(check: string): Promise<{ verdict: string; message: string }> {
  const [row] = await rig.sql<{ verdict: string; message: string }[]>`
    select verdict, message from postrider.doctor() where check_name = ${check}`;
  return row ?? assert.fail(`doctor has no check ${check}`);
}

for (const [what, statement] of Object.entries({
  'a mailpiece is deleted': 'delete from postrider.mailpiece',
  'all mailpieces are': 'truncate postrider.mailpiece',
  'a key is changed': 'update postrider.mailpiece set idempotency_key = gen_random_uuid()',
  'a request is changed': `update postrider.mailpiece set request = '{}'`,
  'a piece is given to another printer': `update postrider.mailpiece set printer_name = 'other'`,
  'history is deleted': 'delete from postrider.recipient_event',
  'all history is': 'truncate postrider.recipient_event',
  'a move is changed': `update postrider.recipient_event set to_state = 'sent', actor = 'op'`,
  'what was noted is changed': `update postrider.recipient_event set detail = 'nothing happened'`,
}))
  void test(`it is refused that ${what}`, async () => {
    const at = await place(rig.sql);
    await sending(rig.sql, at);
    await refused('PR004', rig.sql.unsafe(statement), /is refused/);
    assert.equal((await onlyPiece(rig.sql, at)).status, 'submitting');
  });

void test('erasing somebody still blanks what is theirs', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sent(sql, at);
  await erase(sql, (await one(sql, at)).id);
  assert.deepEqual((await onlyPiece(sql, at)).request, { format: '4x6', mailClass: 'first_class' });
});

void test('a gap in a history is told', async () => {
  const { sql, admin } = rig;
  const at = await place(sql);
  await sending(sql, at);
  assert.equal((await verdict('history')).verdict, 'ok');
  await admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`
      update postrider.recipient_event
      set move_no = 100
      where organization_id = ${at.organizationId} and move_no = 1`;
    await tx`
      delete from postrider.recipient_event
      where organization_id = ${at.organizationId} and move_no = 2`;
  });
  assert.deepEqual(await verdict('history'), {
    verdict: 'bad',
    message: '1 moves have no entry in the history',
  });
  await admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`
      update postrider.recipient_event
      set move_no = 1
      where organization_id = ${at.organizationId} and move_no = 100`;
    await tx`
      insert into postrider.recipient_event
      select organization_id, recipient_id, 2, at, campaign_id, 'pending', 'proofing_staged',
        'proof', 'staged', null, null, by_role
      from postrider.recipient_event
      where organization_id = ${at.organizationId} and move_no = 1`;
  });
});

void test('who is at the printer and whose mailpiece is lost is told, and is resolved like anybody of whom nobody knows', async () => {
  const { sql, admin } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  await admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`delete from postrider.mailpiece where organization_id = ${at.organizationId}`;
  });
  assert.equal((await verdict('lost mailpieces')).verdict, 'bad');
  const [lost] =
    await sql`select postrider.replace_lost_mailpieces(${at.organizationId}) as people`;
  assert.equal(lost?.['people'], 2);
  assert.equal((await verdict('lost mailpieces')).verdict, 'ok');
  await turnClock(sql, 86_400_000);
  await reap(sql);
  const due =
    await sql`select from postrider.due() d where ${at.organizationId} = any (d.reconcile)`;
  assert.equal(
    due.length,
    0,
    'the printer knows nothing of the new id, and its "absent" would prove nothing',
  );
  const [a, b] = await sql<{ id: string; recipientId: string }[]>`
    select id, recipient_id as "recipientId"
    from postrider.mailpiece
    where organization_id = ${at.organizationId}
    order by recipient_id`;
  assert.equal((await one(sql, at, a?.recipientId)).reason, 'outcome_unknown');
  assert.equal(await resolve(sql, a?.id ?? '', 'printed', 'card 1'), 'sent');
  assert.equal(await resolve(sql, b?.id ?? '', 'not_printed', 'Jo, on the phone'), 'proofed');
  // The answer of the runner that was interrupted names a piece that is gone, and whose person was
  // resolved: it moves nobody.
  await settle(
    sql,
    at,
    batch,
    batch.pieces.map((piece) => accepted(piece)),
  ).catch(() => 0);
  await tell(sql, at, [event({ providerId: 'card 1', status: 'delivered' })]);
  assert.equal((await one(sql, at, a?.recipientId)).state, 'received');
});

void test('the answer of a runner whose mailpiece was lost meanwhile counts for the one in its place, or raises an alarm', async () => {
  const { sql, admin } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 3);
  await admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`delete from postrider.mailpiece where organization_id = ${at.organizationId}`;
  });
  const [, scanned, reported] = batch.pieces;
  assert.ok(scanned && reported);
  await tell(sql, at, [
    event({
      providerId: `id of ${scanned.mailpieceId}`,
      mailpieceId: scanned.mailpieceId,
      status: 'delivered',
    }),
  ]);
  await sql`select postrider.replace_lost_mailpieces(${at.organizationId})`;
  const [denied] = await sql<{ id: string }[]>`
    select id
    from postrider.mailpiece
    where organization_id = ${at.organizationId} and recipient_id = ${reported.recipientId}`;
  await resolve(sql, denied?.id ?? '', 'not_printed', 'Jo, on the phone');
  const answers = batch.pieces.map((piece) => accepted(piece));
  for (const _ of [1, 2]) await settle(sql, at, batch, answers);
  const reasons = await Promise.all(
    batch.pieces.map(async (piece) => (await one(sql, at, piece.recipientId)).reason),
  );
  assert.deepEqual(reasons, ['late_evidence', 'scan', 'resolved_not_printed']);
  const ids = await sql`
    select provider_id
    from postrider.mailpiece
    where organization_id = ${at.organizationId} and provider_id is not null`;
  assert.deepEqual(
    new Set(ids.map((row) => row['provider_id'])),
    new Set(answers.slice(0, 2).map((answer) => answer.providerId)),
  );
  const raised = await sql`
    select kind, recipient_id, detail ->> 'told' as told
    from postrider.alarm
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    raised.map((row) => ({ ...row })),
    [
      {
        kind: 'evidence_for_lost_piece',
        recipient_id: reported.recipientId,
        told: `id of ${reported.mailpieceId}`,
      },
    ],
  );
});
