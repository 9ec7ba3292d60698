/**
 * The life of a campaign: applied, launched, held, released, ended; what is frozen and what comes
 * back.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyCampaign,
  type CampaignDefinition,
  armPrinter,
  erase,
  launch,
  ensureOrganization,
  type MachineError,
} from '@postrider/core';
import { definition, people, syncPeople } from '../../support/machine.ts';
import { one, place, refused, sharedMachine, turnClock } from '../rig.ts';
import { statusOf } from '../rig/campaigns.ts';

const rig = sharedMachine();

void test('a campaign file is applied as often as one likes, and says what it changed', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  const again = await applyCampaign(sql, at.organizationId, definition());
  assert.deepEqual(again, { ...at, created: false, changed: [] });
  const changed = await applyCampaign(
    sql,
    at.organizationId,
    definition({ template: 'other', daily_cap: 9, exclusion_window: '14 days' }),
  );
  assert.deepEqual(
    [changed.campaignId, changed.changed],
    [at.campaignId, ['daily_cap', 'exclusion_window_days', 'renderer.template']],
  );
  const [row] = await sql`
    select template, daily_cap, exclusion_window = '14 days' as window
    from postrider.campaign
    where id = ${at.campaignId}`;
  assert.deepEqual({ ...row }, { template: 'other', daily_cap: 9, window: true });
});

void test('an applied file never launches, ends, holds or moves a campaign: what is not its own is refused', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  const other = await place(sql);
  for (const over of [
    { status: 'active' },
    { mode: 'live', launched_at: '2020-01-01' },
    { organization_id: other.organizationId },
  ])
    for (const name of ['spring', 'new'])
      await refused(
        'PR020',
        applyCampaign(sql, at.organizationId, definition({ name, ...over })),
        /not defined by/,
      );
  assert.equal(await statusOf(sql, at), 'pending');
  assert.equal(
    (
      await sql`
        select from postrider.campaign
        where organization_id in ${sql([at.organizationId, other.organizationId])}`
    ).length,
    2,
  );
});

void test('what is no definition, or half of one, is refused with what is missing', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  const apply = async (definition: string) =>
    await sql`select postrider.apply_campaign(${at.organizationId}, ${definition}::text::jsonb)`;
  for (const nothing of ['[]', '"spring"', 'null'])
    await refused('PR020', apply(nothing), /JSON object/);
  await refused(
    'PR020',
    apply('{"name": "new", "printer_name": null}'),
    /says nothing of assumed_after.*printer_name/,
  );
});

void test('effects that nobody knows and times out of all measure are refused, by the file and by the table', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  const apply = async (over: object) =>
    await applyCampaign(sql, at.organizationId, definition(over as Partial<CampaignDefinition>));
  await refused('PR020', apply({ effects: ['usage_meter', 'bogus'] }), /bogus follows/);
  for (const over of [
    { transit_days: -1 },
    { transit_days: 400 },
    { assumed_after: '0 days' },
    { assumed_after: '400 days' },
  ])
    await refused('PR020', apply(over), /travels/);
  const update = (set: string) =>
    sql.unsafe(`update postrider.campaign set ${set} where id = '${at.campaignId}'`);
  for (const set of [`effects = '{bogus}'`, 'transit_days = -1', `assumed_after = '0'`])
    await refused('23514', update(set));
  await apply({
    effects: ['usage_meter', 'event_sink'],
    transit_days: 0,
    assumed_after: '365 days',
  });
});

void test('holdout salt and percent freeze with the first recipient, the modes with the launch', async () => {
  const { sql } = rig;
  const at = await place(sql, { holdout_percent: 10 }, null);
  const apply = async (over: object) =>
    await applyCampaign(sql, at.organizationId, definition({ holdout_percent: 10, ...over }));
  await apply({ holdout_salt: 'new', holdout_percent: 10.0 });
  await apply({ holdout_salt: 'salt', campaign_mode: 'one_off' });
  await apply({ campaign_mode: 'automated' });
  await syncPeople(sql, at, people(1));
  const error = await refused(
    'PR014',
    apply({ holdout_salt: 'other', holdout_percent: 20, template: 'other' }),
    /holdout\.percent, holdout\.salt cannot change/,
  );
  assert.deepEqual((error as MachineError).detail, { frozen: 'holdout.percent, holdout.salt' });
  assert.deepEqual((await apply({ template: 'third' })).changed, ['renderer.template']);
  await apply({ campaign_mode: 'one_off' });
  await apply({ campaign_mode: 'automated' });
  await launch(sql, at, { mode: 'live' });
  await refused('PR014', apply({ campaign_mode: 'one_off' }), /: mode cannot change any more/);
  await refused('PR014', launch(sql, at, { mode: 'test' }), /was launched in live mode/);
  assert.equal(await launch(sql, at, { mode: 'live' }), 'active');
});

void test('a live launch asks for an armed printer; a test launch does not', async () => {
  const { sql } = rig;
  const organizationId = await ensureOrganization(sql, 'Unarmed Bakery');
  const { campaignId } = await applyCampaign(sql, organizationId, definition());
  await refused(
    'PR015',
    launch(sql, { organizationId, campaignId }, { mode: 'live' }),
    /press is not armed/,
  );
  await refused('PR020', sql`select postrider.launch(${organizationId}, ${campaignId}, 'real')`);
  await refused(
    'PR010',
    launch(sql, { organizationId, campaignId: organizationId }, { mode: 'test' }),
  );
  await refused('PR010', armPrinter(sql, organizationId, 'no such printer'));
  assert.equal(await launch(sql, { organizationId, campaignId }, { mode: 'test' }), 'active');
});

void test('a one-off is launched when its whole list was read, for it is not read again', async () => {
  const { sql } = rig;
  const at = await place(sql, { campaign_mode: 'one_off' }, null);
  await armPrinter(sql, at.organizationId, 'press');
  const tried = async (): Promise<string> => await launch(sql, at, { mode: 'live' });
  await refused('PR012', tried(), /the list of campaign spring was never read/);
  await syncPeople(sql, at, people(1), false);
  await refused('PR012', tried(), /the list of campaign spring was not read to its end/);
  assert.equal(await statusOf(sql, at), 'pending');
  await syncPeople(sql, at, people(2));
  assert.equal(await tried(), 'active');
});

void test('a one-off whose last sync concluded nothing, because too many would leave, says at the launch how to go on', async () => {
  const { sql } = rig;
  const at = await place(sql, { campaign_mode: 'one_off' }, null);
  await armPrinter(sql, at.organizationId, 'press');
  await syncPeople(sql, at, people(60), false);
  await syncPeople(sql, at, people(10));
  const error = await refused(
    'PR012',
    launch(sql, at, { mode: 'live' }),
    /50 of the 60 people who wait would leave the segment at once/,
  );
  assert.match(error.hint ?? '', /with --allow-departures/);
  await syncPeople(sql, at, people(60));
  assert.equal(await launch(sql, at, { mode: 'live' }), 'active');
});

void test('erased stays erased: the next syncs of this campaign and of others do not bring anybody back', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(2));
  await erase(sql, (await one(sql, at, 'p0')).id);
  const { campaignId } = await applyCampaign(
    sql,
    at.organizationId,
    definition({ name: 'another', exclusion_window: '0' }),
  );
  for (const where of [at, { ...at, campaignId }]) {
    const report = await syncPeople(sql, where, people(2));
    assert.equal((report['turned_away'] as Record<string, number>)['erased'], 1);
  }
  const [row] = await sql`
    select count(*)::int as n
    from postrider.recipient
    where organization_id = ${at.organizationId} and email = 'p0@example.com'`;
  assert.equal(row?.['n'], 0);
});

void test('the months of the history stand where they should, whatever the time zone of the session', async () => {
  const { sql } = rig;
  await turnClock(sql, 200 * 86_400_000);
  for (const zone of ['America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'UTC']) {
    await sql.begin(async (tx) => {
      await tx.unsafe(`set local timezone = '${zone}'`);
      await tx`select postrider.turn_clock('100 days')`;
      await tx`select postrider.event_partitions(5)`;
    });
  }
  const parts = await sql<{ name: string; bound: string }[]>`
    select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
    from pg_class c
    where c.relispartition and c.relkind = 'r' and c.relname like 'recipient_event_2%'
    order by 1`;
  const wrong: string[] = [];
  await sql.begin(async (tx) => {
    await tx`set local timezone = 'UTC'`;
    for (const part of await tx<{ name: string; bound: string }[]>`
      select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
      from pg_class c
      where c.relispartition and c.relkind = 'r' and c.relname like 'recipient_event_2%'
      order by 1`) {
      const [, year, month] = /(\d{4})_(\d\d)$/.exec(part.name) ?? [];
      const from = `${year}-${month}-01 00:00:00+00`;
      const next = new Date(Date.UTC(Number(year), Number(month), 1)).toISOString().slice(0, 10);
      if (part.bound !== `FOR VALUES FROM ('${from}') TO ('${next} 00:00:00+00')`)
        wrong.push(`${part.name}: ${part.bound}`);
    }
  });
  assert.deepEqual(wrong, []);
  assert.ok(parts.length >= 8);
  const [doctor] =
    await sql`select verdict from postrider.doctor() where check_name = 'event partitions'`;
  assert.equal(doctor?.['verdict'], 'ok');
});
