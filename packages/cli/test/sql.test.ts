import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { testDatabase } from '../../../test/support/server.ts';
import { cli } from './cli.ts';
import { mailingPlace } from './places.ts';

describe('SQL from the command line', () => {
  const at = mailingPlace();
  const { place } = at;

  it('asks one question, as a table, as JSON with types, as CSV, and from stdin', async () => {
    const question = `
      select
        1 as n,
        9007199254740993::bigint as big,
        1.50::numeric as money,
        true as yes,
        null as nothing,
        '{"a":[1]}'::jsonb as j,
        '2026-01-02 03:04:05.678901+00'::timestamptz as at,
        'a "b", c' as text`;
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
    const [organization] = await at.machine.sql`select time_zone from postrider.organization`;
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
      /why\(integer, integer\) does not exist\npostrider\.why takes p_who text.*; nothing was changed/,
    );
    for (const [statement, helps] of [
      [`select postrider.now(1)`, /postrider\.now takes no arguments; nothing was changed/],
      [`select postrider.retry('bob')`, /type uuid: "bob"\nan id is a UUID: .*nothing was changed/],
      ['selekt 1', /syntax error at or near "selekt"\nnothing was changed/],
      ['select 1; select 2', /multiple commands.*\ngive one statement.*nothing was changed/],
      ['delete from postrider.organization', /violates foreign key.*\nnothing was changed/],
    ] as const)
      assert.match((await cli(place, ['sql', '--write', statement])).stderr, helps, statement);
    // What has committed in its middle has changed something.
    const midway = `do $$ begin commit; perform 1 / 0; end $$`;
    assert.doesNotMatch((await cli(place, ['sql', '--write', midway])).stderr, /was changed/);
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
    const bin = join(place.home, 'bin');
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
    const url = new URL(at.machine.url);
    assert.equal(
      run.stdout,
      `args: -c select 1\n${url.username}@127.0.0.1:${url.port}${url.pathname} with a password\n`,
    );
    const none = await cli({ ...place, env: { PATH: join(place.home, 'empty') } }, ['psql']);
    assert.equal(none.code, 69, none.stderr);
    assert.match(none.stderr, /psql is not installed\n.*postrider sql/);
  });
});
