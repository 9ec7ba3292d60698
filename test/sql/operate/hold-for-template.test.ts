/**
 * A renderer that refuses a campaign's cards holds the campaign, unless somebody has had it in hand
 * since the cohort began.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, hold, release } from '@postrider/core';
import { campaignBrief } from '../../../packages/core/src/machine/briefs.ts';
import { holdForTemplate } from '../../../packages/core/src/machine/proof.ts';
import { definition } from '../../support/machine.ts';
import { pidOf, place, proofing, sharedMachine, waitsForLock } from '../rig.ts';

const rig = sharedMachine();

async function begun() {
  const { sql } = rig;
  const at = await place(sql);
  const { id } = await proofing(sql, at, 2);
  const brief = await campaignBrief(sql, at.organizationId, at.campaignId);
  const status = async () => {
    const [row] = await sql<
      { status: string; why: string | null }[]
    >`select status, held_why as why from postrider.campaign where id = ${at.campaignId}`;
    return [row?.status, row?.why];
  };
  return {
    ...at,
    status,
    refuse: async (client = sql, alike = false) =>
      await holdForTemplate(client, brief, { cohortId: id, why: 'the template is gone', alike }),
  };
}

void test('the campaign is held once', async () => {
  const at = await begun();
  assert.deepEqual([await at.refuse(), await at.refuse()], ['held', 'waits']);
  assert.deepEqual(await at.status(), ['paused', 'the template is gone']);
});

void test('a hold of somebody else stays theirs', async () => {
  const at = await begun();
  await hold(rig.sql, { ...at, kind: 'campaign', id: at.campaignId }, 'the offer is wrong');
  assert.equal(await at.refuse(), 'waits');
  assert.deepEqual(await at.status(), ['paused', 'the offer is wrong']);
});

void test('a refusal that is older than the release does not hold the mended campaign again', async () => {
  const at = await begun();
  await at.refuse();
  await release(rig.sql, { ...at, kind: 'campaign', id: at.campaignId }, 'mended');
  assert.equal(await at.refuse(), 'waits');
  assert.deepEqual(await at.status(), ['active', null]);
});

for (const [over, named] of [
  [{ template: 'mended' }, 'renderer.template'],
  [{ base_directory: '/mended' }, 'the folder of the file'],
] as const)
  void test(`a campaign whose ${Object.keys(over).join()} is being mended is not held for what it was`, async () => {
    const at = await begun();
    const operator = rig.machine.connect(1);
    const runner = rig.machine.connect(1);
    const pid = await pidOf(runner);
    await operator`begin`;
    const { changed } = await applyCampaign(operator, at.organizationId, definition(over));
    assert.deepEqual(changed, [named]);
    const refused = at.refuse(runner);
    await waitsForLock(rig.sql, pid);
    await operator`commit`;
    assert.equal(await refused, 'waits');
    assert.deepEqual(await at.status(), ['active', null]);
  });

for (const isMended of [false, true])
  void test(`cards that fail alike again after a release ${isMended ? 'hold a campaign that was changed in between' : 'are to fail'}`, async () => {
    const { sql } = rig;
    const at = await begun();
    assert.equal(await at.refuse(sql, true), 'held');
    if (isMended)
      await applyCampaign(sql, at.organizationId, definition({ template: 'mended, they say' }));
    await release(sql, { ...at, kind: 'campaign', id: at.campaignId });
    // The next cohort.
    await sql`
      update postrider.cohort
      set begun_at = postrider.now()
      where organization_id = ${at.organizationId}`;
    assert.equal(await at.refuse(sql, true), isMended ? 'held' : 'stands');
  });
