import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bakeryPlace } from './places.ts';
import { cli, type CliRun } from './cli.ts';

interface Applied {
  readonly list: {
    readonly fields: readonly {
      readonly field: string;
      readonly role: string | null;
      readonly remark: string | null;
    }[];
    readonly sample: {
      readonly rows: number;
      readonly mailable: number;
      readonly lookedUp: number;
      readonly repeated: number;
      readonly doubled: number;
      readonly sharing: number;
      readonly doNotMail: number;
      readonly sharedEmail: number;
      readonly unusable: readonly { readonly reason: string; readonly rows: number; row: number }[];
      readonly changed: readonly { readonly reason: string; readonly rows: number; row: number }[];
    };
  };
}

describe('a list, when its campaign is applied', () => {
  const at = bakeryPlace();
  /** The bakery with another list and a card that takes any. */
  const apply = async (
    rows: readonly string[],
    args: readonly string[] = ['--dry-run'],
    change: (text: string) => string = (text) => text,
  ): Promise<CliRun> => {
    writeFileSync(join(at.folder, 'mine.csv'), rows.join('\n'));
    writeFileSync(
      join(at.folder, 'any.typ'),
      '#import "postrider.typ": *\n#let front(card) = [x]\n#let back(card) = address-block(card)\n',
    );
    const path = at.spoiled('mine.yaml', (text) =>
      change(
        text
          .replace('path: customers.csv', 'path: mine.csv')
          .replace('postcard.typ', 'any.typ')
          .replace(/^ {2}columns:\n(?: {4}.*\n)*/m, ''),
      ),
    );
    return await cli(at.place, ['campaign', 'apply', path, ...args]);
  };
  const withoutEnricher = (text: string): string => text.replace(/^enricher:.*\n(?: .*\n)*/m, '');
  const header = 'customer_id,email,first_name,Street,Street2,City,State,Zip,Note,County';
  const good = (n: number): string =>
    `${n},p${n}@example.com,Ann,${n} Elm St,Apt 4,Boston,MA,02138,x,`;

  it('tells that no column holds a name, and that most rows have one e-mail', async () => {
    const row = (n: number, email: string) => `${n},${email},Ann,${n} Elm St,Boston,MA,02138`;
    const top = 'customer_id,email,recipient,Street,City,State,Zip';
    const rows = [1, 2, 3, 4].map((n) => row(n, 'shop@example.com'));
    const same = await apply([top, ...rows, row(5, 'e@example.com')]);
    assert.equal(same.code, 0, same.stderr);
    const told = same.stdout + same.stderr;
    assert.match(told, /no column holds a name.*"recipient".*columns: \{ name: … \}/);
    assert.match(told, /4 of 5 rows have one and the same e-mail in the column "email"/);
    const well = await apply([
      top.replace('recipient', 'name'),
      ...[1, 2, 3, 4, 5].map((n) => row(n, `p${n}@example.com`)),
    ]);
    assert.doesNotMatch(well.stdout + well.stderr, /holds a name|one and the same e-mail/);
  });

  it('shows which column says who is not to be mailed, and how many that are', async () => {
    const rows = [
      `${header},Do Not Mail,Accepts Mail`,
      `${good(2)},no,yes`,
      `${good(3)},yes,yes`,
      `${good(4)},,no`,
      `${good(5)},no,`,
      // The same person once more, who is kept out by the row before.
      `${good(6).replace('p6@', 'p3@')},no,`,
      `${good(7)},2020-01-02,`,
      `${good(5)},yes,`,
    ];
    const run = await apply(rows);
    assert.equal(run.code, 0, run.stderr);
    for (const told of [
      /^Do Not Mail +doNotMail$/m,
      /^Accepts Mail +doNotMail +no means: not to be mailed$/m,
      /^of its 7 rows 1 could be mailed, 1 repeated, 5 not to be mailed, as the list says$/m,
      /^ +they are kept out of this campaign alone; .*: postrider suppress --file LIST --only "Do Not Mail=yes"$/m,
      /^ +changed or left out: do_not_mail_unclear 1 \(row 7: Column "Do Not Mail" holds "2020-01-02"/m,
    ])
      assert.match(run.stdout, told);
    const ignoring = await apply(rows, ['--dry-run', '--json'], (text) =>
      text.replace('path: mine.csv', 'path: mine.csv\n  ignore: [Do Not Mail, Accepts Mail]'),
    );
    const [json] = ignoring.json<Applied>();
    // Row 6 has the e-mail of row 3: it is the same person.
    const sample = json?.list.sample;
    assert.deepEqual([sample?.doNotMail, sample?.mailable, sample?.doubled], [0, 5, 1]);
  });

  it('shows which column is what, how many could be mailed, and why not the others', async () => {
    const rows = [
      header,
      ...[2, 3, 4].map(good),
      "'5,p5@example.com,Eve,5 Elm St,,Boston,MA,'02138,x,",
      '6,p6@example.com,Fay,6 Elm St,,Boston,MA,9,x,',
      '7,p7@example.com,Gil,,,,,,x,',
      good(2),
    ];
    const run = await apply(rows);
    assert.equal(run.code, 0, run.stderr);
    for (const told of [
      /^Street +line1$/m,
      /^Street2 +line2$/m,
      /^County +for the template +a county, which no card needs$/m,
      /^for the template only: Note$/m,
      /^of its 7 rows 4 could be mailed, 1 without an address would be looked up, 1 repeated$/m,
      /^ +not usable: bad_postal_code 1 \(row 6: Column "Zip" is not a postal code of US: "9"\)$/m,
      /^ +changed or left out: unwrapped 1 \(row 5: .*\)$/m,
    ])
      assert.match(run.stdout, told);
    const [json] = (await apply(rows, ['--dry-run', '--json'])).json<Applied>();
    assert.deepEqual(json?.list.fields.at(-1), {
      field: 'County',
      role: null,
      remark: 'a county, which no card needs',
    });
    const { unusable, changed, ...counts } = json?.list.sample ?? { unusable: [], changed: [] };
    assert.deepEqual(counts, {
      rows: 7,
      mailable: 4,
      lookedUp: 1,
      repeated: 1,
      doubled: 0,
      sharing: 0,
      doNotMail: 0,
      sharedEmail: 0,
    });
    assert.deepEqual(
      [...unusable, ...changed].map(({ reason, rows: n, row }) => [reason, n, row]),
      [
        ['bad_postal_code', 1, 6],
        ['unwrapped', 1, 5],
      ],
    );
    const alone = await apply(rows, ['--dry-run', '--json'], withoutEnricher);
    assert.deepEqual(
      alone.json<Applied>()[0]?.list.sample.unusable.map(({ reason, row }) => [reason, row]),
      [
        ['bad_postal_code', 6],
        ['no_address', 7],
      ],
      'nobody finds the address of somebody known by e-mail',
    );
  });

  it('is refused where most of its rows cannot be used, with the columns at hand', async () => {
    const rows = ['customer_id,email,Street,City,Zip', '1,a@example.com,1 Elm St,Boston,02138'];
    const run = await apply(rows, []);
    assert.equal(run.code, 78, run.stdout);
    assert.match(
      run.stderr,
      /mine\.yaml:\d+:3: audience\.path: none of its 1 row can be used: incomplete_address 1 \(row 2: No column holds the region .*the columns are "customer_id" \(externalId\), "email" \(email\), "Street" \(line1\), "City" \(city\), "Zip" \(postalCode\); .*--list-later/,
    );
    assert.equal((await at.machine.sql`select from postrider.organization`).length, 0);
    const json = await apply(rows, ['--json']);
    const { error } = JSON.parse(json.stderr.trim().split('\n').at(-1) ?? '') as {
      error: { detail: Applied };
    };
    assert.equal(error.detail.list.sample.rows, 1);
    assert.equal(error.detail.list.fields.length, 5);
    const later = await apply(rows, ['--dry-run', '--list-later']);
    assert.equal(later.code, 0, later.stderr);
    assert.match(later.stderr, /warning: none of its 1 row can be used/);
    assert.equal((await apply(rows, ['--dry-run', '--no-check'])).code, 0);

    const bad = (n: number): string => `${n},p${n}@example.com,Ann,${n} Elm St,,Boston,MA,9,x,`;
    const few = [header, ...[1, 2].map(good), ...[3, 4, 5].map(bad)];
    assert.equal((await apply(few)).code, 0, 'of a few rows some may be odd');
    const most = [header, ...[1, 2, 3, 4].map(good), ...[5, 6, 7, 8, 9, 10].map(bad)];
    const refused = await apply(most);
    assert.equal(refused.code, 78, refused.stderr);
    assert.match(refused.stderr, /only 4 of its 10 rows can be used: bad_postal_code 6 \(row 6: /);
  });

  it('is refused with a column that looks like part of the address, or with two addresses', async () => {
    const rows = [`${header},Building`, `${good(1)},C`];
    const run = await apply(rows, []);
    assert.equal(run.code, 78, run.stdout);
    assert.match(
      run.stderr,
      /audience\.path: the list cannot be read: .*"Building" looks like .*columns: \{"line3":"Building"\}.*ignore: \["Building"\]/,
    );
    const ignored = await apply(rows, ['--dry-run'], (text) =>
      text.replace('path: mine.csv', 'path: mine.csv\n  ignore: [Building]'),
    );
    assert.equal(ignored.code, 0, ignored.stderr);
    assert.match(ignored.stdout, /for the template only: Note, Building/);
    const two = ['id,Address,City,State,Zip,Billing Address,Billing City', '1,a,b,MA,02138,c,d'];
    const both = await apply(two);
    assert.equal(both.code, 78, both.stdout);
    assert.match(both.stderr, /there are 2 addresses/);
  });

  it('that gets such a column later ends the sync with an error, and nobody is taken out', async () => {
    assert.equal((await apply([header, ...[1, 2, 3].map(good)], [])).code, 0);
    assert.equal((await cli(at.place, ['sync', 'bakery-welcome'])).code, 0);
    writeFileSync(
      join(at.folder, 'mine.csv'),
      [`${header},Building`, ...[1, 2].map((n) => `${good(n)},C`)].join('\n'),
    );
    const run = await cli(at.place, ['sync', 'bakery-welcome']);
    assert.equal(run.code, 65, run.stderr);
    assert.match(run.stderr, /"Building" looks like .*ignore: \["Building"\]/);
    const moved = await at.machine.sql`
      select distinct state
      from postrider.recipients
      where state = 'skipped'`;
    assert.deepEqual([...moved], []);
  });

  it('shows which column of a look-up file is what, and what is not used of it', async () => {
    const path = at.spoiled('looked-up.yaml', (text) => text);
    const run = await cli(at.place, ['campaign', 'apply', path, '--dry-run']);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /column of the look-up file +is\nemail +email\nline1 +line1\n/);
    const json = await cli(at.place, ['campaign', 'apply', path, '--dry-run', '--json']);
    const [applied] = json.json<{ lookUps: readonly { field: string; role: string | null }[] }>();
    assert.deepEqual(applied?.lookUps[0], { field: 'email', role: 'email', remark: null });
  });

  it('counts by the rules of a sync: addresses that cannot be mailed, households, ids of two people', async () => {
    const run = await apply(
      [
        header,
        ...[2, 3, 4].map(good),
        '5,p5@example.com,Eve,5 Elm St,,Boston,ZZ,02138,x,',
        '6,p6@example.com,Fay,6 Elm St,,Boston,TX,02138,x,',
        '7,p7@example.com,Gil,P.O. Box 12,,Boston,Massachusetts,02138,x,',
        '8,p8@example.com,Hal,PO Box 12,,Boston,MA,02138,x,',
        '2,else@example.com,Zed,99 Oak Ave,,Salem,MA,01970,x,',
        good(3),
        // A sync calls both the double of somebody who is in, whatever else is wrong with the row.
        '9,p9@example.com,Ian,PO Box 12,,Boston,ZZ,02138,x,',
        '10,P2@example.com,Joy,77 Ash St,,Boston,ZZ,02138,x,',
      ],
      ['--json'],
    );
    assert.equal(run.code, 0, run.stderr);
    const [applied] = run.json<Applied>();
    assert.deepEqual(applied?.list.sample, {
      rows: 11,
      mailable: 4,
      lookedUp: 0,
      repeated: 1,
      doubled: 1,
      sharing: 2,
      doNotMail: 0,
      sharedEmail: 0,
      unusable: [
        {
          reason: 'bad_address',
          rows: 2,
          row: 5,
          column: 'region',
          message: 'region: ZZ is no state of US',
        },
        {
          reason: 'conflicting_id',
          rows: 1,
          row: 9,
          column: null,
          message: 'The id stands in row 2 already, with another person.',
        },
      ],
      changed: [],
    });
    const none = await apply(
      [header, ...Array.from({ length: 12 }, (_, n) => good(n).replace('MA,', 'ZZ,'))],
      [],
    );
    assert.equal(none.code, 78, none.stdout);
    assert.match(
      none.stderr,
      /audience\.path: none of its 12 rows can be used: bad_address 12 \(row 2: region: ZZ is no state of US\).*nothing was changed/s,
    );
    const later = await apply(
      [header, ...Array.from({ length: 12 }, (_, n) => good(n).replace('MA,', 'ZZ,'))],
      ['--list-later'],
    );
    assert.equal(later.code, 0, later.stderr);
  });
});
