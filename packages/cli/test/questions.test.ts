import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sent, syncRun } from '../../../test/sql/rig.ts';
import { launched, people, syncPeople, type Place } from '../../../test/support/machine.ts';
import { cli } from './cli.ts';
import { mailingPlace } from './places.ts';

interface Told {
  readonly spending: { readonly made: number };
  readonly pace: { readonly done_at: string | null; readonly standing_still: string | null };
}

describe('questions and repairs from the command line', () => {
  const at = mailingPlace();
  const { place } = at;

  it('tells the story of a person, and why they are where they are, and says of an address that nobody is known by it', async () => {
    const trace = await cli(place, ['trace', 'P0@EXAMPLE.COM', '--json']);
    assert.equal(trace.code, 0, trace.stderr);
    assert.equal(trace.json()[0]?.['what'], 'pending');
    const why = await cli(place, ['why', 'p0@example.com']);
    assert.match(why.stdout, /^Ada Byron p0 in campaign spring is pending/);
    const unknown = await cli(place, ['why', 'nobody@example.com']);
    assert.equal(unknown.code, 1);
    assert.match(
      unknown.stderr,
      /nobody is known by nobody@example\.com\n.*no such id in any list that was read since /,
    );
  });

  it('says of an id that a list had, and no campaign has, in which row and run it was rejected', async () => {
    const [spring] = await at.machine.sql<Place[]>`
      select organization_id as "organizationId", id as "campaignId" from postrider.campaigns`;
    assert.ok(spring !== undefined);
    const run = await syncRun(at.machine.sql, spring);
    await run.page(
      [],
      [
        {
          row: 5,
          column: 'zip',
          externalId: '1015',
          reason: 'bad_postal_code',
          message: 'no US postal code',
        },
      ],
    );
    await run.close(false);
    for (const command of ['why', 'trace']) {
      const asked = await cli(place, [command, '1015']);
      assert.deepEqual([asked.code, asked.stdout], [1, '']);
      assert.match(
        asked.stderr,
        /1015, but a list had that id in a row.*\n.*row 5, column zip: .*\(bad_postal_code\), in run /,
      );
    }
  });

  it('status and campaign show tell what is spent and left, and when it is done or why not', async () => {
    const [shown] = (await cli(place, ['campaign', 'show', 'spring', '--json'])).json<Told>();
    const [status] = (await cli(place, ['status', '--json'])).json<Told>();
    for (const told of [shown, status]) {
      assert.equal(typeof told?.spending.made, 'number');
      assert.equal(told?.pace?.done_at, null);
      assert.equal(told.pace.standing_still, 'no runner is alive');
    }
    assert.match((await cli(place, ['status'])).stderr, /spring: stands still: no runner is alive/);
    assert.match(
      (await cli(place, ['campaign', 'show', 'spring'])).stdout,
      /done +stands still: no runner is alive/,
    );
  });

  it('shows what would colour or move the screen as what it is', async () => {
    const why = await cli(place, ['why', 'esc@example.com']);
    assert.match(why.stdout, /Eve \\u009b31mRed/);
  });

  it('holds and releases a person, cancels, erases, and refuses what makes no sense', async () => {
    assert.match(
      (await cli(place, ['hold', 'recipient', 'p1@example.com'])).stdout,
      /held recipient Ada Byron p1 in spring/,
    );
    assert.match(
      (await cli(place, ['why', 'p1@example.com'])).stdout,
      /Held since .*goes on after postrider release recipient [0-9a-f-]{36}\./,
    );
    assert.equal((await cli(place, ['release', 'recipient', 'p1@example.com'])).code, 0);
    const cancelled = await cli(place, [
      'cancel',
      'p1@example.com',
      'p2@example.com',
      '--why',
      'moved away',
      '--yes',
      '--json',
    ]);
    assert.deepEqual(
      cancelled.json().map((one) => one['state']),
      ['skipped', 'skipped'],
      cancelled.stderr,
    );
    const retry = await cli(place, ['retry', 'p1@example.com']);
    assert.equal(retry.code, 1);
    assert.match(retry.stderr, /is skipped, not in error/);
    assert.equal((await cli(place, ['erase', 'p3@example.com'])).code, 2, 'nobody was asked');
    const erased = await cli(place, ['erase', 'p3@example.com', '--yes']);
    assert.equal(erased.code, 0, erased.stderr);
    assert.match(erased.stdout, /: pending → skipped, erased\n$/);
    const mistyped = await cli(place, ['cancel', 'p4@example.com', 'no\nsuch', '--yes']);
    assert.match(mistyped.stderr, /nobody is known by no\\nsuch\n.*nothing was changed/);
    assert.equal((await cli(place, ['trace', 'p3@example.com'])).code, 1);
    const stopped = await cli(place, ['suppress', '--email', 'p4@example.com', '--json']);
    assert.equal(stopped.json()[0]?.['stopped'], 1, stopped.stderr);
    const resolve = await cli(place, [
      'resolve',
      '00000000-0000-7000-8000-000000000000',
      'printed',
      '--evidence',
      'x',
    ]);
    assert.equal(resolve.code, 1, resolve.stderr);
    const reconcile = await cli(place, ['reconcile', '--json']);
    assert.deepEqual(reconcile.json(), [{ moved: 0, unknown: 0 }], reconcile.stderr);
  });

  it('tries failed effects again, and says before which', async () => {
    const { sql } = at.machine;
    const metered = await launched(
      sql,
      { name: 'metered', effects: ['usage_meter'] },
      'Metered Bakery',
    );
    await sent(sql, metered, 2);
    const meters = async (): Promise<readonly object[]> => {
      const [row] = await sql<{ effects: readonly object[] | null }[]>`
        select postrider.claim_effects(
          ${metered.organizationId}, 'usage_meter', ${metered.campaignId}, 10, '1 minute'
        ) as effects`;
      return row?.effects ?? [];
    };
    const failed = (await meters()).map((meter) => ({
      ...meter,
      outcome: 'failed' as const,
      message: 'no such customer',
    }));
    await sql`
      select postrider.settle_effects(
        ${metered.organizationId}, ${JSON.stringify(failed)}::text::json)`;
    assert.match((await cli(place, ['alarms'])).stdout, /postrider retry --effects/);
    const would = await cli(place, ['retry', '--effects', '--dry-run', '--json']);
    assert.deepEqual(
      would
        .json()
        .map((row) => [
          row['organization'],
          row['campaign'],
          row['kind'],
          row['effects'],
          row['error'],
        ]),
      [['Metered Bakery', 'metered', 'usage_meter', 2, 'no such customer']],
      would.stderr,
    );
    assert.equal((await cli(place, ['retry', '--effects'])).code, 2, 'nobody was asked');
    assert.equal((await cli(place, ['retry', 'p1@example.com', '--effects'])).code, 2);
    assert.equal((await cli(place, ['retry', '--effects', 'postage'])).code, 2);
    assert.match(
      (await cli(place, ['retry', '--effects', 'event_sink', '--yes'])).stderr,
      /no effect has failed for good/,
    );
    const again = await cli(place, [
      'retry',
      '--effects',
      'usage_meter',
      '--organization',
      'Metered Bakery',
      '--yes',
      '--json',
    ]);
    assert.deepEqual(
      again.json(),
      [{ organization: 'Metered Bakery', kind: 'usage_meter', again: 2 }],
      again.stderr,
    );
    const told = await cli(place, ['interventions', '--limit', '1']);
    assert.match(
      told.stdout,
      /retry organization +Metered Bakery .*effects that had failed for good: 2 of usage_meter/,
      told.stderr,
    );
    assert.equal((await meters()).length, 2);
  });

  it('counts nobody as stuck who waits on purpose, and gives help as commands', async () => {
    const { sql } = at.machine;
    const autumn = await launched(sql, { name: 'autumn' }, 'Second Bakery', null);
    await syncPeople(sql, autumn, people(2, 'q'));
    await sql`
      select postrider.hold(
        ${autumn.organizationId}, 'campaign', ${autumn.campaignId}, 'wrong price')`;
    await sql`select postrider.turn_clock('1 hour')`;
    try {
      const stuck = await cli(place, ['stuck', '--campaign', 'autumn']);
      assert.match(
        stuck.stdout,
        /the campaign is held: wrong price[^]*postrider release campaign autumn/,
        stuck.stderr,
      );
      const [waits] = await sql`
          select count(*)::int as n
          from postrider.recipients
          where campaign = 'spring'
            and state = 'pending'`;
      const status = await cli(place, ['status']);
      assert.match(
        status.stderr,
        new RegExp(`^${waits?.['n']} (people do|person does) not move`, 'm'),
        status.stderr,
      );
      const nobody = await cli(place, ['stuck', '--campaign', 'nope']);
      assert.equal(nobody.code, 1, nobody.stderr);
      assert.match(nobody.stderr, /there is no campaign nope/);
      assert.equal((await cli(place, ['release', 'campaign', 'autumn'])).code, 0);
      assert.match(
        (await cli(place, ['release', 'campaign', 'autumn'])).stderr,
        /campaign autumn is not held/,
      );
    } finally {
      await sql`select postrider.turn_clock('-1 hour')`;
    }
  });

  it('finds nothing bad with a healthy database', async () => {
    const run = await cli(place, ['doctor', '--json']);
    assert.equal(run.code, 0, run.stderr);
    const checks = run.json<{ check: string; verdict: string }>();
    assert.equal(checks[0]?.check, 'schema');
    assert.ok(checks.length > 8);
    const some = await cli(place, ['doctor', 'webhooks', 'schema', 'beats', '--json']);
    assert.equal(some.code, 0, some.stderr);
    const named = some.json<{ check: string }>().map(({ check }) => check);
    assert.deepEqual(
      // No runner has been here.
      named,
      ['schema', 'beats', 'webhooks'],
    );
    const unknown = await cli(place, ['doctor', 'webhooks', 'horoscope']);
    assert.equal(unknown.code, 2, unknown.stderr);
    assert.match(
      unknown.stderr,
      /doctor has no check 'horoscope'[^]*there are: runners, [^]*restore, schema, secrets/,
    );
    for (const list of ['stuck', 'queue', 'alarms']) {
      const empty = await cli(place, [list, '--json']);
      assert.deepEqual([empty.code, empty.stdout], [0, ''], list);
    }
  });
});
