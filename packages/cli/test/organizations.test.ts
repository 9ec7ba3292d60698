/** Customer ids are each organization's own: a "2" of one is somebody else's "2" in another. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { statesOf } from '../../../test/sql/rig.ts';
import {
  freshMachine,
  launched,
  people,
  syncPeople,
  type Machine,
} from '../../../test/support/machine.ts';
import { cli, projectHome, type CliPlace } from './cli.ts';

describe('people whose customer id another organization has too', () => {
  let home: ReturnType<typeof projectHome>;
  let machine: Machine;
  let place: CliPlace;
  before(async () => {
    home = projectHome();
    machine = await freshMachine();
    place = { url: machine.url, home: home.path };
    for (const organization of ['North', 'South']) {
      const at = await launched(machine.sql, {}, organization);
      const autumn = await launched(
        machine.sql,
        { name: 'autumn', exclusion_window: '0' },
        organization,
      );
      const [someone] = people(1, organization);
      if (someone === undefined) throw new Error('nobody');
      await syncPeople(machine.sql, at, [{ ...someone, externalId: '2' }]);
      await machine.sql`
        select postrider.end_campaign(${at.organizationId}, ${at.campaignId}, 'completed')`;
      await syncPeople(machine.sql, autumn, [{ ...someone, externalId: '2' }]);
    }
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
    home.remove();
  });
  const states = async (): Promise<unknown[]> =>
    (
      await machine.sql`
        select o.name, c.name as campaign, s.state, s.held_at is not null as held
        from postrider.recipient_state s
        join postrider.organization o on o.id = s.organization_id
        join postrider.campaign c on c.organization_id = s.organization_id and c.id = s.campaign_id
        order by 1, 2`
    ).map(
      (row) =>
        `${row['name']} ${row['campaign']} ${row['state']}${row['held'] === true ? ' held' : ''}`,
    );
  const untouched = [
    'North autumn pending',
    'North spring skipped',
    'South autumn pending',
    'South spring skipped',
  ];

  it('what changes them refuses, and says how to say whom', async () => {
    for (const args of [
      ['cancel', '2'],
      ['cancel', '2', '--yes'],
      ['erase', '2', '--yes'],
      ['retry', '2'],
      ['hold', 'recipient', '2'],
      ['release', 'recipient', '2'],
    ]) {
      const run = await cli(place, args);
      assert.equal(run.code, 2, `${args.join(' ')}: ${run.stdout}${run.stderr}`);
      assert.match(run.stderr, /people of 2 organizations/, args.join(' '));
      assert.match(
        run.stderr,
        /North: Ada Byron North0 in spring, Ada Byron North0 in autumn/,
        args.join(' '),
      );
      assert.match(run.stderr, /--organization "North"[\s\S]*nothing was changed/i, args.join(' '));
    }
    assert.deepEqual(await states(), untouched);
    const nowhere = await cli(place, ['cancel', '2', '--organization', 'Norht']);
    assert.equal(nowhere.code, 1, nowhere.stderr);
    assert.match(nowhere.stderr, /did you mean North\?/);
  });

  it('what looks at them says whose they are, and looks at one where told', async () => {
    const both = await cli(place, ['why', '2']);
    assert.equal(both.code, 0, both.stderr);
    assert.match(both.stdout, /^Ada Byron North0 in campaign autumn of North is pending/m);
    assert.match(both.stdout, /^Ada Byron South0 in campaign autumn of South is pending/m);
    const north = await cli(place, ['why', '2', '--organization', 'North']);
    assert.equal(north.stdout.trim().split('\n').length, 2, north.stdout);
    assert.match(north.stdout, /^Ada Byron North0 in campaign autumn is pending/m);
    assert.match((await cli(place, ['trace', '2'])).stdout, /organization +campaign/);
    const traced = await cli(place, ['trace', '2', '--organization', 'South', '--json']);
    assert.deepEqual(
      [...new Set(traced.json().map((row) => row['organization']))],
      ['South'],
      traced.stderr,
    );
    assert.doesNotMatch(
      (await cli(place, ['trace', '2', '--organization', 'South'])).stdout,
      /organization/,
    );
  });

  it('where it is said whom, it is done to them and told of whom', async () => {
    const held = await cli(place, ['hold', 'recipient', '2', '--organization', 'North']);
    assert.match(held.stdout, /held recipient Ada Byron North0 in autumn of North/, held.stderr);
    assert.deepEqual(await states(), ['North autumn pending held', ...untouched.slice(1)]);
    assert.equal(
      (await cli(place, ['release', 'recipient', '2', '--organization', 'North'])).code,
      0,
    );
    const unasked = await cli(place, ['erase', '2', '--organization', 'North']);
    assert.equal(unasked.code, 2, unasked.stdout);
    assert.match(unasked.stderr, /Ada Byron North0 in autumn of North \(pending\)/);
    const retry = await cli(place, ['retry', '2', '--organization', 'North']);
    assert.match(retry.stderr, /not in error/);
    assert.equal(
      (await cli(place, ['retry', '--campaign', 'North/autumn', '--organization', 'North'])).code,
      2,
    );
    const cancelled = await cli(place, ['cancel', '2', '--organization', 'North', '--json']);
    assert.deepEqual(
      cancelled.json().map((row) => [row['organization'], row['campaign'], row['state']]),
      [['North', 'autumn', 'skipped']],
      cancelled.stderr,
    );
    assert.deepEqual(await states(), ['North autumn skipped', ...untouched.slice(1)]);
  });

  it('who are cancelled together are named and asked for first', async () => {
    const { sql } = machine;
    const at = await launched(sql, {}, 'East');
    await syncPeople(sql, at, people(2, 'e'));
    const unasked = await cli(place, ['cancel', 'e0', 'e1']);
    assert.equal(unasked.code, 2, unasked.stdout);
    assert.match(
      unasked.stderr,
      /2 people[\s\S]*Ada Byron e0 in spring of East[\s\S]*Ada Byron e1 in spring of East[\s\S]*--yes/,
    );
    assert.deepEqual(await statesOf(sql, at), { e0: 'pending', e1: 'pending' });
    const twice = await cli(place, ['cancel', 'e0', 'e0@example.com']);
    assert.match(
      twice.stdout,
      /^Ada Byron e0 in spring of East: pending → skipped\n$/,
      twice.stderr,
    );
    assert.deepEqual(await statesOf(sql, at), { e0: 'skipped', e1: 'pending' });
  });
});
