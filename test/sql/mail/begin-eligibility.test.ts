/**
 * begin asks once more who may be mailed: not before the launch, not unarmed, not who was
 * suppressed since, not when the offer would be over.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, suppress } from '@postrider/core';
import { definition } from '../../support/machine.ts';
import {
  answered,
  begin,
  onlyPiece,
  pieces,
  place,
  proofed,
  reasonsOf,
  sending,
  settleAll,
  sharedMachine,
  stage,
  stageOne,
  staged,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

void test('mail does not leave while a campaign is pending; proofs are made', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  await proofed(sql, at, 2);
  assert.equal(await begin(sql, at, 'mail', await stageOne(sql, at, 'mail')), null);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['proofed (campaign_not_running)']),
  );
});

void test('live mail does not go to a printer that nobody has armed; test mail does', async () => {
  const { sql } = rig;
  for (const mode of ['live', 'test'] as const) {
    const at = await place(sql, {}, mode);
    const id = await staged(sql, at, 'mail');
    await sql`select postrider.disarm_printer(${at.organizationId}, 'press')`;
    const begun = await begin(sql, at, 'mail', id);
    if (mode === 'test') assert.notEqual(begun, null);
    else
      assert.deepEqual(
        new Set(Object.values(await reasonsOf(sql, at))),
        new Set(['proofed (not_armed)']),
      );
  }
});

void test('who was suppressed since is not mailed, whichever key it was by', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 4);
  const id = await stageOne(sql, at, 'mail');
  // Past suppress(), which would have moved them at once: an entry that another transaction was
  // just writing.
  const entry = async (kind: string, value: string) =>
    await sql`
      insert into postrider.suppression (
        organization_id, id, kind, digest, value, reason, source, added_by, created_at
      )
      values (
        ${at.organizationId}, postrider.new_id(), ${kind},
        postrider.digest_of(${at.organizationId}, ${kind}, ${value}), ${value}, 'no', 'test',
        'test', now()
      )`;
  await entry('email', 'p0@example.com');
  await entry('external_id', 'p1');
  await entry('household', '2|US|94607|3|P|ST||||');
  const begun = await begin(sql, at, 'mail', id);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'blacklisted (suppressed)',
    p1: 'blacklisted (suppressed)',
    p2: 'blacklisted (suppressed)',
    p3: 'sending (begun)',
  });
  assert.equal(begun !== null && 'pieces' in begun ? begun.pieces.length : 0, 1);
  assert.equal((await pieces(sql, at)).length, 1, 'no piece is opened for who is turned away');
});

void test('who is suppressed before the begin is out of the cohort at once, and their open piece is called off', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 1);
  await settleAll(sql, at, batch, (p) => answered(p, 'retry', { afterMs: 0 }));
  await stage(sql, at, 'mail');
  assert.equal(await suppress(sql, at.organizationId, { email: 'p0@example.com' }, 'test'), 1);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'blacklisted (suppressed)' });
  assert.equal((await onlyPiece(sql, at)).status, 'cancelled');
});

void test('an offer that would be over before the card arrives is not mailed', async () => {
  const { sql } = rig;
  const ends = async (days: number): Promise<string> => {
    const [row] = await sql`
      select ((postrider.now() at time zone 'America/New_York')::date + ${days}::int)::text as day`;
    return String(row?.['day']);
  };
  const at = await place(sql);
  // At a launch it would be refused.
  await applyCampaign(
    sql,
    at.organizationId,
    definition({ offer_ends_on: await ends(4), transit_days: 5 }),
  );
  await proofed(sql, at, 1);
  assert.equal(await begin(sql, at, 'mail', await stageOne(sql, at, 'mail')), null);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (offer_over)' });
  const still = await place(sql, { offer_ends_on: await ends(5), transit_days: 5 });
  await proofed(sql, still, 1);
  assert.notEqual(await begin(sql, still, 'mail', await stageOne(sql, still, 'mail')), null);
});

void test('an open piece is called off when the offer is over before it goes again', async () => {
  const { sql } = rig;
  const [row] =
    await sql`select ((postrider.now() at time zone 'America/New_York')::date + 5)::text as day`;
  const at = await place(sql, { offer_ends_on: String(row?.['day']), transit_days: 5 });
  const batch = await sending(sql, at, 1);
  await settleAll(sql, at, batch, (p) => answered(p, 'retry', { afterMs: 86_400_000 }));
  await turnClock(sql, 86_401_000);
  assert.equal(await begin(sql, at, 'mail', await stageOne(sql, at, 'mail')), null);
  assert.deepEqual(
    [await reasonsOf(sql, at), (await onlyPiece(sql, at)).status],
    [{ p0: 'skipped (offer_over)' }, 'cancelled'],
  );
});
