import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCase, told } from './cases.ts';
import { csv } from './people.ts';

describe('Lists as people bring them', () => {
  it('tells each id that a spreadsheet has rounded, takes nobody by it, and is not whole', async () => {
    const read = await readCase('c04-sciid.csv');
    assert.deepEqual(told(read), [
      '2 customer_id rounded_id',
      '3 customer_id rounded_id',
      '4 customer_id rounded_id',
    ]);
    assert.match(
      read.rejects[0]?.message ?? '',
      /"customer_id".*rounded: "7\.00E\+12"\. .*as text/,
    );
    assert.match(read.incomplete ?? '', /rounded \(row 2: "7\.00E\+12"\), so nobody was taken/);
    const other = await csv(
      'id,email\n"9,12E+15",a@example.com\n7E+12,b@example.com\n1.23457E+11,c@example.com\n',
    );
    assert.deepEqual(
      other.rejects.map(({ reason }) => reason),
      ['rounded_id', 'rounded_id', 'rounded_id'],
    );
    const ids = ['1e3', '12E4', '7E12', 'E+12', '5.1', '0E+10'];
    const kept = await csv(`id,email\n${ids.map((id) => `${id},a@example.com\n`).join('')}`);
    assert.deepEqual(
      kept.members.map(({ externalId }) => externalId),
      ids,
    );
  });

  it('leaves numbers of JSON as they are written where they would lose digits', async () => {
    assert.deepEqual(told(await readCase('n02.ndjson')), [
      '1 member 653247040368672768 Ann',
      '2 member 653247040368672769 Ben',
      '3 member 653247040368672770 Cat',
    ]);
    assert.deepEqual(told(await readCase('n01.ndjson')), [
      '1 member 1 Ann',
      '2 member 7000000000001 Ben Bay',
      '3 member 12345678901234567891 Cat Cox',
      '4 member 12345678901234567892 Dan Dow',
      '5 member 5 Eve Eck',
      '6 member 6 Fay Fox',
    ]);
  });

  it('reads a file in its encoding and with its delimiter, as it says them itself', async () => {
    for (const name of ['e01-cr.csv', 'e02-utf16le.csv', 'e03-utf16be.csv', 'e06-bom.csv'])
      assert.deepEqual(
        told(await readCase(name)),
        ['2 member 1 Zoë Müller', '3 member 2 Ben Bay'],
        name,
      );
    await assert.rejects(
      readCase('e04-utf16-nobom.csv'),
      /UTF-16 without a byte order mark.*encoding: utf-16le/,
    );
    const unmarked = await readCase('e04-utf16-nobom.csv', { encoding: 'utf-16le' });
    assert.equal(unmarked.members.length, 2);
    assert.deepEqual(told(await readCase('e05-cp1252.csv')), [
      '2 First Name bad_encoding',
      '3 member 2 Ben Bay',
    ]);
    const latin = await readCase('e05-cp1252.csv', { encoding: 'windows-1252' });
    assert.equal(latin.members[0]?.firstName, 'Zoë');
    assert.deepEqual(told(await readCase('c05-sep.csv')), ['3 member 1 Ann Ash']);
    assert.deepEqual(told(await csv('sep=\t\nid\temail\n1\ta@example.com\n')), ['3 member 1']);
    assert.deepEqual(told(await readCase('e07-bom-semi-quoted.csv')), [
      '2 member 1 Zoë Müller, Jr.',
    ]);
    assert.deepEqual(
      (await readCase('e19-semi-comma.csv')).members.map(({ address }) => address?.line1),
      ['1 Elm St, Apt 4', '2 Elm; St'],
    );
  });

  it('takes quotes behind blanks, quotes of a typesetter, and quotes that are part of a text', async () => {
    const { members } = await readCase('c06-spacequote.csv');
    assert.deepEqual(
      members.map(({ email, firstName, address }) => [email, firstName, address?.line1]),
      [
        ['a@example.com', 'Ann', '1 Elm St'],
        ['b@example.com', 'Ben', '2 Elm St, Apt 3'],
      ],
    );
    assert.deepEqual(told(await readCase('e17-smart.csv')), ['2 member 1 Zoë Müller']);
    assert.deepEqual(told(await readCase('e15-tsv-quotes.csv')), [
      '2 member 1 Zo"e "Joe" Bay',
      '3 member 2 Ben 6" Bay',
    ]);
  });

  it('is right still where it was', async () => {
    assert.deepEqual(told(await readCase('e08-blanks.csv')), [
      '4 member 1 Zoë Müller',
      '5 Customer ID missing_external_id',
      '7 member 2 Ben Bay',
    ]);
    await assert.rejects(readCase('e09-title.csv'), /no column holds the id.*"Customers export/);
    assert.deepEqual(told(await readCase('e10-footer.csv')).at(-1), '4 E-Mail bad_email');
    assert.equal((await readCase('e12-trailing.csv')).members.length, 2);
    await assert.rejects(readCase('e13-duphdr.csv'), /columns 9 and 10 are both named "notes"/);
    assert.deepEqual(told(await readCase('e14-truncated.csv')), [
      '2 member 1 Zoë Müller',
      '3 ZIP bad_postal_code',
    ]);
    assert.equal((await readCase('e16-duprow.csv')).members.length, 2);
    assert.deepEqual(
      (await readCase('g01a.csv')).members.map(({ externalId }) => externalId),
      ['001', '002', '003'],
    );
    assert.equal((await readCase('g01b.csv')).members[1]?.address?.line1, '22 New Rd');
    const names = await readCase('d01-names.csv');
    assert.deepEqual(names.rejects, []);
    assert.deepEqual(
      names.members.slice(0, 11).map(({ firstName, lastName }) => `${firstName} ${lastName}`),
      [
        'Nguyễn Thị Ánh',
        'Žiga Šćepanović',
        'Zoë‑Marie D’Angelo',
        'O′Neil Kaʻahumanu',
        '王 小明',
        'Муса Иванов',
        'משה כהן',
        'Ann 😀 Ash',
        'Björn x̂y',
        'ﬁona Ａｎｎ',
        'Jürgen Groß-Übermäßig von und zu Hohenlohe-Waldenburg-Schillingsfürst genannt Graf',
      ],
    );
  });
});
