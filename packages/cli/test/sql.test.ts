import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sent } from '../../../test/sql/rig.ts';
import {
  freshMachine,
  launched,
  people,
  syncPeople,
  type Machine,
  type Place,
} from '../../../test/support/machine.ts';
import { testDatabase } from '../../../test/support/server.ts';
import { claimEffects, settleEffects } from '../../core/src/machine/mailpieces.ts';
import { cli, projectHome, type CliPlace } from './cli.ts';

describe('SQL, questions and repairs from the command line', () => {
  let home: ReturnType<typeof projectHome>;
  let machine: Machine;
  let place: CliPlace;
  let campaign: Place;
  before(async () => {
    home = projectHome();
    machine = await freshMachine();
    place = { url: machine.url, home: home.path };
    campaign = await launched(machine.sql);
    await syncPeople(machine.sql, campaign, [
      ...people(6),
      {
        externalId: 'esc',
        email: 'esc@example.com',
        firstName: 'Eve',
        lastName: '\u009b31mRed',
        row: 99,
      },
    ]);
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
    home.remove();
  });

  it('asks one question, as a table, as JSON with types, as CSV, and from stdin', async () => {
    const question = `select 1 as n, 9007199254740993::bigint as big, 1.50::numeric as money, true as yes, null as nothing, '{"a":[1]}'::jsonb as j,
      '2026-01-02 03:04:05.678901+00'::timestamptz as at, 'a "b", c' as text`;
    const table = await cli(place, ['sql', question]);
    assert.equal(table.code, 0, table.stderr);
    assert.match(table.stdout, /^n +big +money/);
    assert.equal(table.stderr, '(1 row)\n');
    const json = await cli(place, ['sql', question, '--json']);
    assert.deepEqual(json.json(), [
      {
        n: 1,
        big: '9007199254740993',
        money: '1.50',
        yes: true,
        nothing: null,
        j: { a: [1] },
        at: '2026-01-02T03:04:05.678901Z',
        text: 'a "b", c',
      },
    ]);
    const csv = await cli(place, ['sql', '-', '--csv'], question);
    assert.match(
      csv.stdout,
      /^n,big,money,yes,nothing,j,at,text\n1,9007199254740993,1\.50,t,,"\{""a"": \[1\]\}",2026-01-02/,
    );
  });

  it('changes nothing unless told, whatever the statement tries', async () => {
    const tries = [
      `update postrider.organization set time_zone = 'UTC'`,
      `set transaction read write; update postrider.organization set time_zone = 'UTC'`,
      'do $$ begin commit; set transaction read write; ' +
        "update postrider.organization set time_zone = 'UTC'; end $$",
      "do $$ begin perform set_config('transaction_read_only', 'off', true); " +
        "update postrider.organization set time_zone = 'UTC'; end $$",
    ];
    for (const statement of tries) {
      const run = await cli(place, ['sql', statement]);
      assert.equal(run.code, 1, `${statement}: ${run.stderr}`);
    }
    const [organization] = await machine.sql`select time_zone from postrider.organization`;
    assert.equal(organization?.['time_zone'], 'America/New_York');
    const refused = await cli(place, ['sql', tries[0] ?? '']);
    assert.match(refused.stderr, /--write/);
    const written = await cli(place, ['sql', '--write', tries[0] ?? '']);
    assert.equal(written.code, 0, written.stderr);
    assert.equal(written.stderr, 'UPDATE 1\n');
  });

  it('loses no column of the same name, and says of COPY that it does not carry its data', async () => {
    const twice = await cli(place, ['sql', 'select 1 as a, 2 as a, 3 as a_2, 4 as a', '--json']);
    assert.equal(twice.stdout, '{"a":1,"a_3":2,"a_2":3,"a_4":4}\n', twice.stderr);
    for (const statement of [
      'copy (select 1) to stdout',
      '/* all */ -- of them\n COPY postrider.organization FROM STDIN',
    ]) {
      const copy = await cli(place, ['sql', statement]);
      assert.equal(copy.code, 2, copy.stderr);
      assert.match(copy.stderr, /COPY.*\n.*--csv.*postrider psql/);
    }
  });

  it('says what the server says of a statement that is wrong, under its SQLSTATE, and what was meant', async () => {
    const mistyped = await cli(place, ['sql', 'select * from postrider.stuk']);
    assert.equal(mistyped.code, 1, mistyped.stderr);
    assert.match(
      mistyped.stderr,
      /relation "postrider\.stuk" does not exist\ndid you mean postrider\.stuck\?/,
    );
    assert.match(
      (await cli(place, ['sql', `select postrider.trase(1)`])).stderr,
      /did you mean .*postrider\.trace/,
    );
    assert.match(
      (await cli(place, ['sql', `select * from postrider.why(1, 2)`])).stderr,
      /why\(integer, integer\) does not exist\nNo function/,
    );
    const codes = {
      'select * from postrider.stuk': '42P01',
      'selekt 1': '42601',
      'delete from postrider.clock': '25006',
    };
    for (const [statement, code] of Object.entries(codes)) {
      const run = await cli(place, ['sql', '--json', statement]);
      assert.equal(
        (JSON.parse(run.stderr) as { error: { code: string } }).error.code,
        code,
        run.stderr,
      );
    }
    await using fresh = await testDatabase();
    const unset = await cli({ ...place, url: fresh.url }, ['sql', 'select * from postrider.stuck']);
    assert.equal(unset.code, 78, unset.stderr);
    assert.match(unset.stderr, /postrider migrate/);
  });

  it('shows a table of any length', async () => {
    const run = await cli(place, ['sql', 'select generate_series(1, 130000) as n']);
    assert.equal(run.code, 0, run.stderr.slice(0, 500));
    assert.equal(run.stdout.slice(-7), '130000\n');
  });

  it('does not wait for ever', async () => {
    const run = await cli(place, ['sql', '--timeout', '1', 'select pg_sleep(60)']);
    assert.equal(run.code, 1, run.stderr);
    assert.match(run.stderr, /took longer than 1 s\n.*--timeout/);
  });

  it('opens psql with the address in its environment, and says so where there is none', async () => {
    const bin = join(home.path, 'bin');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'psql'),
      '#!/bin/sh\necho "args: $*"\necho "$PGUSER@$PGHOST:$PGPORT/$PGDATABASE ' +
        `\${PGPASSWORD:+with a password}"\nexit 3\n`,
    );
    chmodSync(join(bin, 'psql'), 0o755);
    const run = await cli({ ...place, env: { PATH: `${bin}:/usr/bin:/bin` } }, [
      'psql',
      '--',
      '-c',
      'select 1',
    ]);
    assert.equal(run.code, 3, run.stderr);
    const url = new URL(machine.url);
    assert.equal(
      run.stdout,
      `args: -c select 1\n${url.username}@127.0.0.1:${url.port}${url.pathname} with a password\n`,
    );
    const none = await cli({ ...place, env: { PATH: join(home.path, 'empty') } }, ['psql']);
    assert.equal(none.code, 69, none.stderr);
    assert.match(none.stderr, /psql is not installed\n.*postrider sql/);
  });

  it('tells the story of a person, and why they are where they are; whoever is unknown is said to be', async () => {
    const trace = await cli(place, ['trace', 'P0@EXAMPLE.COM', '--json']);
    assert.equal(trace.code, 0, trace.stderr);
    assert.equal(trace.json()[0]?.['what'], 'pending');
    const why = await cli(place, ['why', 'p0@example.com']);
    assert.match(why.stdout, /^Ada Byron p0 in campaign spring is pending/);
    const unknown = await cli(place, ['why', 'nobody@example.com']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /nobody is known by nobody@example\.com/);
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
    assert.match((await cli(place, ['why', 'p1@example.com'])).stdout, /Held since/);
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
    const { sql } = machine;
    const at = await launched(sql, { name: 'metered', effects: ['usage_meter'] }, 'Metered Bakery');
    await sent(sql, at, 2);
    const meters = await claimEffects(sql, at.organizationId, 'usage_meter', 10, 60_000);
    const failed = meters.map((meter) => ({
      ...meter,
      outcome: 'failed' as const,
      message: 'no such customer',
    }));
    await settleEffects(sql, at.organizationId, failed);
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
    assert.equal((await claimEffects(sql, at.organizationId, 'usage_meter', 10, 60_000)).length, 2);
  });

  it('counts nobody as stuck who waits on purpose, and gives help as commands', async () => {
    const { sql } = machine;
    const autumn = await launched(sql, { name: 'autumn' }, 'Second Bakery', null);
    await syncPeople(sql, autumn, people(2, 'q'));
    await sql`select postrider.hold(${autumn.organizationId}, 'campaign', ${autumn.campaignId}, 'wrong price')`;
    await sql`select postrider.turn_clock('1 hour')`;
    try {
      const stuck = await cli(place, ['stuck', '--campaign', 'autumn']);
      assert.match(
        stuck.stdout,
        /the campaign is held: wrong price[^]*postrider release campaign autumn/,
        stuck.stderr,
      );
      const [waits] =
        await sql`select count(*)::int as n from postrider.recipients where campaign = 'spring' and state = 'pending'`;
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
      /doctor has no check 'horoscope'[^]*there are: runners, [^]*restore, schema/,
    );
    for (const list of ['stuck', 'queue', 'alarms']) {
      const empty = await cli(place, [list, '--json']);
      assert.deepEqual([empty.code, empty.stdout], [0, ''], list);
    }
  });
});
