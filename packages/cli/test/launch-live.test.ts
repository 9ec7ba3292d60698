/** `campaign launch --live` of a campaign that was launched as a test: shown before, then done. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { mailBegun, proofAll, settleAll } from '../../../test/sql/rig.ts';
import type { Place } from '../../../test/support/machine.ts';
import { cli, type CliRun } from './cli.ts';
import { campaignFile, rows, template, type Told } from './hello.ts';
import { ownPlace } from './places.ts';

describe('from test to live', () => {
  const at = ownPlace();
  const { place } = at;
  const folder = join(place.home, 'hello');
  const launch = async (...args: string[]): Promise<CliRun> =>
    await cli(place, ['campaign', 'launch', 'hello', ...args]);
  const done = async (...args: string[]): Promise<void> => {
    const result = await cli(place, args);
    assert.equal(result.code, 0, result.stderr);
  };
  const apply = async (more = ''): Promise<void> => {
    writeFileSync(join(folder, 'campaign.yaml'), campaignFile(more));
    await done('campaign', 'apply', join(folder, 'campaign.yaml'), '--no-check');
  };
  before(async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'people.csv'), `${rows.join('\n')}\n`);
    writeFileSync(join(folder, 'card.typ'), template(''));
    await apply();
    await done('suppress', '--organization', 'My Shop', '--email', 'out@example.com');
    await done('sync', 'hello');
    await done('campaign', 'launch', 'hello', '--no-sheet');
  });

  it('shows the same before as a launch, and changes nothing by that', async () => {
    const { sql } = at.machine;
    const [campaign] = await sql<Place[]>`
      select organization_id as "organizationId", id as "campaignId" from postrider.campaigns`;
    assert.ok(campaign);
    await proofAll(sql, campaign);
    await settleAll(sql, campaign, await mailBegun(sql, campaign));
    const [before] = await sql`select * from postrider.funnel`;
    assert.equal(Number(before?.['sent']), 3);
    const dry = await launch('--live', '--arm', '--dry-run');
    assert.equal(dry.code, 0, dry.stderr);
    for (const says of [
      /^hello of My Shop, from test to live\n/,
      /test +3 test cards are put aside: nothing was printed, nobody counts as mailed/,
      /cards +3 today; 3 in all/,
      /people +up to 3 to mail, 3 of them begin again, unless they opted out/,
      /turned away +.*duplicate/,
      /printer +press \(print-shop\), armed for live printing by this launch\n/,
      /contact sheet +\S+index\.html \(3 cards\)/,
      /hello is active, and nothing was changed: this was a dry run/,
    ])
      assert.match(dry.stdout, says);
    const unasked = await launch('--live', '--arm', '--no-sheet');
    assert.equal(unasked.code, 2, unasked.stdout);
    assert.match(unasked.stdout, /up to 3 to mail/);
    assert.match(unasked.stderr, /hello of My Shop goes from test to live: .*real cards[^]*--yes/);
    await apply('budget: { amount: 0.5, price_per_card: 0.85, currency: USD }\n');
    const poor = await launch('--live', '--arm', '--yes', '--no-sheet');
    assert.equal(poor.code, 1, poor.stdout);
    assert.match(poor.stderr, /does not pay one card\n.*budget\.amount.*Nothing was changed/);
    await apply();
    writeFileSync(join(folder, 'card.typ'), template('//'));
    assert.equal((await launch('--live', '--arm', '--yes')).code, 78);
    writeFileSync(join(folder, 'card.typ'), template(''));
    const [after] = await sql`select * from postrider.funnel`;
    assert.deepEqual({ ...after }, { ...before });
    const [told] = (await launch('--live', '--arm', '--yes', '--no-sheet', '--json')).json<
      Told & { readonly voided: number; readonly begunAgain: number }
    >();
    assert.deepEqual(
      [told?.status, told?.voided, told?.begunAgain, told?.preview.test],
      ['active', 3, 3, { cards: 3, beginAgain: 3 }],
    );
  });
});
