/** What a launch would do is told before: cards, days, money, who is turned away, what stops it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyCampaign,
  endCampaign,
  hold,
  launch,
  launchPreview,
  launchSample,
  type CampaignDefinition,
  type LaunchBlocker,
  type LaunchPreview,
} from '@postrider/core';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import { place, refused, sending, sharedMachine } from '../rig.ts';

const rig = sharedMachine();

function budget(amount: number, price: number): Partial<CampaignDefinition> {
  return { budget_minor: amount, price_minor: price, currency: 'USD' };
}

async function preview(at: Place, mode: 'test' | 'live' = 'live'): Promise<LaunchPreview> {
  return await launchPreview(rig.sql, at, { mode });
}

/** A day from today on, as a new organization's clock has it. */
async function dayIn(days: number): Promise<string> {
  const [row] = await rig.sql<{ day: string }[]>`
    select ((postrider.now() at time zone 'America/New_York')::date + ${days}::int)::text as day`;
  return row?.day ?? '';
}

function namesOf(told: LaunchPreview): string[] {
  return told.blockers.map(({ blocker }) => blocker);
}

/** The one that is told, with words and what helps. */
function blocked(told: LaunchPreview, blocker: LaunchBlocker['blocker'], says: RegExp): string {
  assert.deepEqual(namesOf(told), [blocker]);
  const [only] = told.blockers;
  assert.match(only?.message ?? '', says);
  assert.match(only?.whatHelps ?? '', /nothing was changed/i);
  return only?.whatHelps ?? '';
}

void test('without caps everybody gets a card today, and each rule says how many it turned away', async () => {
  const at = await place(rig.sql, { holdout_percent: 0, transit_days: 5 }, null);
  const list = people(5);
  await syncPeople(rig.sql, at, [
    ...list,
    { ...list[0], row: 90, externalId: 'double' },
    { ...list[1], row: 91, externalId: 'wrong', email: null, region: 'ZZ', line1: '9 Nowhere' },
    { row: 92, externalId: 'mail-only', email: 'only@example.com' },
  ]);
  const told = await preview(at);
  assert.deepEqual(told.cards, {
    people: 5,
    held: 0,
    later: 0,
    now: 5,
    inAll: 5,
    tooLate: 0,
    days: 1,
  });
  assert.equal(told.people.pending, 5);
  assert.equal(told.people.address_enrichable, 1);
  assert.deepEqual(
    told.turnedAway.map(({ state, reason, people: n }) => [state, reason, n]),
    [
      ['skipped', 'bad_address', 1],
      ['skipped', 'duplicate', 1],
    ],
  );
  assert.ok(told.turnedAway.every(({ sentence }) => sentence !== null));
  assert.equal(told.budget, null);
  assert.deepEqual(
    [told.mail.firstDay, told.mail.lastDay, told.mail.firstArrival, told.mail.lastArrival],
    [await dayIn(0), await dayIn(0), await dayIn(5), await dayIn(5)],
  );
  assert.deepEqual(told.blockers, []);
});

void test('the daily cap gives the days, the budget the cards, and the end of the offer who is too late', async () => {
  const at = await place(
    rig.sql,
    {
      daily_cap: 3,
      total_cap: 9,
      ...budget(2_050, 250),
      transit_days: 5,
      offer_ends_on: await dayIn(6),
    },
    null,
  );
  await syncPeople(rig.sql, at, people(10));
  const told = await preview(at);
  assert.deepEqual(told.cards, {
    people: 10,
    held: 0,
    later: 0,
    now: 3,
    inAll: 8,
    tooLate: 2,
    days: 2,
  });
  assert.deepEqual(told.caps, { daily: 3, openedToday: 0, total: 9, opened: 0, left: 9 });
  assert.deepEqual(told.budget, {
    currency: 'USD',
    price: 250,
    total: 2_050,
    spent: 0,
    left: 2_050,
    pays: 8,
    cost: 1_500,
    costOfAll: 2_500,
  });
  assert.deepEqual(
    [told.mail.lastDay, told.mail.lastArrival, told.mail.offerEndsOn],
    [await dayIn(1), await dayIn(6), await dayIn(6)],
  );
  await applyCampaign(
    rig.sql,
    at.organizationId,
    definition({ daily_cap: 3, transit_days: 5, offer_ends_on: null }),
  );
  const all = await preview(at);
  assert.deepEqual([all.cards.tooLate, all.cards.days, all.mail.lastDay], [0, 4, await dayIn(3)]);
});

