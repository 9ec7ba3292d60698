/**
 * A cohort's document goes when the last of its cards is through: never before, and never while
 * nobody knows what became of a card.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type postgres from 'postgres';
import { cancel, erase, retry, retryEffects } from '@postrider/core';
import {
  claimImageCleanups,
  settleImageCleanups,
  type ClaimedDocument,
  type DocumentSettlement,
} from '../../../packages/core/src/machine/image-cleanup.ts';
import type { Place } from '../../support/machine.ts';
import {
  accepted,
  DAY,
  mailBegun,
  place,
  proofing,
  rendered,
  settle,
  sharedMachine,
  tellAll,
  turnClock,
  type Sending,
} from '../rig.ts';
import { arranged } from '../rig/people-in-each-state.ts';

const rig = sharedMachine();

async function due(at: Place, removable = true): Promise<readonly ClaimedDocument[]> {
  return await claimImageCleanups(rig.sql, { ...at, limit: 100, leaseMs: 60_000, removable });
}
/** Looks once a day, as the beat does. Returns on which day something was to be removed. */
async function firstDue(at: Place, days: number): Promise<number | null> {
  for (let day = 1; day <= days; day += 1) {
    await turnClock(rig.sql, DAY + 1000);
    if ((await due(at)).length > 0) return day;
  }
  return null;
}
async function answer(
  at: Place,
  documents: readonly ClaimedDocument[],
  as: Pick<DocumentSettlement, 'outcome' | 'message' | 'afterMs'>,
): Promise<number> {
  const results = documents.map((one) => ({ ...one, ...as }));
  return await settleImageCleanups(rig.sql, at, results);
}
/** `n` people whose cards are on one document. */
async function proofed(sql: postgres.Sql, at: Place, n: number, url: string): Promise<void> {
  const { cards, settle: done } = await proofing(sql, at, n);
  await done(
    cards.map(({ recipientId }, index) => ({
      ...rendered(recipientId),
      frontUrl: url,
      frontPage: 2 * index + 1,
      backUrl: url,
      backPage: 2 * index + 2,
    })),
  );
}
async function posted(at: Place, n: number, url: string): Promise<Sending> {
  await proofed(rig.sql, at, n, url);
  const batch = await mailBegun(rig.sql, at);
  await settle(
    rig.sql,
    at,
    batch,
    batch.pieces.map((piece) => accepted(piece)),
  );
  return batch;
}
function aUrl(): string {
  return `file:///proofs/${randomUUID()}.pdf`;
}

void test('a document goes a week after its last card was in production, and once', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const url = aUrl();
  const batch = await posted(at, 3, url);
  const [first, ...others] = batch.pieces;
  assert.ok(first);
  await tellAll(sql, at, { ...batch, pieces: others }, 'in_production');
  assert.equal(await firstDue(at, 10), null, 'one card is not printed yet');
  await tellAll(sql, at, { ...batch, pieces: [first] }, 'in_production');
  assert.equal(await firstDue(at, 10), 8, 'found through on the first day, and a week later');
  const [row] = await sql`
    select state, cards from postrider.stored_documents where url = ${url}`;
  assert.deepEqual({ ...row }, { state: 'being removed', cards: 3 });
  const proofs = await sql`
    select from postrider.proof
    where organization_id = ${at.organizationId} and removed_at is not null`;
  assert.equal(proofs.length, 3, 'their proofs say that the pictures are gone');
  // A runner died between the removal and its record: once more, which is harmless.
  await turnClock(sql, 61_000);
  const [again] = await due(at);
  assert.deepEqual([again?.url, again?.attempt], [url, 2]);
  assert.ok(again);
  assert.equal(await answer(at, [again], { outcome: 'removed' }), 1);
  assert.equal(await answer(at, [again], { outcome: 'removed' }), 0);
  assert.equal(await firstDue(at, 3), null);
  const [over] = await sql`select state from postrider.stored_documents where url = ${url}`;
  assert.equal(over?.['state'], 'removed');
});

void test('never while nobody knows whether a card was made, however long that lasts', async () => {
  const { sql } = rig;
  // Given up: nobody waits any more, and still nobody knows.
  const at = await arranged(sql, 'error, outcome unknown');
  assert.equal(await firstDue(at, 120), null);
});

