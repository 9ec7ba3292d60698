/** Two that make the same organization or campaign at once: the second waits, and finds what the first has made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, organizationNamed } from '@postrider/core';
import { definition } from '../support/machine.ts';
import { pidOf, place, sharedMachine, waitsForLock } from './rig.ts';

const rig = sharedMachine();

for (const end of ['commit', 'rollback'] as const)
  void test(`a new organization, where the first ends with ${end}`, async () => {
    const { sql, machine } = rig;
    const [first, second] = [machine.connect(1), machine.connect(1)];
    const pid = await pidOf(second);
    const name = `Bakery of two (${end})`;
    await first`begin`;
    const made = await organizationNamed(first, name);
    const found = organizationNamed(second, name, 'Europe/London');
    await waitsForLock(sql, pid);
    await first.unsafe(end);
    assert.equal((await found) === made, end === 'commit');
    const rows = await sql`
      select o.time_zone, count(k.*)::int as keys, count(s.*)::int as syncs from postrider.organization o
      left join postrider.organization_key k on k.organization_id = o.id
      left join postrider.organization_sync s on s.organization_id = o.id where o.name = ${name} group by o.id`;
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
  assert.deepEqual(await found, { organizationId, campaignId: made.campaignId, created: false, changed: ['daily_cap'] });
});
