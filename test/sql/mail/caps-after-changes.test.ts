/**
 * Caps and budgets hold whatever happens to the campaign meanwhile: set late, raised, priced anew,
 * moved to another time zone, taken up again later.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, ensureOrganization, type CampaignDefinition } from '@postrider/core';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import {
  LEASE_MS,
  RUNNER,
  answered,
  mailBegun,
  place,
  proofAll,
  proofed,
  refused,
  sending,
  sent,
  settle,
  sharedMachine,
  stageOne,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
const HOUR = 3_600_000;

async function apply(
  sql: postgres.Sql,
  at: Place,
  over: Partial<CampaignDefinition>,
): Promise<unknown> {
  return await applyCampaign(sql, at.organizationId, definition(over));
}
async function more(sql: postgres.Sql, at: Place, n: number, prefix: string): Promise<void> {
  await syncPeople(sql, at, people(n, prefix), false);
  await proofAll(sql, at);
}
async function opened(sql: postgres.Sql, at: Place): Promise<number> {
  return (await mailBegun(sql, at)).pieces.length;
}
function price(price_minor: number) {
  return { price_minor, currency: 'USD' };
}

void test('a cap that is set after mailing counts what was opened before', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sent(sql, at, 8);
  await apply(sql, at, { total_cap: 10, daily_cap: 9 });
  await more(sql, at, 10, 'q');
  assert.equal(await opened(sql, at), 1, 'of the day');
  await turnClock(sql, 24 * HOUR);
  assert.equal(await opened(sql, at), 1, 'of all');
});

void test('what was spent stays spent when the price changes, or comes late', async () => {
  const { sql } = rig;
  const cheaper = await place(sql, { budget_minor: 1000, ...price(100) });
  await sent(sql, cheaper, 10);
  await apply(sql, cheaper, { budget_minor: 1000, ...price(50) });
  await more(sql, cheaper, 5, 'q');
  assert.equal(await opened(sql, cheaper), 0);
  await apply(sql, cheaper, { budget_minor: 1100, ...price(50) });
  await turnClock(sql, 24 * HOUR);
  assert.equal(await opened(sql, cheaper), 2);

  const late = await place(sql, { daily_cap: 100 });
  await sent(sql, late, 6);
  await apply(sql, late, { daily_cap: 100, budget_minor: 1000, ...price(100) });
  await more(sql, late, 9, 'q');
  assert.equal(await opened(sql, late), 4);
});

void test('a price that changes while there is no cap leaves what was printed before it at its own price', async () => {
  const { sql } = rig;
  const at = await place(sql, price(50));
  await sent(sql, at, 2);
  await apply(sql, at, price(80));
  await apply(sql, at, { budget_minor: 260, ...price(80) });
  const [count] = await sql`
    select opened_in_all::int as opened, opened_minor::int as spent
    from postrider.campaign_counter
    where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...count }, { opened: 2, spent: 100 });
  await more(sql, at, 3, 'q');
  assert.equal(await opened(sql, at), 2);
});

void test('a budget may be larger than an int', async () => {
  const { sql } = rig;
  const at = await place(sql, { budget_minor: 3_000_000_000, ...price(1) });
  await proofed(sql, at, 2);
  assert.equal(await opened(sql, at), 2);
});

void test('a day that goes back, because the time zone changed, begins no new count', async () => {
  const { sql } = rig;
  const at = await place(sql, { daily_cap: 2 });
  const [organization] = await sql<
    { name: string }[]
  >`select name from postrider.organization where id = ${at.organizationId}`;
  // Whatever the hour, it is a day later at one of these than at the other.
  await ensureOrganization(sql, organization?.name ?? '', 'Pacific/Kiritimati');
  await sent(sql, at, 2);
  await ensureOrganization(sql, organization?.name ?? '', 'Pacific/Pago_Pago');
  await more(sql, at, 3, 'q');
  assert.equal(await opened(sql, at), 0);
});

void test('a piece that is taken up again on a later day counts on that day, and once', async () => {
  const { sql } = rig;
  const at = await place(sql, { daily_cap: 2 });
  const again = async (): Promise<number> => {
    const batch = await mailBegun(sql, at);
    const results = batch.pieces.map((piece) => answered(piece, 'retry', { afterMs: 0 }));
    await settle(sql, at, batch, results);
    return results.length;
  };
  await proofed(sql, at, 2);
  assert.equal(await again(), 2);
  await more(sql, at, 2, 'q');
  await turnClock(sql, 24 * HOUR);
  assert.equal(await again(), 2, 'not these two and two more');
  assert.equal(await again(), 2, 'counted today already');
  await apply(sql, at, { daily_cap: 3 });
  assert.equal(await again(), 2, 'who waits for the morning stays there');
  await turnClock(sql, 24 * HOUR);
  assert.equal(await again(), 3);
});

void test('a campaign whose count somebody deleted prints nothing until it is counted again', async () => {
  const { sql } = rig;
  const at = await place(sql, { daily_cap: 5 });
  await sending(sql, at, 3);
  await more(sql, at, 6, 'q');
  await sql`delete from postrider.campaign_counter where campaign_id = ${at.campaignId}`;
  const cohortId = await stageOne(sql, at, 'mail');
  const begin = async (): Promise<number | undefined> =>
    (await beginMail(sql, { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS }))?.pieces.length;
  const error = await refused('PR010', begin(), /no count/);
  assert.match(error.hint ?? '', /count_opened/);
  await sql`select postrider.count_opened(${at.organizationId}, ${at.campaignId})`;
  assert.equal(await begin(), 2);
});