void test('never while somebody waits who will be sent with it, or whose card may be sent again', async () => {
  const { sql } = rig;
  const waits = await place(sql);
  await proofed(sql, waits, 2, aUrl());
  assert.equal(await firstDue(waits, 120), null);

  const again = await place(sql);
  await proofed(sql, again, 1, aUrl());
  const batch = await mailBegun(sql, again);
  await settle(
    sql,
    again,
    batch,
    batch.pieces.map((piece) => ({
      ...piece,
      outcome: 'retry' as const,
      message: '429',
      afterMs: DAY * 20,
    })),
  );
  assert.equal(await firstDue(again, 120), null);
});

void test('people without a card need none: skipped, cancelled, in error for what the printer refused', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 2, aUrl());
  const batch = await mailBegun(sql, at);
  const [refusedPiece, other] = batch.pieces;
  assert.ok(refusedPiece && other);
  await settle(sql, at, batch, [
    {
      ...refusedPiece,
      outcome: 'rejected',
      message: 'm',
      badAddress: false,
    },
    { ...other, outcome: 'retry', message: '429', afterMs: 1000 },
  ]);
  await cancel(sql, other.recipientId);
  assert.equal(await firstDue(at, 10), 8);
  // Tried again, the card is made anew.
  const state = await retry(sql, refusedPiece.recipientId);
  assert.equal(state, 'pending');
});

void test('a printer that tells nothing counts as done after the time for which images are kept', async () => {
  const { sql } = rig;
  const at = await place(sql, { keep_images_at_most: '20 days', remove_images_after: '2 days' });
  await posted(at, 1, aUrl());
  assert.equal(await firstDue(at, 30), 22);
});

void test('equal documents of two cohorts have one URL: it goes with the last of both', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const url = aUrl();
  const early = await posted(at, 1, url);
  await tellAll(sql, at, early, 'delivered');
  const late = await posted(at, 2, url);
  assert.equal(await firstDue(at, 20), null);
  await tellAll(sql, at, late, 'delivered');
  assert.notEqual(await firstDue(at, 20), null);
});

void test('a card whose equal document is just being removed is made anew, and never printed from nothing', async () => {
  const { sql } = rig;
  const at = await place(sql, { remove_images_after: '0 days' });
  const url = aUrl();
  await tellAll(sql, at, await posted(at, 1, url), 'delivered');
  await turnClock(sql, DAY + 60_000);
  const { cards, settle: done } = await proofing(sql, at, 2);
  assert.equal(cards.length, 1);
  assert.equal((await due(at)).length, 1);
  await done(
    cards.map(({ recipientId }) => ({ ...rendered(recipientId), frontUrl: url, backUrl: url })),
  );
  const [row] = await sql`
    select state, reason, detail from postrider.recipients
    where organization_id = ${at.organizationId} and id = ${cards[0]?.recipientId ?? ''}`;
  assert.deepEqual(
    { ...row },
    { state: 'pending', reason: 'retry', detail: 'an equal document was just being removed' },
  );
});

void test('a host that removes nothing, and a campaign that keeps its images, lose none and mark none', async () => {
  const { sql } = rig;
  const at = await place(sql, { remove_images_after: null });
  const kept = await place(sql);
  for (const one of [at, kept]) await tellAll(sql, one, await posted(one, 1, aUrl()), 'delivered');
  for (let day = 0; day < 20; day += 1) {
    await turnClock(sql, DAY + 1000);
    assert.deepEqual([...(await due(at)), ...(await due(kept, false))], []);
  }
  const marked = await sql`
    select from postrider.proof
    where organization_id in ${sql([at.organizationId, kept.organizationId])}
      and removed_at is not null`;
  assert.equal(marked.length, 0);
});

void test('what a host will not remove is an alarm, and is tried again by one call', async () => {
  const { sql } = rig;
  const at = await place(sql, { remove_images_after: '0 days' });
  const batch = await posted(at, 1, aUrl());
  await tellAll(sql, at, batch, 'delivered');
  assert.equal(await firstDue(at, 2), 1);
  await turnClock(sql, 61_000);
  await answer(at, await due(at), { outcome: 'failed', message: 'it is another host’s' });
  const [alarm] = await sql`
    select meaning from postrider.alarms where organization_id = ${at.organizationId}`;
  assert.match(String(alarm?.['meaning']), /image_cleanup: it is another host/);
  assert.equal(await retryEffects(sql, at.organizationId, 'image_cleanup'), 1);
  assert.equal((await due(at)).length, 1);
  const [piece] = batch.pieces;
  await erase(sql, piece?.recipientId ?? '');
});
