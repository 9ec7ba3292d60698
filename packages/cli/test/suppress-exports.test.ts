import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listPlace } from './list-place.ts';

const cases = join(import.meta.dirname, '../../../test/cases/lists');

interface Recognised {
  readonly recognised: Readonly<Record<string, string>>;
}

describe('an export as a do-not-mail list', () => {
  const { at, listed, suppress } = listPlace();

  it('refuses an export of subscribers, unless it is told which rows are meant', async () => {
    const text = [
      'Email,Status,Work Email,Added by',
      'a@example.com,subscribed,,',
      'b@example.com,Unsubscribed,b.work@example.com,clerk@example.com',
      'c@example.com,cleaned,,',
      '',
    ].join('\n');
    await at.machine.sql`delete from postrider.suppression`;
    const refused = await suppress(text);
    assert.equal(refused.code, 65, refused.stdout);
    assert.match(
      refused.stderr,
      /column \\"Status\\" says \\"subscribed\\" in line 2.*--only .*--every-row; nothing was changed/,
    );
    assert.deepEqual(await listed(), []);
    assert.equal((await suppress(text, '--only', 'State=unsubscribed')).code, 65);
    const chosen = await suppress(text, '--only', 'status=unsubscribed,CLEANED');
    assert.equal(chosen.code, 0, chosen.stderr);
    const [report] = chosen.json();
    assert.deepEqual(
      [report?.['entries'], report?.['leftOut'], report?.['furtherEmails']],
      [2, 1, ['Work Email']],
    );
    assert.deepEqual(report?.['unusedEmails'], [{ column: 'Added by', rows: 1, firstRow: 3 }]);
    assert.match(chosen.stderr, /e-mails in column Work Email count as well/);
    assert.match(chosen.stderr, /column Added by has e-mails in 1 row/);
    assert.deepEqual(await listed(), [
      'email b.work@example.com',
      'email b@example.com',
      'email c@example.com',
    ]);
    assert.equal((await suppress(text, '--every-row')).code, 0);
    assert.equal((await listed()).length, 4);
    await at.machine.sql`delete from postrider.suppression`;
  });

  it('takes a list whose rows all say that they have opted out, in whichever words', async () => {
    for (const [header, ...values] of [
      ['Status', 'unsubscribed', 'cleaned', ''],
      ['Unsubscribed', 'yes', 'TRUE', '1'],
      ['Unsubscribed At', '2026-01-01', '', '2026-02-01'],
      ['Accepts Marketing', 'no', 'false', '0'],
      ['Email Marketing Consent', 'UNSUBSCRIBED', 'NEVER_SUBSCRIBED', ''],
    ]) {
      const rows = values.map((value, n) => `p${n}@example.com,${value}`);
      const run = await suppress([`email,${header}`, ...rows, ''].join('\n'));
      assert.equal(run.code, 0, `${header}: ${run.stderr}`);
    }
    for (const [header, value] of [
      ['Unsubscribed', 'no'],
      ['Accepts Marketing', 'yes'],
      ['Email Opt-In', '1'],
      ['Consent', 'Granted'],
      ['Do Not Mail', 'false'],
    ]) {
      const run = await suppress(`email,${header}\np@example.com,${value}\n`);
      assert.equal(run.code, 65, `${header}: ${run.stdout}`);
    }
  });

  it('knows the headings of exports, and takes an address only where there is nothing else', async () => {
    const taken = async (text: string) => {
      const run = await suppress(text);
      const entries = await listed();
      await at.machine.sql`delete from postrider.suppression`;
      return { code: run.code, entries, recognised: run.json<Recognised>()[0]?.recognised };
    };
    await at.machine.sql`delete from postrider.suppression`;
    const address = 'Address,City,Zip';
    for (const heading of [
      'Email Address',
      'E-Mail',
      'user_email',
      'Adresse e-mail',
      'Do Not Mail',
      'Bounced Email',
    ])
      assert.deepEqual(
        await taken(`ID,${heading},${address}\n7,a@example.com,12 Elm St,B,02138\n`),
        {
          code: 0,
          entries: ['email a@example.com'],
          recognised: { email: heading },
        },
      );
    assert.deepEqual(await taken("Customer ID,E-Mail\n'6001,a@example.com\n"), {
      code: 0,
      entries: ['email a@example.com', 'external_id 6001'],
      recognised: { email: 'E-Mail', external_id: 'Customer ID' },
    });
    const only = await taken(`Name,${address}\nAda,12 Elm St,Boston,02138\n`);
    assert.deepEqual(only.recognised, { line1: 'Address', postal_code: 'Zip' });
    assert.equal(only.entries.length, 1);
    const blank = await taken(
      `Email,Name,${address},State\na@example.com,Ann,1 Oak St,B,02138,MA\n,Ben,2 Oak St,B,02138,MA\n`,
    );
    assert.deepEqual(
      blank.entries.toSorted(),
      ['email a@example.com', 'household 2|US|02138|2|OAK|ST||||'],
      'of a row without e-mail the address counts, and of no other',
    );
    const both = await suppress('Billing Address,Billing Zip,Shipping Address,Zip\na,1,b,2\n');
    assert.equal(both.code, 65);
    assert.match(both.stderr, /there are 2 addresses.*nothing was changed/s);
    const rep = await taken(`Name,Sales Rep Email,${address}\nAda,rep@x.com,12 Elm St,B,02138\n`);
    assert.equal(rep.entries.length, 1, 'somebody else’s e-mail is no key');
    assert.match(rep.entries[0] ?? '', /^household /);
    const none = await suppress('ID,Name\n7,Ada\n');
    assert.equal(none.code, 65);
    assert.match(none.stderr, /names neither email nor external_id/);
  });

  it('makes the lines of an address of its columns as an audience does, and says of which country', async () => {
    await at.machine.sql`delete from postrider.suppression`;
    const german = 'Straße;Hausnummer;PLZ;Ort\nHauptstr.;5;10115;Berlin\n';
    const assumed = await suppress(german);
    assert.equal(assumed.code, 0, assumed.stderr);
    assert.match(assumed.stderr, /1 address names no country.*of the United States.*--country/);
    await at.machine.sql`delete from postrider.suppression`;
    const told = await suppress(german, '--country', 'DE');
    assert.equal(told.code, 0, told.stderr);
    assert.doesNotMatch(told.stderr, /no country/);
    const run = await suppress(
      'Address,Address 2,Address 3,Zip,Plus4,Country\n' +
        '"12 Elm St\nApt 3",,,02138,1234,US\n14 Elm St,Bldg C,Apt 4,02138,,US\n',
    );
    assert.equal(run.code, 0, run.stderr);
    const [report] = run.json<{ changed: { reason: string }[] }>();
    assert.deepEqual(
      report?.changed.map(({ reason }) => reason),
      ['two_lines', 'joined_lines'],
    );
    assert.deepEqual(await listed(), [
      'household 2|DE|10115|5|HAUPTSTRASSE|||||',
      'household 2|US|02138|12|ELM|ST|||# 3|',
      'household 2|US|02138|14|ELM|ST|||# 4,BLDG C|',
    ]);
    await at.machine.sql`delete from postrider.suppression`;
  });

  it('takes or refuses each list of the cases, and says which row is nobody’s', async () => {
    const given = async (file: string, ...flags: string[]) => {
      const run = await suppress(readFileSync(join(cases, `${file}.csv`)), ...flags);
      const entries = await listed();
      await at.machine.sql`delete from postrider.suppression`;
      return { run, entries };
    };
    await at.machine.sql`delete from postrider.suppression`;
    const noHeader = await given('f03-optout-noheader');
    assert.equal(noHeader.run.code, 65);
    assert.match(noHeader.run.stderr, /line 1 names neither email.*\(it has a@example\.com\)/);
    assert.deepEqual(noHeader.entries, []);

    const { run, entries } = await given('f04-optout-header');
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(entries, ['email a@example.com']);

    const addresses = await given('f06-optout-addr');
    assert.equal(addresses.run.code, 65, addresses.run.stderr);
    const [report] = addresses.run.json<{ rejected: { row: number; message: string }[] }>();
    assert.deepEqual(
      report?.rejected.map(({ row, message }) => `${row} ${message}`),
      [
        '3 postal_code is not a postal code of US: "2138"',
        '6 postal_code is not a postal code of US: "SW1A 2AA"',
        '7 an address needs line1 and postal_code; the rest of the row stands',
      ],
    );
    assert.deepEqual(addresses.entries, [
      'email a@example.com',
      'household 2|US|02138|12|ELM|ST||||',
      'household 2|US|02138|5|PO BOX|||||',
      'email b@example.com',
    ]);

    const twice = await given('f07-optout-dup');
    assert.equal(twice.run.code, 65);
    assert.match(twice.run.stderr, /line 1 names email twice.*nothing was changed/s);
    assert.deepEqual(twice.entries, []);

    assert.equal((await given('f08-optout-status')).run.code, 65);
    const some = await given('f08-optout-status', '--only', 'Status=unsubscribed');
    assert.deepEqual(some.entries, ['email b@example.com']);
  });
});
