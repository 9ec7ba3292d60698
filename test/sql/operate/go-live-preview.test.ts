/** From test to live is told before, as a launch is; and what would stop every card is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyCampaign,
  goLive,
  hold,
  launch,
  launchPreview,
  launchSample,
  suppress,
  type CampaignDefinition,
  type LaunchPreview,
} from '@postrider/core';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import {
  accepted,
  answered,
  event,
  idOf,
  mailBegun,
  place,
  proofed,
  refused,
  sending,
  settle,
  settleAll,
  sharedMachine,
  statesOf,
  tell,
} from '../rig.ts';
import { pieces } from './tested.ts';

const rig = sharedMachine();

const limits = {
  daily_cap: 4,
  total_cap: 20,
  budget_minor: 1_000,
  price_minor: 90,
  currency: 'USD',
} as const;

async function told(at: Place, arm = false): Promise<LaunchPreview> {
  return await launchPreview(rig.sql, at, { mode: 'live', arm });
}

/** A test of five: two have their card, one was refused, one's address too, and one waits. */
async function tested(over: Partial<CampaignDefinition> = {}): Promise<Place> {
  const { sql } = rig;
  const at = await place(sql, { ...limits, ...over }, 'test');
  const batch = await sending(sql, at, 5);
  const [first, second, third, fourth] = batch.pieces;
  assert.ok(first && second && third && fourth);
  await settle(sql, at, batch, [
    accepted(first),
    accepted(second),
    answered(third, 'rejected'),
    answered(fourth, 'rejected', { badAddress: true }),
  ]);
  await tell(sql, at, [event({ providerId: idOf(second), status: 'delivered' })]);
  return at;
}

void test('what going live would do is told before, and it is what going live does', async () => {
  const { sql } = rig;
  const at = await tested();
  const before = [await statesOf(sql, at), await pieces(sql, at)];
  const seen = await sql.begin(async (tx) => {
    const answer = await launchPreview(tx, at, { mode: 'live' });
    const sample = await launchSample(tx, at);
    const [row] = await tx`select pg_current_xact_id_if_assigned() as id`;
    assert.equal(row?.['id'], null, 'nothing was written');
    return { answer, sample };
  });
  const { answer, sample } = seen;
  assert.deepEqual(answer.test, { cards: 4, beginAgain: 4 });
  assert.deepEqual(answer.blockers, []);
  assert.deepEqual([answer.cards.people, answer.cards.now, answer.cards.inAll], [5, 4, 5]);
  assert.deepEqual(answer.caps, { daily: 4, openedToday: 0, total: 20, opened: 0, left: 20 });
  assert.deepEqual(
    [answer.budget?.spent, answer.budget?.left, answer.budget?.pays],
    [0, 1_000, 11],
  );
  // Also cards of people who have a test card are looked at.
  assert.deepEqual(sample.map(({ state }) => state).toSorted(), ['proofed', 'received', 'sent']);
  assert.deepEqual([await statesOf(sql, at), await pieces(sql, at)], before);
  const went = await goLive(sql, at);
  assert.deepEqual([went.voided, went.begunAgain, went.turnedAway], [4, 4, 0]);
  const after = await told(at);
  assert.equal(after.test, null);
  assert.deepEqual(
    [after.cards, after.caps, after.budget],
    [answer.cards, answer.caps, answer.budget],
  );
});

void test('who waited for a day of the test goes at once, and who opted out meanwhile does not begin again', async () => {
  const { sql } = rig;
  const at = await place(sql, { daily_cap: 1 }, 'test');
  await proofed(sql, at, 3);
  await settleAll(sql, at, await mailBegun(sql, at));
  const beforehand = await told(at);
  assert.deepEqual(
    [beforehand.cards.people, beforehand.cards.later, beforehand.cards.now, beforehand.cards.days],
    [3, 0, 1, 3],
  );
  const [gone] =
    Object.entries(await statesOf(sql, at)).find(([, state]) => state === 'sent') ?? [];
  await suppress(sql, at.organizationId, { externalId: gone ?? '' }, 'opted out');
  // It is told at most how many: the rules are asked once more when it happens.
  assert.deepEqual((await told(at)).test, { cards: 1, beginAgain: 1 });
  const went = await goLive(sql, at);
  assert.deepEqual([went.begunAgain, went.turnedAway], [1, 1]);
});