void test('what is opened already counts: today goes on where the cap allows, and tomorrow begins anew', async () => {
  const at = await place(rig.sql, { daily_cap: 3, total_cap: 8, ...budget(10_000, 100) });
  await sending(rig.sql, at, 10);
  const told = await preview(at);
  assert.deepEqual(told.caps, { daily: 3, openedToday: 3, total: 8, opened: 3, left: 5 });
  assert.deepEqual([told.cards.people, told.cards.now, told.cards.inAll], [7, 0, 5]);
  assert.deepEqual([told.budget?.spent, told.budget?.pays], [300, 97]);
  assert.deepEqual([told.mail.firstDay, told.mail.lastDay], [await dayIn(1), await dayIn(2)]);
});

void test('who is held gets no card, and who waits for a day is not of today', async () => {
  const at = await place(rig.sql, {}, null);
  await syncPeople(rig.sql, at, people(4));
  const [one] = await rig.sql<{ id: string }[]>`
    select id from postrider.recipients
    where campaign_id = ${at.campaignId} and external_id = 'p0'`;
  await hold(rig.sql, {
    organizationId: at.organizationId,
    kind: 'recipient',
    id: one?.id ?? '',
  });
  await rig.admin`
    update postrider.recipient_state
    set available_at = postrider.now() + interval '10 days'
    where campaign_id = ${at.campaignId}
      and recipient_id = (
        select id from postrider.recipient
        where campaign_id = ${at.campaignId} and external_id = 'p1')`;
  const { cards, mail } = await preview(at);
  assert.deepEqual(cards, {
    people: 3,
    held: 1,
    later: 1,
    now: 2,
    inAll: 3,
    tooLate: 0,
    days: 11,
  });
  assert.equal(mail.lastDay, await dayIn(10));
});

void test('a launch that it calls free succeeds, and one that launch refuses is told in its words', async () => {
  const at = await place(rig.sql, { campaign_mode: 'one_off' }, null);
  const other = await place(rig.sql, {}, null);
  assert.match(blocked(await preview(at), 'not_launchable', /was never read/), /postrider sync/);
  await syncPeople(rig.sql, at, people(1));
  assert.deepEqual((await preview(at)).blockers, []);
  await rig.sql`select postrider.disarm_printer(${at.organizationId}, 'press')`;
  blocked(await preview(at), 'printer_not_armed', /press is not armed/);
  assert.deepEqual((await preview(at, 'test')).blockers, []);
  const armed = await launchPreview(rig.sql, at, { mode: 'live', arm: true });
  assert.deepEqual(armed.blockers, []);
  assert.equal(armed.printer.armed, false);
  await launch(rig.sql, at, { mode: 'test' });
  assert.deepEqual(namesOf(await preview(at, 'live')), ['printer_not_armed']);
  await launch(rig.sql, other, { mode: 'live' });
  await rig.sql`select postrider.disarm_printer(${other.organizationId}, 'press')`;
  assert.deepEqual(namesOf(await preview(other, 'live')), ['printer_not_armed']);
  const frozen = await preview(other, 'test');
  assert.deepEqual(
    frozen.blockers.map(({ blocker, code }) => [blocker, code]),
    [['mode_frozen', 'PR014']],
  );
  await endCampaign(rig.sql, at, { status: 'completed' });
  assert.match((await preview(at, 'test')).blockers[0]?.message ?? '', /is completed/);
});

