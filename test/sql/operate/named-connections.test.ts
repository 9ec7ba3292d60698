/** How campaigns and printers name connections, also where one is renamed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, ensureOrganization, renameConnection } from '@postrider/core';
import { campaignBrief, printerBrief } from '../../../packages/core/src/machine/briefs.ts';
import { connectionBrief } from '../../../packages/core/src/machine/connections.ts';
import { definition } from '../../support/machine.ts';
import { refused, sharedMachine } from '../rig.ts';
import { by, connected } from '../rig/connections.ts';

const rig = sharedMachine();
let organizations = 0;

async function organization(): Promise<string> {
  return await ensureOrganization(rig.sql, `Connected ${(organizations += 1)}`);
}

async function printersOf(organizationId: string): Promise<unknown> {
  return (
    await rig.sql`
      select name, kind, options, connection_id is not null as connected
      from postrider.printer
      where organization_id = ${organizationId}
      order by name`
  ).map((row) => ({ ...row }));
}

void test('a campaign names a connection, which gives its printer a name and a kind; briefs tell the ids', async () => {
  const { sql } = rig;
  const organizationId = await organization();
  const { connectionId } = await connected(sql, organizationId);
  const sink = await connected(sql, organizationId, { name: 'klaviyo', provider: 'klaviyo' });
  const { campaignId } = await applyCampaign(
    sql,
    organizationId,
    definition(
      by('lob-main', {
        integrations: { event_sink: { connection: 'klaviyo' } },
        effects: ['event_sink'],
      }),
    ),
  );
  const brief = await campaignBrief(sql, organizationId, campaignId);
  assert.equal(brief.printerName, 'lob-main');
  assert.deepEqual(brief.connectionIds, { printer: connectionId, event_sink: sink.connectionId });
  assert.deepEqual(brief.integrations['printer'], { connection: connectionId, kind: 'lob' });
  const printer = await printerBrief(sql, organizationId, 'lob-main');
  assert.deepEqual(
    [printer?.kind, printer?.connectionId, printer?.options],
    ['lob', connectionId, { kind: 'lob' }],
  );
  const [row] = await sql`
    select adapters from postrider.campaigns where organization_id = ${organizationId}`;
  assert.deepEqual(row?.['adapters'], {
    printer: 'lob lob-main',
    renderer: 'noop',
    image_host: 'noop',
    event_sink: 'klaviyo klaviyo',
  });
  assert.equal((await printerBrief(sql, organizationId, 'lob-main'))?.connectionId, connectionId);
});

void test('a connection that is not there is refused with those that are, and one whose name is the name of another printer', async () => {
  const { sql } = rig;
  const organizationId = await organization();
  const apply = async (over: object) => await applyCampaign(sql, organizationId, definition(over));
  const none = await refused(
    'PR010',
    apply(by('lob-main')),
    /printer\.connection: .*no connection lob-main/,
  );
  assert.match(none.hint ?? '', /postrider connect/);
  await connected(sql, organizationId);
  const error = await refused('PR010', apply(by('lob-mian')), /no connection lob-mian/);
  assert.match(error.hint ?? '', /there are: lob-main; nothing was changed/);
  await apply({ name: 'local', printer_name: 'lob-main' });
  await refused('PR017', apply(by('lob-main')), /there is a printer lob-main already/);
  await apply(by('lob-main', { printer_name: 'press-2' }));
  assert.deepEqual(await printersOf(organizationId), [
    { name: 'lob-main', kind: 'noop', options: { kind: 'noop' }, connected: false },
    { name: 'press-2', kind: 'lob', options: { kind: 'lob' }, connected: true },
  ]);
});

void test('to rename a connection changes nothing else, also where its campaign is applied again', async () => {
  const { sql } = rig;
  const organizationId = await organization();
  const key = await connected(sql, organizationId);
  const { campaignId } = await applyCampaign(sql, organizationId, definition(by('lob-main')));
  const before = [
    await campaignBrief(sql, organizationId, campaignId),
    await printersOf(organizationId),
  ];
  const secrets = await connectionBrief(sql, key);
  await renameConnection(sql, key, 'lob-east');
  assert.deepEqual(
    [await campaignBrief(sql, organizationId, campaignId), await printersOf(organizationId)],
    before,
  );
  assert.deepEqual(await connectionBrief(sql, key), { ...secrets, name: 'lob-east' });
  await refused('PR010', applyCampaign(sql, organizationId, definition(by('lob-main'))));
  const again = await applyCampaign(sql, organizationId, definition(by('lob-east')));
  assert.deepEqual(again.changed, []);
  assert.deepEqual(await printersOf(organizationId), before[1]);
  await connected(sql, organizationId, { name: 'other' });
  await refused('PR017', renameConnection(sql, key, 'other'), /connection other already/);
  await renameConnection(sql, key, 'lob-east');
});

void test('a printer that goes over to another connection is disarmed, as by any other change of it', async () => {
  const { sql } = rig;
  const organizationId = await organization();
  await connected(sql, organizationId);
  await connected(sql, organizationId, { name: 'lob-two' });
  const { campaignId } = await applyCampaign(
    sql,
    organizationId,
    definition(by('lob-main', { printer_name: 'press' })),
  );
  await sql`select postrider.arm_printer(${organizationId}, 'press')`;
  const over = by('lob-two', { printer_name: 'press' });
  await refused('PR017', applyCampaign(sql, organizationId, definition(over)), /press is armed/);
  await sql`select postrider.launch(${organizationId}, ${campaignId}, 'live')`;
  await applyCampaign(sql, organizationId, definition(over));
  const [printer] = await sql`
    select armed_at, connection from postrider.printers where organization_id = ${organizationId}`;
  assert.deepEqual({ ...printer }, { armed_at: null, connection: 'lob-two' });
});