void test('a test card at the printer, and a printer that is not armed, are told and refused in the same words', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await sending(sql, at, 2);
  const { blockers } = await told(at);
  assert.deepEqual(
    blockers.map(({ blocker, code }) => [blocker, code]),
    [['test_at_printer', 'PR017']],
  );
  const error = await refused('PR017', goLive(sql, at));
  assert.deepEqual([error.message, error.hint], [blockers[0]?.message, blockers[0]?.whatHelps]);
  await settleAll(sql, at, batch);
  await sql`select postrider.disarm_printer(${at.organizationId}, 'press')`;
  assert.deepEqual(
    (await told(at)).blockers.map(({ blocker }) => blocker),
    ['printer_not_armed'],
  );
  assert.deepEqual((await told(at, true)).blockers, []);
});

void test('from test to live refuses what would stop every card, as a launch does, and changes nothing', async () => {
  const { sql } = rig;
  const at = await tested();
  await sql`select postrider.disarm_printer(${at.organizationId}, 'press')`;
  const state = async (): Promise<unknown> => [
    await statesOf(sql, at),
    await pieces(sql, at),
    (await sql`select mode, status from postrider.campaigns where id = ${at.campaignId}`).map(
      (row) => ({ ...row }),
    ),
    (
      await sql`
        select armed_at, held_at from postrider.printers
        where organization_id = ${at.organizationId}`
    ).map((row) => ({ ...row })),
  ];
  const cases: [Partial<CampaignDefinition>, string, RegExp][] = [
    [{ offer_ends_on: '2020-01-01' }, 'offer_over', /^the offer ends on 2020-01-01/],
    [{ budget_minor: 80 }, 'budget_spent', /does not pay one card$/],
    [{ budget_minor: 0 }, 'budget_spent', /does not pay one card$/],
  ];
  for (const [over, blocker, says] of cases) {
    await applyCampaign(sql, at.organizationId, definition({ ...limits, ...over }));
    const before = await state();
    const [first] = (await told(at, true)).blockers;
    assert.equal(first?.blocker, blocker);
    for (const attempt of [
      goLive(sql, at, { arm: true }),
      sql`select postrider.go_live(${at.organizationId}, ${at.campaignId}, p_arm => true)`,
    ]) {
      const error = await refused('PR012', attempt, says);
      assert.deepEqual([error.message, error.hint], [first.message, first.whatHelps]);
      assert.match(error.hint ?? '', /Nothing was changed/);
    }
    assert.deepEqual(await state(), before);
  }
  // What the test has used up of caps and budget stops nothing.
  await applyCampaign(sql, at.organizationId, definition({ ...limits, total_cap: 1 }));
  const id = 'press';
  await hold(sql, { organizationId: at.organizationId, kind: 'printer', id }, 'no paper');
  await refused('PR012', goLive(sql, at, { arm: true }), /^the printer is held: no paper$/);
  await sql`select postrider.release(${at.organizationId}, 'printer', 'press')`;
  assert.equal((await goLive(sql, at, { arm: true })).mode, 'live');
});

void test('a one-off of which going live would leave nobody to mail stays a test', async () => {
  const { sql } = rig;
  const at = await place(sql, { campaign_mode: 'one_off' }, null);
  await syncPeople(sql, at, people(1));
  await launch(sql, at, { mode: 'test' });
  await suppress(sql, at.organizationId, { externalId: 'p0' }, 'opted out');
  assert.deepEqual(
    (await told(at)).blockers.map(({ blocker }) => blocker),
    ['nobody_to_mail'],
  );
  await refused('PR012', goLive(sql, at), /there is nobody to mail/);
});
