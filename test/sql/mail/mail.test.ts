/** Mail: a cohort comes with all that a printer needs, and each answer ends where it should. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, retry, suppress } from '@postrider/core';
import {
  accepted,
  answered,
  cohort,
  mailBegun,
  one,
  pieces,
  place,
  proofAll,
  proofed,
  reasonsOf,
  sending,
  settle,
  settleAll,
  sharedMachine,
  standing,
  statesOf,
} from '../rig.ts';

const rig = sharedMachine();

void test('a mail cohort comes with a piece, a key and a frozen request for each', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  assert.equal(new Set(batch.pieces.map((p) => p.idempotencyKey)).size, 2);
  const request = batch.pieces.find((p) => p.request.to.name === 'Ada Byron p0')?.request;
  // The same for the same person of the organization, whatever their recipient is called.
  assert.match(request?.person ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(request, {
    person: request?.person,
    format: '4x6',
    mailClass: 'first_class',
    to: {
      name: 'Ada Byron p0',
      address: {
        line1: '1 p Street',
        line2: null,
        city: 'Oakland',
        region: 'CA',
        postalCode: '94607',
        country: 'US',
      },
    },
    from: null,
    artwork: {
      front: { url: 'file:///front.pdf', page: 1, hash: 'f'.repeat(64) },
      back: { url: 'file:///back.pdf', page: 2, hash: 'b'.repeat(64) },
    },
  });
  assert.deepEqual(
    [...new Set(batch.pieces.map((p) => `${p.mode} ${p.printerName}`))],
    ['live press'],
  );
});

void test('somebody whose proof has vanished is not lost in sending: it needs a person, and retry renders it anew', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 2);
  const { id } = await one(sql, at, 'p0');
  await sql`delete from postrider.proof where recipient_id = ${id}`;
  const batch = await mailBegun(sql, at);
  assert.equal(batch.pieces.length, 1);
  assert.deepEqual(await statesOf(sql, at), { p0: 'error', p1: 'sending' });
  assert.equal(await retry(sql, id), 'pending');
  await proofAll(sql, at);
  assert.equal((await mailBegun(sql, at)).pieces.length, 1);
});

void test('each answer of the printer ends where it should', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 5);
  const by = Object.fromEntries(
    await Promise.all(
      batch.pieces.map(
        async (piece) => [(await one(sql, at, piece.recipientId)).externalId, piece] as const,
      ),
    ),
  );
  const piece = (name: string) => by[name] ?? assert.fail(name);
  await settle(sql, at, batch, [
    accepted(piece('p0')),
    answered(piece('p1'), 'rejected', { message: 'the artwork is too small' }),
    answered(piece('p2'), 'rejected', { badAddress: true, message: 'no such street' }),
    answered(piece('p3'), 'retry', { afterMs: 5000 }),
    answered(piece('p4'), 'unknown', { message: 'the connection was reset' }),
  ]);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'sent (accepted)',
    p1: 'error (rejected)',
    p2: 'skipped (bad_address)',
    p3: 'proofed (retry)',
    p4: 'sending (begun)',
  });
  const statuses = Object.fromEntries((await pieces(sql, at)).map((p) => [p.id, p.status]));
  assert.deepEqual(
    ['p0', 'p1', 'p2', 'p3', 'p4'].map((name) => statuses[piece(name).mailpieceId]),
    ['accepted', 'rejected', 'rejected', 'submitting', 'unknown'],
  );
  assert.equal((await one(sql, at, 'p1')).detail, 'the artwork is too small');
  assert.equal((await one(sql, at, 'p3')).attempt, 1);
  assert.equal((await cohort(sql, batch.cohortId)).closedWhy, 'done');
});

void test('who is cancelled or suppressed at the printer goes no further when nothing was made', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  assert.equal(await cancel(sql, (await one(sql, at, 'p0')).id), 'sending (cancel requested)');
  await suppress(sql, at.organizationId, { email: 'p1@example.com' }, 'test');
  assert.ok((await standing(sql, at)).every((p) => p.cancelRequestedAt !== null));
  await settleAll(sql, at, batch, (p) => answered(p, 'retry', { afterMs: 0 }));
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'skipped (cancelled)',
    p1: 'skipped (cancelled)',
  });
  assert.deepEqual(
    (await pieces(sql, at)).map((p) => p.status),
    ['cancelled', 'cancelled'],
  );
  assert.ok((await standing(sql, at)).every((p) => p.cancelRequestedAt === null));
});