void test('a hold of the campaign, of its organization or of its printer stops every card', async () => {
  for (const [kind, blocker] of [
    ['campaign', 'not_launchable'],
    ['organization', 'organization_held'],
    ['printer', 'printer_held'],
  ] as const) {
    const at = await place(rig.sql, {}, null);
    await syncPeople(rig.sql, at, people(1));
    const id = { campaign: at.campaignId, organization: at.organizationId, printer: 'press' }[kind];
    await hold(rig.sql, { organizationId: at.organizationId, kind, id }, 'wrong price');
    for (const mode of ['test', 'live'] as const)
      assert.match(
        blocked(await preview(at, mode), blocker, /is held: wrong price/),
        /postrider\.release\(/,
      );
  }
});

void test('an offer that is over before the first arrival stops every card, and one that ends that day does not', async () => {
  const at = await place(rig.sql, { transit_days: 5, offer_ends_on: await dayIn(4) }, null);
  await syncPeople(rig.sql, at, people(2));
  const told = await preview(at);
  assert.match(blocked(told, 'offer_over', /the offer ends on/), /offer_ends_on/);
  assert.deepEqual([told.cards.now, told.cards.tooLate, told.mail.firstDay], [0, 2, null]);
  await applyCampaign(
    rig.sql,
    at.organizationId,
    definition({ transit_days: 5, offer_ends_on: await dayIn(5) }),
  );
  const last = await preview(at);
  assert.deepEqual(last.blockers, []);
  assert.deepEqual([last.cards.now, last.cards.tooLate], [2, 0]);
});

void test('a budget below one card and a total cap that is used up stop every card', async () => {
  const poor = await place(rig.sql, budget(99, 100), null);
  await syncPeople(rig.sql, poor, people(1));
  blocked(await preview(poor), 'budget_spent', /does not pay one card/);
  const full = await place(rig.sql, { total_cap: 2 });
  await sending(rig.sql, full, 3);
  blocked(await preview(full), 'total_cap_reached', /has opened 2 cards/);
});

void test('a one-off of which nobody is left to mail is told, and a campaign that follows its list is not', async () => {
  const [automated, once] = [
    await place(rig.sql, {}, null),
    await place(rig.sql, { campaign_mode: 'one_off' }, null),
  ];
  assert.deepEqual((await preview(automated)).blockers, []);
  await syncPeople(rig.sql, once, []);
  blocked(await preview(once), 'nobody_to_mail', /there is nobody to mail/);
});

void test('an unknown campaign, a mode that is none and a test that arms are refused as by the launch', async () => {
  const at = await place(rig.sql, {}, null);
  const { organizationId } = at;
  await refused('PR010', preview({ organizationId, campaignId: organizationId }));
  await refused('PR020', launchPreview(rig.sql, at, { mode: 'test', arm: true }));
  await refused(
    'PR020',
    rig.sql`select postrider.launch_preview(${organizationId}, ${at.campaignId}, 'real')`,
  );
});

void test('a preview changes nothing, and is answered in a transaction that may not write', async () => {
  const at = await place(rig.sql, { daily_cap: 1 }, null);
  await syncPeople(rig.sql, at, people(2));
  const told = await rig.sql.begin(async (sql) => {
    const answer = await launchPreview(sql, at, { mode: 'live' });
    await launchSample(sql, at);
    const [row] = await sql`select pg_current_xact_id_if_assigned() as id`;
    assert.equal(row?.['id'], null, 'nothing was written');
    return answer;
  });
  assert.equal(told.status, 'pending');
  const [campaign] = await rig.sql`
    select status, launched_at from postrider.campaign where id = ${at.campaignId}`;
  assert.deepEqual({ ...campaign }, { status: 'pending', launched_at: null });
});
