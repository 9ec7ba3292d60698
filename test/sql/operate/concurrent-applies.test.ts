/**
 * Two that make the same organization or campaign at once: the second waits, and finds what the
 * first has made.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, launch, ensureOrganization } from '@postrider/core';
import { definition, type Place } from '../../support/machine.ts';
import { pidOf, place, sharedMachine, waitsForLock } from '../rig.ts';

const rig = sharedMachine();

for (const end of ['commit', 'rollback'] as const)
  void test(`a new organization, where the first ends with ${end}`, async () => {
    const { sql, machine } = rig;
    const [first, second] = [machine.connect(1), machine.connect(1)];
    const pid = await pidOf(second);
    const name = `Bakery of two (${end})`;
    await first`begin`;
    const made = await ensureOrganization(first, name);
    const found = ensureOrganization(second, name, 'Europe/London');
    await waitsForLock(sql, pid);
    await first.unsafe(end);
    assert.equal((await found) === made, end === 'commit');
    const rows = await sql`
      select o.time_zone, count(k.*)::int as keys, count(s.*)::int as syncs
      from postrider.organization o
      left join postrider.organization_key k on k.organization_id = o.id
      left join postrider.organization_sync s on s.organization_id = o.id
      where o.name = ${name}
      group by o.id`;
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [{ time_zone: 'Europe/London', keys: 1, syncs: 1 }],
    );
  });

void test('a new campaign', async () => {
  const { sql, machine } = rig;
  const { organizationId } = await place(sql);
  const [first, second] = [machine.connect(1), machine.connect(1)];
  const pid = await pidOf(second);
  const autumn = definition({ name: 'autumn', printer_name: 'another-press' });
  await first`begin`;
  const made = await applyCampaign(first, organizationId, autumn);
  const found = applyCampaign(second, organizationId, { ...autumn, daily_cap: 7 });
  await waitsForLock(sql, pid);
  await first`commit`;
  assert.deepEqual(await found, {
    organizationId,
    campaignId: made.campaignId,
    created: false,
    changed: ['daily_cap'],
  });
});

/** A session in the middle of a begin of the campaign. */
async function beginning(at: Place) {
  const session = rig.machine.connect(1);
  await session`begin`;
  await session`
    select postrider.lock_for_begin(${at.organizationId}, ${at.campaignId}, array['press'])`;
  return session;
}

void test('an apply waits for begins of its campaign, is not overtaken by later ones, and keeps no other campaign waiting', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const first = await beginning(at);
  const [applier, second] = [machine.connect(1), machine.connect(1)];
  const [applying, overtaking] = [await pidOf(applier), await pidOf(second)];
  const applied = applyCampaign(applier, at.organizationId, definition({ daily_cap: 7 }));
  await waitsForLock(sql, applying);
  const begun = second`
    select postrider.lock_for_begin(
      ${at.organizationId}, ${at.campaignId}, array['press']
    )`.execute();
  await waitsForLock(sql, overtaking);
  await applyCampaign(
    sql,
    at.organizationId,
    definition({ name: 'autumn', printer_name: 'another-press' }),
  );
  await first`commit`;
  assert.deepEqual((await applied).changed, ['daily_cap']);
  await begun;
});

void test('a launch that arms an armed printer waits for nobody who prints there', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const { campaignId } = await applyCampaign(
    sql,
    at.organizationId,
    definition({ name: 'autumn' }),
  );
  const first = await beginning(at);
  assert.equal(
    await launch(
      sql,
      { organizationId: at.organizationId, campaignId },
      { mode: 'live', why: null, arm: true },
    ),
    'active',
  );
  await first`commit`;
});
