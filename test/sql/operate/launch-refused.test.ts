/**
 * What would stop every card is refused by the launch itself, whoever asks it, in the same words.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyCampaign,
  hold,
  launch,
  launchPreview,
  type CampaignDefinition,
} from '@postrider/core';
import { definition, syncPeople, type Place } from '../../support/machine.ts';
import { place, refused, sent, sharedMachine } from '../rig.ts';

const rig = sharedMachine();

const budget = { budget_minor: 99, price_minor: 100, currency: 'USD' };

async function dayIn(days: number): Promise<string> {
  const [row] = await rig.sql<{ day: string }[]>`
    select ((postrider.now() at time zone 'America/New_York')::date + ${days}::int)::text as day`;
  return row?.day ?? '';
}

async function stateOf(at: Place): Promise<unknown> {
  const [row] = await rig.sql`
    select c.status, c.mode, c.launched_at is not null as launched, p.armed_at is not null as armed
    from postrider.campaign c
    join postrider.printer p
      on p.organization_id = c.organization_id
      and p.name = c.printer_name
    where c.organization_id = ${at.organizationId}`;
  return { ...row };
}

async function apply(at: Place, over: Partial<CampaignDefinition>): Promise<void> {
  await applyCampaign(rig.sql, at.organizationId, definition(over));
}

/**
 * By the library and by a statement: both refuse it as the preview tells it, and change nothing.
 */
async function refusedAsTold(at: Place, mode: 'test' | 'live', says: RegExp): Promise<void> {
  const { sql } = rig;
  const before = await stateOf(at);
  const [told] = (await launchPreview(sql, at, { mode, arm: mode === 'live' })).blockers;
  assert.match(told?.message ?? '', says);
  const arm = mode === 'live';
  for (const attempt of [
    launch(sql, at, { mode, arm }),
    sql`select postrider.launch(
      ${at.organizationId}, ${at.campaignId}, ${mode}, p_arm => ${arm})`,
  ]) {
    const error = await refused('PR012', attempt, says);
    assert.equal(error.message, told?.message);
    assert.equal(error.hint, told?.whatHelps);
    assert.match(error.hint ?? '', /Nothing was changed/);
    assert.match(JSON.stringify(error.detail), new RegExp(told?.blocker ?? ''));
  }
  assert.deepEqual(await stateOf(at), before);
}

void test('a launch refuses what would stop every card, in test and live mode, and arms nothing', async () => {
  const { sql } = rig;
  const over = await place(sql, { offer_ends_on: await dayIn(4), transit_days: 5 }, null);
  const poor = await place(sql, budget, null);
  const nothing = await place(sql, { ...budget, budget_minor: 0 }, null);
  const nobody = await place(sql, { campaign_mode: 'one_off' }, null);
  await syncPeople(sql, nobody, []);
  for (const at of [over, poor, nothing, nobody])
    await sql`select postrider.disarm_printer(${at.organizationId}, 'press')`;
  for (const mode of ['test', 'live'] as const) {
    await refusedAsTold(
      over,
      mode,
      /^the offer ends on .*, and a card that is posted today arrives/,
    );
    await refusedAsTold(poor, mode, /^what is left of the budget does not pay one card$/);
    await refusedAsTold(nothing, mode, /^what is left of the budget does not pay one card$/);
    await refusedAsTold(nobody, mode, /^there is nobody to mail$/);
  }
  await apply(over, { offer_ends_on: await dayIn(5), transit_days: 5 });
  assert.equal(await launch(sql, over, { mode: 'live', arm: true }), 'active');
});

void test('a launch refuses while its organization or its printer is held, and lifts no hold', async () => {
  const { sql } = rig;
  for (const kind of ['organization', 'printer'] as const) {
    const at = await place(sql, {}, null);
    const id = kind === 'printer' ? 'press' : at.organizationId;
    await hold(sql, { organizationId: at.organizationId, kind, id }, 'wrong price');
    await refusedAsTold(at, 'live', new RegExp(`^the ${kind} is held: wrong price$`));
  }
});

void test('what is active already is not launched again, whatever stands in its way by now', async () => {
  const { sql } = rig;
  const at = await place(sql, { total_cap: 1 });
  await sent(sql, at, 1);
  assert.equal(await launch(sql, at, { mode: 'live' }), 'active');
});

void test('a name stands in the command that is advised as a shell takes it', async () => {
  for (const [name, argument] of [
    ['Spring Sale', '"Spring Sale"'],
    ["it's $5", String.raw`'it'\''s $5'`],
  ] as const) {
    const at = await place(rig.sql, { name }, null);
    await hold(rig.sql, { kind: 'campaign', id: at.campaignId, ...at }, 'wrong price');
    const error = await refused('PR012', launch(rig.sql, at, { mode: 'test' }));
    assert.ok(error.hint?.includes(`postrider release campaign ${argument}, or`), error.hint);
  }
});
