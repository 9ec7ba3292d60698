/**
 * Caps and budgets: counted when a piece is opened, in the organization's own days; who is over
 * waits, and is never skipped in silence.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import {
  applyCampaign,
  armPrinter,
  launch,
  ensureOrganization,
  type CampaignDefinition,
} from '@postrider/core';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  answered,
  mailBegun,
  pidOf,
  place,
  proofAll,
  proofed,
  sending,
  settleAll,
  sharedMachine,
  stage,
  standing,
  turnClock,
  waitsForLock,
} from '../rig.ts';

const rig = sharedMachine();
const HOUR = 3_600_000;

async function counts(sql: postgres.Sql, at: Place): Promise<Record<string, number>> {
  const all: Record<string, number> = {};
  for (const { state } of await standing(sql, at)) all[state] = (all[state] ?? 0) + 1;
  return all;
}
const budget = { budget_minor: 500, price_minor: 90, currency: 'USD' };

for (const [what, over, room] of [
  ['a daily cap', { daily_cap: 3 }, 3],
  ['a total cap', { total_cap: 4 }, 4],
  ['a budget, of which a part of a card buys none', budget, 5],
  ['the least of them all', { daily_cap: 9, total_cap: 2, ...budget }, 2],
] as [string, Partial<CampaignDefinition>, number][]) {
  void test(`${what} lets so many through; the others wait, with the reason`, async () => {
    const { sql } = rig;
    const at = await place(sql, over);
    await proofed(sql, at, 8);
    const batch = await mailBegun(sql, at);
    assert.equal(batch.pieces.length, room);
    assert.deepEqual(await counts(sql, at), { sending: room, proofed: 8 - room });
    const waiting = (await standing(sql, at)).filter((person) => person.state === 'proofed');
    assert.deepEqual(new Set(waiting.map((person) => person.reason)), new Set(['cap_reached']));
    assert.ok(waiting.every((person) => person.availableAt > new Date()));
    assert.deepEqual(await stage(sql, at, 'mail'), [], 'nobody is staged again before the time');
  });
}

void test('of a cohort the cap lets through who has waited longest', async () => {
  const { sql } = rig;
  const at = await place(sql, { daily_cap: 2 });
  await proofed(sql, at, 5);
  await mailBegun(sql, at);
  const through = (await standing(sql, at))
    .filter((person) => person.state === 'sending')
    .map((person) => person.id);
  const all = (await standing(sql, at)).map((person) => person.id).sort();
  assert.deepEqual(through.sort(), all.slice(0, 2));
});

void test("a day ends at midnight in the organization's time zone, wherever the server stands", async () => {
  const { sql } = rig;
  const organizationId = await ensureOrganization(sql, 'Tokyo Bakery', 'Asia/Tokyo');
  const { campaignId } = await applyCampaign(sql, organizationId, definition({ daily_cap: 2 }));
  await armPrinter(sql, organizationId, 'press');
  await launch(sql, { organizationId, campaignId }, { mode: 'live' });
  const at = { organizationId, campaignId };
  await proofed(sql, at, 5);
  await mailBegun(sql, at);
  const [waiting] = (await standing(sql, at)).filter((person) => person.state === 'proofed');
  const [midnight] = await sql`
    select (
      ((postrider.now() at time zone 'Asia/Tokyo')::date + 1)::timestamp at time zone 'Asia/Tokyo'
    ) as at`;
  assert.deepEqual(waiting?.availableAt, midnight?.['at']);
  await turnClock(sql, 24 * HOUR);
  assert.equal((await mailBegun(sql, at)).pieces.length, 2);
  await turnClock(sql, 24 * HOUR);
  assert.equal((await mailBegun(sql, at)).pieces.length, 1);
});

void test('a total cap or budget that is used up holds people back day by day, until it is raised', async () => {
  const { sql } = rig;
  const at = await place(sql, { total_cap: 1 });
  await proofed(sql, at, 3);
  await mailBegun(sql, at);
  await turnClock(sql, 24 * HOUR);
  assert.deepEqual((await mailBegun(sql, at)).pieces, []);
  await applyCampaign(sql, at.organizationId, definition({ total_cap: 3 }));
  await turnClock(sql, 24 * HOUR);
  assert.equal((await mailBegun(sql, at)).pieces.length, 2);
});

void test('a piece that is taken up again was counted when it was opened', async () => {
  const { sql } = rig;
  const at = await place(sql, { daily_cap: 2 });
  const batch = await sending(sql, at, 2);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'retry', { afterMs: 0 }));
  await syncPeople(sql, at, people(3, 'more'), false);
  await proofAll(sql, at);
  const again = await mailBegun(sql, at);
  assert.deepEqual(
    again.pieces.map((piece) => piece.mailpieceId).sort(),
    batch.pieces.map((piece) => piece.mailpieceId).sort(),
  );
  assert.deepEqual(await counts(sql, at), { sending: 2, proofed: 3 });
});

void test('many begins at once do not pass a cap together', async () => {
  const { sql, machine } = rig;
  const at = await place(sql, { daily_cap: 7 });
  await proofed(sql, at, 40);
  const cohorts = await stage(sql, at, 'mail', 10, 4);
  const clients = machine.connect(8);
  const begun = await Promise.all(
    cohorts.map(
      async (id) =>
        await beginMail(clients, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS }),
    ),
  );
  assert.equal(
    begun.reduce((sum, batch) => sum + (batch?.pieces.length ?? 0), 0),
    7,
  );
  const [counter] = await sql`
    select opened_on_day, opened_in_all
    from postrider.campaign_counter
    where campaign_id = ${at.campaignId}`;
  assert.deepEqual({ ...counter }, { opened_on_day: 7, opened_in_all: 7 });
});

void test('a begin that comes while another counts waits for the count', async () => {
  const { sql, machine } = rig;
  const at = await place(sql, { daily_cap: 3 });
  await proofed(sql, at, 6);
  const [first, second] = await stage(sql, at, 'mail', 2, 3);
  assert.ok(first !== undefined && second !== undefined);
  const early = machine.connect(1);
  const late = machine.connect(1);
  const pid = await pidOf(late);
  let began: ReturnType<typeof beginMail> = Promise.resolve(null);
  await early.begin(async (tx) => {
    const batch = await beginMail(tx as unknown as postgres.Sql, {
      organizationId: at.organizationId,
      cohortId: first,
      runnerId: RUNNER,
      leaseMs: LEASE_MS,
    });
    assert.equal(batch?.pieces.length, 3);
    began = beginMail(late, { ...at, cohortId: second, runnerId: RUNNER, leaseMs: LEASE_MS });
    await waitsForLock(sql, pid);
  });
  assert.equal(await began, null);
});
