import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { launched, people, syncPeople } from '../../../test/support/machine.ts';
import { cli } from './cli.ts';
import { listPlace } from './list-place.ts';

interface Report {
  readonly entries: number;
  readonly stopped: number;
  readonly possible: readonly { readonly externalId: string; readonly line1: string }[];
  readonly rejected: readonly { readonly row: number; readonly message: string }[];
  readonly changed: readonly { readonly row: number; readonly message: string }[];
}

describe('the do-not-mail list from the command line', () => {
  const { at, listed, suppress } = listPlace();
  const { place } = at;

  it('names each row that cannot stand, and puts only keys on the list that somebody can have', async () => {
    const run = await suppress(
      [
        'email;external_id;line1;postal_code;region;country;reason',
        'ada@example.com;;;;;;asked',
        'bad;;;;;;',
        'Foo Bar <foo@bar.com>;;;;;;',
        '"ann@example.com; ann.work@example.com";;;;;;',
        'mary jane@example.com;;;;;;',
        'carol@example.com',
        'half-good;c7;;;;;',
        ';;12 Elm Street;2138;MA;USA;',
        ';;13 Elm Street;0213;MA;;',
        ';;14 Elm Street;02138;MA;Atlantis;',
        ';;;;;;',
        '',
      ].join('\n'),
    );
    assert.equal(run.code, 65, run.stderr);
    const [report] = run.json<Report>();
    assert.deepEqual(
      report?.rejected.map(({ row }) => row),
      [3, 6, 7, 8, 10, 11, 12],
      JSON.stringify(report?.rejected),
    );
    assert.match(
      report?.rejected[3]?.message ?? '',
      /email .*"half-good".*the rest of the row stands/,
    );
    assert.match(
      report?.rejected[1]?.message ?? '',
      /email was read as jane@example.com; this in it is no address: "mary"/,
    );
    assert.equal(report?.entries, 6);
    assert.deepEqual(await listed(), [
      'email ada@example.com',
      'email foo@bar.com',
      'email ann.work@example.com',
      'email ann@example.com',
      'email jane@example.com',
      'external_id c7',
      'household 2|US|02138|12|ELM|ST||||',
    ]);
    await at.machine.sql`delete from postrider.suppression`;
  });

  it('names who is stopped as a possible match only, and rejects an address of punctuation', async () => {
    const bakery = await launched(at.machine.sql);
    await syncPeople(at.machine.sql, bakery, [
      { ...people(1)[0], externalId: 'same', line1: '12 Elm St', line2: 'Apt 4' },
      { ...people(1)[0], externalId: 'may be', email: 'b@example.com', line1: '12 Elm St' },
    ]);
    const run = await suppress('line1;postal_code\n12 Elm Street Apt. 4;94607\n-/-;94607\n');
    assert.equal(run.code, 65, run.stderr);
    const [report] = run.json<Report>();
    assert.equal(report?.stopped, 2);
    assert.deepEqual(
      report.possible.map(({ externalId, line1 }) => [externalId, line1]),
      [['may be', '12 Elm St']],
    );
    assert.deepEqual(report.rejected, [
      { row: 3, message: 'line1 has neither letters nor digits: "-/-"' },
    ]);
    const { campaignId, organizationId } = bakery;
    await syncPeople(at.machine.sql, { campaignId, organizationId }, [
      { ...people(1)[0], externalId: 'third', email: 'c@example.com', line1: '14 Elm St' },
      {
        ...people(1)[0],
        externalId: 'fourth',
        email: 'd@example.com',
        line1: '14 Elm St',
        line2: 'Apt 1',
      },
    ]);
    const told = await cli(place, ['suppress', '--line1', '14 Elm St', '--postal-code', '94607']);
    assert.match(told.stdout, /2 people were stopped, 1 only as possible matches/);
    assert.match(told.stderr, /may live there: fourth of spring, 14 Elm St, Apt 1/);
    await at.machine.sql`delete from postrider.suppression`;
  });

  it('takes no list as a whole in which a quote is not closed, or closed somewhere else', async () => {
    for (const text of [
      'email,reason\nada@example.com,"asked\nbob@example.com,\ncarol@example.com,\n',
      'email,reason\n"ada@example.com,asked\nbob@example.com,\n"carol@example.com",\n',
    ]) {
      const run = await suppress(text);
      assert.equal(run.code, 65, run.stderr);
      assert.match(run.stderr, /stop\.csv: .*quote.*line [24].*nothing was changed/s);
    }
    const bytes = await suppress(
      Buffer.from('email\nada@example.com\n\xff\xfe@example.com\n', 'latin1'),
    );
    assert.equal(bytes.code, 65, bytes.stderr);
    assert.deepEqual(await listed(), ['email ada@example.com']);
    await at.machine.sql`delete from postrider.suppression`;
  });

  it('reads its cells by the rules of an audience, and tells of rows that stand inside others', async () => {
    const swallowed = await suppress(
      readFileSync(join(import.meta.dirname, '../../../test/cases/lists/f02-optout-swallow.csv')),
    );
    assert.equal(swallowed.code, 65, swallowed.stderr);
    const [told] = swallowed.json<Report>();
    assert.deepEqual(
      told?.rejected.map(({ row }) => row),
      [2, 3],
    );
    assert.match(told?.rejected[1]?.message ?? '', /inside the row of line 2: .*a quote is opened/);
    assert.deepEqual(await listed(), ['email a@example.com', 'email c@example.com']);
    await at.machine.sql`delete from postrider.suppression`;

    const utf16 = await suppress(
      readFileSync(join(import.meta.dirname, '../../../test/cases/lists/f05-optout-utf16.csv')),
    );
    assert.equal(utf16.code, 0, utf16.stderr);
    assert.deepEqual(await listed(), ['email a@example.com']);
    await at.machine.sql`delete from postrider.suppression`;

    const run = await suppress(
      [
        'external_id,line1,postal_code,region',
        "'6001,,,",
        '6002.0,,,',
        '7.00E+12,,,',
        'NULL,12 O&#39;Brien St,2138.0,MA',
        ',#REF!,02138,MA',
        '"=""007""",,,',
      ].join('\n'),
    );
    assert.equal(run.code, 65, run.stderr);
    const [report] = run.json<Report>();
    assert.deepEqual(
      report?.rejected.map(
        ({ row, message }) => `${row} ${/rounded|spreadsheet/.exec(message)?.[0]}`,
      ),
      ['4 rounded', '6 spreadsheet'],
    );
    assert.deepEqual([...new Set(report?.changed.map(({ row }) => row))], [2, 3, 5, 7]);
    assert.deepEqual((await listed()).toSorted(), [
      'external_id 007',
      'external_id 6001',
      'external_id 6002',
      'household 2|US|02138|12|OBRIEN|ST||||',
    ]);
    await at.machine.sql`delete from postrider.suppression`;
  });

  it('refuses an id that a spreadsheet has rounded', async () => {
    const run = await cli(at.place, ['suppress', '--external-id', '7.00E+12']);
    assert.equal(run.code, 2, run.stdout);
    assert.match(run.stderr, /external_id was rounded by a spreadsheet: "7.00E\+12"/);
  });

  it('refuses what would suppress nobody, and a file together with a person', async () => {
    writeFileSync(join(place.home, 'good.csv'), 'email\nada@example.com\n');
    for (const args of [
      ['--file', 'good.csv', '--email', 'bob@example.com'],
      ['--email', 'notanemail'],
      ['--email', 'Foo Bar <foo@bar>'],
      ['--email', 'foo@bar.com; at home'],
      ['--email', 'foo@bar.com', '--only', 'Status=unsubscribed'],
      ['--file', 'good.csv', '--only', 'Status=unsubscribed', '--every-row'],
      ['--file', 'good.csv', '--only', 'Status'],
      [
        '--email',
        'ada@example.com',
        '--line1',
        '12 Elm Street',
        '--postal-code',
        '02138',
        '--country',
        'Atlantis',
      ],
      ['--line1', '12 Elm Street', '--postal-code', '0213'],
      ['--line1', '12 Elm Street'],
      ['--external-id', 'a\nb'],
      [],
    ]) {
      const run = await cli(place, ['suppress', ...args]);
      assert.equal(run.code, 2, `${args.join(' ')}: ${run.stdout}${run.stderr}`);
    }
    assert.deepEqual(await listed(), []);
    const run = await cli(place, [
      'suppress',
      '--line1',
      '12 Elm Street',
      '--postal-code',
      '02138-1234',
      '--country',
      'USA',
    ]);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(await listed(), ['household 2|US|02138|12|ELM|ST||||']);
  });

  it('lifts an entry by its address, and says what still stands', async () => {
    await at.machine.sql`delete from postrider.suppression`;
    const address = ['--line1', 'PO Box 5', '--line2', '12 Elm St', '--postal-code', '02138'];
    assert.equal((await cli(place, ['suppress', ...address])).code, 0);
    const half = await cli(place, ['suppress', 'lift', ...address, '--json']);
    assert.equal(half.code, 0, half.stderr);
    const [told] = half.json<{ lifted: number; left: { kind: string; reason: string }[] }>();
    assert.deepEqual(
      [told?.lifted, told?.left.map(({ kind, reason }) => `${kind}: ${reason}`)],
      [1, ['household: opted out']],
    );
    const street = ['--line1', '12 Elm Street', '--postal-code', '02138'];
    const whole = await cli(place, ['suppress', 'lift', ...street]);
    assert.equal(whole.code, 0, whole.stderr);
    assert.match(whole.stdout, /lifted: 12 Elm Street may be mailed again by/);
    assert.deepEqual(await listed(), []);
    for (const [args, code] of [
      [street, 1],
      [['--line1', '12 Elm Street'], 2],
      [['--email', 'a@example.com', ...street], 2],
      [[], 2],
    ] as const)
      assert.equal((await cli(place, ['suppress', 'lift', ...args])).code, code, args.join(' '));
  });
});
