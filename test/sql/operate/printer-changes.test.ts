/**
 * A printer that is changed, or exchanged, while its cards are on their way: what was opened at one
 * shop is never asked for, or printed again, at another.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, armPrinter, hold, launch, ensureOrganization } from '@postrider/core';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { definition, people, syncPeople } from '../../support/machine.ts';
import {
  DAY,
  LEASE_MS,
  RUNNER,
  answered,
  cohort,
  pidOf,
  pieces,
  place,
  proofed,
  refused,
  sending,
  settleAll,
  sharedMachine,
  stageOne,
  statesOf,
  turnClock,
  waitsForLock,
} from '../rig.ts';

const rig = sharedMachine();
function shop(url: string) {
  return {
    integrations: {
      printer: { kind: 'print_shop', url },
      renderer: { kind: 'noop' },
      image_host: { kind: 'noop' },
    },
  };
}
async function armed(organizationId: string): Promise<unknown[]> {
  return (
    await rig.sql`
      select armed_at is not null as armed
      from postrider.printer
      where organization_id = ${organizationId}
      order by name`
  ).map((row) => row['armed']);
}

void test('a hold of the printer that a campaign changed to meets a begin that looked before the change', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await applyCampaign(
    sql,
    at.organizationId,
    definition({ name: 'other', printer_name: 'press-b' }),
  );
  await armPrinter(sql, at.organizationId, 'press-b');
  await proofed(sql, at);
  const cohortId = await stageOne(sql, at, 'mail');
  const [changer, beginner] = [machine.connect(1), machine.connect(1)];
  const pid = await pidOf(beginner);
  await changer`begin`;
  await applyCampaign(changer, at.organizationId, definition({ printer_name: 'press-b' }));
  const begun = beginMail(beginner, { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS });
  await waitsForLock(sql, pid);
  await changer`commit`;
  assert.equal((await hold(sql, { ...at, kind: 'printer', id: 'press-b' })).atPrinter, 0);
  assert.equal(await begun, null);
  assert.deepEqual(await pieces(sql, at), []);
  assert.deepEqual(await statesOf(sql, at), { p0: 'proofed' });
  assert.equal((await cohort(sql, cohortId)).closedWhy, 'printer_changed');
});

for (const outcome of ['submitting', 'unknown', 'retry'] as const)
  void test(`a printer with pieces of which the outcome is open (${outcome}) is not changed`, async () => {
    const { sql } = rig;
    const at = await place(sql, shop('http://one'));
    const batch = await sending(sql, at);
    if (outcome !== 'submitting')
      await settleAll(sql, at, batch, (piece) => answered(piece, outcome, { afterMs: 0 }));
    const error = await refused(
      'PR021',
      applyCampaign(sql, at.organizationId, definition(shop('http://two'))),
      /printer press/,
    );
    assert.match(error.hint ?? '', /another name/);
    const [printer] = await sql`
      select options ->> 'url' as url, armed_at is not null as armed
      from postrider.printer
      where organization_id = ${at.organizationId}`;
    assert.deepEqual({ ...printer }, { url: 'http://one', armed: true });
    await applyCampaign(
      sql,
      at.organizationId,
      definition({ ...shop('http://one'), daily_cap: 7 }),
    );
  });

for (const mode of ['live', 'test'] as const)
  void test(`a printer whose ${mode} cards are on their way, reached by another kind or account`, async () => {
    const { sql } = rig;
    const at = await place(sql, shop('http://one'), mode);
    await settleAll(sql, at, await sending(sql, at, 2));
    const other = { integrations: { ...shop('').integrations, printer: { kind: 'noop' } } };
    const change = async () => await applyCampaign(sql, at.organizationId, definition(other));
    if (mode === 'test') {
      await change();
      return;
    }
    const error = await refused('PR021', change(), /cards that printer press has made/);
    assert.match(error.hint ?? '', /another name/);
    await turnClock(sql, 60 * DAY);
    await sql`select postrider.assume_received(${at.organizationId})`;
    await change();
  });

void test('a printer that is changed must be armed again', async () => {
  const { sql } = rig;
  const at = await place(sql, shop('http://one'));
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch);
  const { changed } = await applyCampaign(sql, at.organizationId, definition(shop('http://two')));
  assert.deepEqual(changed, ['printer']);
  assert.deepEqual(await armed(at.organizationId), [false]);
});

void test('a campaign that is not launched does not redirect an armed printer', async () => {
  const { sql } = rig;
  const at = await place(sql, shop('http://one'));
  const autumn = definition({ name: 'autumn', ...shop('http://two') });
  await refused('PR017', applyCampaign(sql, at.organizationId, autumn), /armed/);
  assert.deepEqual(await armed(at.organizationId), [true]);
  assert.equal(
    (await sql`select from postrider.campaign where organization_id = ${at.organizationId}`).length,
    1,
  );
  await sql`select postrider.disarm_printer(${at.organizationId}, 'press')`;
  const { campaignId } = await applyCampaign(sql, at.organizationId, autumn);
  await refused(
    'PR015',
    launch(sql, { organizationId: at.organizationId, campaignId }, { mode: 'live' }),
  );
});

void test('a launch that arms its printer arms it with the launch, or not at all', async () => {
  const { sql } = rig;
  const organizationId = await ensureOrganization(sql, 'Bakery that arms');
  const { campaignId } = await applyCampaign(
    sql,
    organizationId,
    definition({ campaign_mode: 'one_off' }),
  );
  await refused(
    'PR012',
    launch(sql, { organizationId, campaignId }, { mode: 'live', why: null, arm: true }),
    /was never read/,
  );
  assert.deepEqual(await armed(organizationId), [false]);
  await syncPeople(sql, { organizationId, campaignId }, people(1));
  await refused(
    'PR020',
    launch(sql, { organizationId, campaignId }, { mode: 'test', why: null, arm: true }),
    /test/,
  );
  assert.deepEqual(await armed(organizationId), [false]);
  assert.equal(
    await launch(sql, { organizationId, campaignId }, { mode: 'live', why: null, arm: true }),
    'active',
  );
  assert.deepEqual(await armed(organizationId), [true]);
  const told = await sql`
    select action
    from postrider.interventions
    where organization_id = ${organizationId}
    order by at, id`;
  assert.deepEqual(
    told.map((row) => row['action']).filter((action) => action !== 'apply'),
    ['arm', 'launch'],
  );
});
