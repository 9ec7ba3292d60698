import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createNdjsonAudience } from '../../ndjson/index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { readAll } from '../../../test/read.ts';
import { readCase } from './cases.ts';
import { csv, rolesIn } from './people.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const two =
  'id,first_name,billing_address_1,billing_city,billing_state,billing_postcode,' +
  'shipping_address_1,shipping_city,shipping_state,shipping_postcode';
const ann = '1,Ann,1 Bill St,Boston,MA,02138,1 Ship St,Salem,MA,01970';

describe('The address of a list', () => {
  it('is one of two only where somebody says which one, and never half of each', async () => {
    await assert.rejects(
      readCase('e18-twoaddr.csv'),
      /2 addresses \("Billing Address", "Billing City"; "Shipping Address"\).*columns: \{"line1":"Billing Address"\} or columns: \{"line1":"Shipping Address"\}/,
    );
    const shipped = await readCase('e18-twoaddr.csv', { columns: { line1: 'Shipping Address' } });
    assert.deepEqual(Object.values(shipped.members[0]?.address ?? {}), [
      '1 Ship St',
      null,
      'Salem',
      'MA',
      '01970',
      'US',
    ]);
    await assert.rejects(
      readCase('e18-twoaddr.csv', { columns: { line1: 'Billing Address' } }),
      /"City" looks like a city.*ignore: \["City","State","Zip"\]/,
    );
    await assert.rejects(csv(two), /there are 2 addresses/);
    for (const [columns, city] of [
      [{ line1: 'billing_address_1' }, 'Boston'],
      [{ line1: 'shipping_address_1' }, 'Salem'],
      [{ city: 'Shipping City' }, 'Salem'],
    ] as const) {
      const { members } = await csv(`${two}\n${ann}\n`, { columns });
      assert.equal(members[0]?.address?.city, city);
    }
    const ignored = await csv(`${two}\n${ann}\n`, { ignore: ['Billing_*'] });
    assert.equal(ignored.members[0]?.address?.line1, '1 Ship St');
    assert.equal(ignored.members[0]?.merge['billing_city'], 'Boston', 'it stays merge data');
    await assert.rejects(
      csv('id,Address,City,State,Zip,Billing Address,Billing City'),
      /there are 2 addresses/,
    );
  });

  it('leaves out no column that looks like part of it, unless it is told to', async () => {
    const plain = 'id,email,address,city,state,zip';
    for (const [column, look] of Object.entries({
      Building: 'a part of an address',
      Floor: 'a part of an address',
      'P.O. Box': 'a part of an address',
      'c/o': 'a part of an address',
      'Billing City': 'a city',
      'Street Address': 'a street',
      'Home Zip': 'a postal code',
      'Zip Code': 'a postal code',
      'Work Country': 'a country',
      Province: 'a state or region',
    })) {
      await assert.rejects(
        csv(
          `${plain},${column}`,
          column === 'Street Address' ? { columns: { line1: 'address' } } : {},
        ),
        (error: Error) =>
          error.message.includes(`"${column}" looks like ${look}`) &&
          error.message.includes(`ignore: ["${column}"]`) &&
          /columns: \{"\w+":/.test(error.message),
        column,
      );
      await csv(`${plain},${column}`, { columns: { line1: 'address' }, ignore: [column] });
    }
    await assert.rejects(
      csv('id,addr1,town,county,postcode'),
      /columns: \{"region":"county"\}/,
      'where there is no state, a county may be meant',
    );
    const floor = await csv(`${plain},Floor\n1,a@example.com,1 Elm St,Boston,MA,02138,3rd floor`, {
      columns: { line2: 'Floor' },
    });
    assert.equal(floor.members[0]?.address?.line2, '3rd floor');
  });

  it('raises no false alarm', async () => {
    const others =
      'Email Address,IP address,IP City,Total Spent,Accepts Email Marketing,City Pass,' +
      'Favorite City,Store City,Unit Price,Business Unit,Order State,Phone Country,Birth Country,' +
      'Address Verified,Address Type,Street Team,Billing Cycle,Home Phone,Suite Type,' +
      'Sales Region,Web Address,Country Club,Company,Postal Greeting,World Region,Shipping Method,Return Address';
    assert.deepEqual(await rolesIn(`ID,Address,City,State,Zip,${others}`), [
      'externalId: ID',
      'line1: Address',
      'city: City',
      'region: State',
      'postalCode: Zip',
      'email: Email Address',
    ]);
  });

  it('knows columns that say the same again, and tells them', async () => {
    const civi =
      'Contact ID,Street Address,Street Number,Street Name,Street Unit,City,County,State,Postal Code';
    assert.deepEqual(
      (await rolesIn(civi)).filter((role) => / (?:a|the) /.test(role)),
      [
        'Street Number: a piece of "Street Address"',
        'Street Name: a piece of "Street Address"',
        'Street Unit: a piece of "Street Address"',
        'County: a county, which no card needs',
      ],
    );
    assert.ok(
      (await rolesIn('id,address1,city,Province,Province Code,zip')).includes(
        'Province: the same as "Province Code"',
      ),
    );
    assert.ok(
      (await rolesIn(two, { columns: { line1: 'billing_address_1' } })).includes(
        'shipping_city: part of another address',
      ),
    );
  });

  it('is missing its street: the columns that are there are named, and how to say that there is none', async () => {
    const list = 'ID,Email,City,Region,Postal code';
    await assert.rejects(
      csv(list),
      /no column holds the street, although "City", "Region", "Postal code" look.*the columns are "ID", "Email", "City", "Region", "Postal code".*columns: \{"line1":null\}/,
    );
    const { members } = await csv(`${list}\n1,a@example.com,Boston,MA,02138\n`, {
      columns: { line1: null },
    });
    assert.equal(members[0]?.address, null);
    assert.equal(members[0]?.merge['City'], 'Boston');
  });

  it('says of a column that is not there that it is not there', async () => {
    const { rejects } = await csv('id,address1,city,zip\n1,1 Elm St,Boston,02138\n');
    assert.match(
      rejects[0]?.message ?? '',
      /^No column holds the region \(the state or province\), .*columns\.region; the columns are "id", "address1", "city", "zip"\.$/,
    );
    const [noZip] = (await csv('id,address1,city,state\n1,1 Elm St,Boston,MA\n')).rejects;
    assert.match(noZip?.message ?? '', /^No column holds the postal code, .*"state"\.$/);
  });

  it('has two lines at most: a third one goes on in the second, and is told or refused', async () => {
    const header = 'id,address1,address2,address3,city,state,zip';
    const line2 = async (second: string, third: string) => {
      const row = `1,12 Elm St,${second},${third},Boston,MA,02138`;
      const { members, rejects } = await csv(`${header}\n${row}\n`);
      return members[0]?.address?.line2 ?? rejects[0]?.reason ?? null;
    };
    assert.equal(await line2('Building C', 'Apt 4'), 'Building C, Apt 4');
    assert.equal(await line2('', 'Apt 4'), 'Apt 4');
    assert.equal(await line2('Apt 4', ''), 'Apt 4');
    assert.equal(await line2('', ''), null);
    assert.equal(await line2('x'.repeat(40), 'y'.repeat(40)), 'too_many_lines');
  });

  it('has its house number and the end of its ZIP code by themselves', async () => {
    const address = async (header: string, row: string, options: object = {}) =>
      Object.values((await csv(`${header}\n${row}\n`, options)).members[0]?.address ?? {}).join(
        '|',
      );
    assert.equal(
      await address(
        'id,House Number,Street Name,City,State,Zip,Zip4',
        '1,12,Elm Street,Boston,MA,02138,1234',
      ),
      '12 Elm Street||Boston|MA|02138-1234|US',
    );
    assert.equal(
      await address('Kundennummer;Straße;Hausnummer;PLZ;Ort', '1;Hauptstr.;5a;10115;Berlin', {
        defaultCountry: 'DE',
      }),
      'Hauptstr. 5a||Berlin||10115|DE',
    );
    assert.equal(
      await address('id,address,city,state,ZIP+4', '1,1 Elm St,Boston,MA,02138-1234'),
      '1 Elm St||Boston|MA|02138-1234|US',
    );
  });

  it('is taken out of one cell only where every part is certain', async () => {
    const whole = async (cell: string) => {
      const { members, rejects } = await csv(`id;Address\n1;"${cell}"\n`);
      return Object.values(members[0]?.address ?? {}).join('|') || (rejects[0]?.reason ?? '');
    };
    const elm = '12 Elm Street|Apt 4|Boston|MA|02138|US';
    assert.equal(await whole('12 Elm Street  Apt 4  Boston  MA  02138  US'), elm);
    assert.equal(await whole('12 Elm Street    Boston  MA  02138  US'), elm.replace('Apt 4', ''));
    assert.equal(await whole('12 Elm Street  Boston  MA  02138  US'), elm.replace('Apt 4', ''));
    assert.equal(await whole('12 Elm Street  Apt 4  Boston  MA  02138'), elm);
    assert.equal(await whole('12 Elm Street, Apt 4, Boston, MA 02138'), elm);
    assert.equal(
      await whole('12 Elm Street\nApt 4\nBoston, MA 02138-1234\nUSA'),
      `${elm.slice(0, -3)}-1234|US`,
    );
    assert.equal(
      await whole('1 King St W  Toronto  ON  M5H 1A1  CA'),
      '1 King St W||Toronto|ON|M5H 1A1|CA',
    );
    assert.equal(
      await whole('10 Downing St    London    SW1A 2AA  GB'),
      '10 Downing St||London||SW1A 2AA|GB',
    );
    for (const [cell, expected] of [
      ['12 Elm St, Boston, Massachusetts 02138', '12 Elm St||Boston|MA|02138|US'],
      ['12 Elm St, New York, New York, 10001', '12 Elm St||New York|NY|10001|US'],
      ['12 Elm St, Boston, MA 02138 US', '12 Elm St||Boston|MA|02138|US'],
      ['12 Elm St, Toronto, ON M5V 2T6', '12 Elm St||Toronto|ON|M5V 2T6|CA'],
      ['10 Elm Road, London SW1A 1AA', '10 Elm Road||London||SW1A 1AA|GB'],
      ['Flat 2, 10 Elm Rd, London SW1A 1AA, UK', 'Flat 2|10 Elm Rd|London||SW1A 1AA|GB'],
      ['Hauptstr. 5, 10115 Berlin, Deutschland', 'Hauptstr. 5||Berlin||10115|DE'],
      ['Damstraat 5, 1012 AB Amsterdam, Netherlands', 'Damstraat 5||Amsterdam||1012 AB|NL'],
    ] as const)
      assert.equal(await whole(cell), expected);
    for (const cell of [
      '12 Elm St, Rear, Washington 20001',
      '12 Elm St, Boston, Texas 02138',
      'Hauptstr. 5, 10115 Berlin',
      '12 Elm St, 02138 Boston, MA',
      '12 Elm Street Boston, MA 02138',
      '12 Elm Street',
      '12 Elm Street  Boston  MA',
      'Elm Street, Boston, MA 02138',
      '12 Elm Street  Apt 4  Rear  Boston  MA  02138  US',
      '10 Downing St  Westminster  London  SW1A 2AA  GB',
      '12 Elm Street  Boston  MA  2138x  US',
    ])
      assert.match(await whole(cell), /^(?:address_in_one_cell|control_character)$/, cell);
  });

  it('of objects is told by row, where a part that is not used has a value', async () => {
    const folder = await temporaryFolder();
    const address = { street: '1 Elm St', city: 'Boston', state: 'MA', zip: '02138' };
    const other = { shipping: { street: '2 Elm St', city: 'Salem' } };
    const rows = [
      { id: '1', address },
      { id: '2', address, floor: '' },
      { id: '3', address, floor: '3' },
      { id: '4', address, ...other },
      { id: '5', email: 'e@example.com', city: 'Boston' },
      { id: '6', email: 'f@example.com', city: '' },
    ];
    await writeFile(join(folder, 'a.ndjson'), rows.map((row) => JSON.stringify(row)).join('\n'));
    const { members, rejects } = await readAll(
      createNdjsonAudience({ path: 'a.ndjson' }, wiringAt(folder)),
    );
    assert.deepEqual(
      members.map(({ externalId }) => externalId),
      ['1', '2', '6'],
    );
    assert.deepEqual(
      rejects.map(({ externalId, column, reason }) => [externalId, column, reason]),
      [
        ['3', 'floor', 'unused_address_column'],
        ['4', 'address.street', 'two_addresses'],
        ['5', 'city', 'no_street_column'],
      ],
    );
  });
});
