/** Columns that no spelling knows: part of the address, the country, or of nobody who is mailed. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createNdjsonAudience } from '../../ndjson/index.ts';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { readAll } from '../../../test/read.ts';
import { csv, rolesIn } from './people.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const plain = 'id,name,email,address,city,state,zip';

it('a heading of nothing but words of an address is refused, in whatever order', async () => {
  for (const column of (
    'suite/apt;Apt Num;Unit Num;Flat/Unit;Building No;Building Name/No;Floor No;Room No;' +
    'Lot;Lot #;Space;Box;' +
    'Box No;Address 5;address_5;Addr5;Line 5;Secondary Unit;In Care Of;Township;' +
    'Wohnung Nr;Bâtiment/Escalier;Piso/Puerta;Piso y puerta;Dorm Room;Residence Hall;Campus Box;' +
    '2nd Line;Address Extra;Huisnr toev.;Квартира;部屋番号;City 2;Zip 2;Dependent Thoroughfare'
  ).split(';')) {
    await assert.rejects(
      csv(`${plain},${column}`),
      (error: Error) => error.message.includes(`ignore: ["${column}"]`),
      column,
    );
    await csv(`${plain},${column}`, { ignore: [column] });
  }
});

it('a heading with a word of its own is merge data', async () => {
  const others =
    'Unit Price;Box Color;Room for notes;Lottery Number;Lot Size;Space Available;Floor Area;' +
    'Building Age;Number of Units;Complexity;Boxes;Trailer Type;Cabin Class;Address Type;' +
    'Address Source;Line Manager;Subject Line 2;Event Room;Order Box;Care Level;' +
    'Country Club;Land Area;Land Value;State of Mind;City Tax;Shipping Box;Room Rate;Door Code;' +
    'Village Hall Booking;Stock;Company;Department;Gate Code;Delivery Instructions';
  assert.deepEqual(
    (await rolesIn(`${plain},${others.replaceAll(';', ',')}`)).filter(
      (role) => !/^(?:externalId|name|email|line1|city|region|postalCode): /.test(role),
    ),
    [],
  );
});

it('a state and a country are found under the names that they have', async () => {
  const base = 'id,name,address,city,zip';
  for (const column of (
    'State/Prov;State/Prov/Region;Province/State/Region;State/Region/Province;ST/Prov;' +
    'State or Region;State/Prov/Other'
  ).split(';'))
    assert.ok((await rolesIn(`${base},${column}`)).includes(`region: ${column}`), column);
  for (const column of ['Nation', 'Ctry', 'ISO Country', 'Land/Region', 'country_id/id'])
    assert.ok((await rolesIn(`${base},${column}`)).includes(`country: ${column}`), column);
});

it('nobody is put into the default country where a column says which one it is', async () => {
  const outlook =
    'Vorname,Nachname,Straße privat,Straße privat 2,Ort privat,Bundesland/Kanton privat,' +
    'Postleitzahl privat,Land/Region privat,E-Mail-Adresse';
  const { members } = await csv(
    `${outlook}\nAnn,Ash,Hauptstr. 5,Hinterhaus,Wien,,1010,Österreich,a@example.com\n`,
    { defaultCountry: 'DE', columns: { externalId: 'E-Mail-Adresse' } },
  );
  assert.deepEqual(Object.values(members[0]?.address ?? {}), [
    'Hauptstr. 5',
    'Hinterhaus',
    'Wien',
    null,
    '1010',
    'AT',
  ]);
  const odoo = await csv(
    'id,street,city,state_id/id,zip,country_id/id\n' +
      '1,1 Elm St,Boston,base.state_us_ma,02138,base.us\n2,C/ Mayor 5,Madrid,,28001,base.es\n',
  );
  assert.deepEqual(
    odoo.members.map(({ address }) => `${address?.region} ${address?.country}`),
    ['MA US', 'null ES'],
  );
  const presta = 'id_customer,address1,postcode,city,id_state,id_country';
  const shop = await csv(
    `${presta}\n1,5 rue Foch,75001,Paris,0,8\n2,C/ Mayor 5,28001,Madrid,0,6\n`,
    {
      defaultCountry: 'FR',
    },
  );
  assert.deepEqual(
    shop.rejects.map(({ reason, column }) => `${reason} ${column}`),
    ['bad_country id_country', 'bad_country id_country'],
  );
  const numbered = await csv(`${presta}\n1,1 Elm St,02138,Boston,25,US\n`);
  assert.equal(numbered.rejects[0]?.reason, 'bad_region');
});

it('a street without a word before it goes with the one town that there is', async () => {
  const [member] = (
    await csv(
      'Customer ID,Full Name,Street 1,Street 2,Ship City,Ship State,Ship Zipcode,Ship Country\n' +
        '11,Ann Ash,1 Elm St,Apt 4,Boston,MA,02138,United States\n',
    )
  ).members;
  assert.deepEqual(Object.values(member?.address ?? {}), [
    '1 Elm St',
    'Apt 4',
    'Boston',
    'MA',
    '02138',
    'US',
  ]);
  assert.ok(
    (
      await rolesIn('customerNumber,billing_street,billing_additional_address_line1,billing_city')
    ).includes('line2: billing_additional_address_line1'),
  );
});

it('an e-mail of somebody else is nobody’s, and that is told', async () => {
  for (const column of (
    'sales rep email;Salesperson Email;Agent Email;Owner Email;Created By Email;Spouse Email;' +
    'Emergency Contact Email;Manager Email;Referrer Email;Support Email;Branch Email;' +
    'Teacher Email;Invalid Email;Bounced Email;No Email;Partner Email;Contact Owner Email'
  ).split(';')) {
    const roles = await rolesIn(`id,name,address,city,state,zip,${column}`);
    assert.ok(!roles.some((role) => role.startsWith('email: ')), column);
    assert.ok(
      roles.some((role) => role.startsWith(`${column}: somebody else’s`)),
      column,
    );
  }
  for (const column of ['Buyer Email', 'Billing Email', 'Recipient Email', 'Home E-mail', 'Mail'])
    assert.ok(
      (await rolesIn(`id,name,address,city,state,zip,${column}`)).includes(`email: ${column}`),
      column,
    );
  const { members } = await csv(
    'id,name,address,city,state,zip,Agent Email\n1,Ann Ash,1 Elm St,Boston,MA,02138,x@example.com\n',
  );
  assert.deepEqual([members[0]?.email, members[0]?.merge['Agent Email']], [null, 'x@example.com']);
  assert.ok(
    (await rolesIn('id,Owner Name,Owner Address,Owner City,Owner Email')).includes(
      'email: Owner Email',
    ),
    'it lives at the address',
  );
});

it('a part of an address in an object is refused by its row', async () => {
  const folder = await temporaryFolder();
  const address = {
    street: '1 Elm St',
    secondary: 'Apt 4',
    city: 'Boston',
    state: 'MA',
    zip: '02138',
  };
  await writeFile(join(folder, 'p.ndjson'), `${JSON.stringify({ id: 1, address })}\n`);
  const { rejects } = await readAll(createNdjsonAudience({ path: 'p.ndjson' }, wiringAt(folder)));
  assert.equal(rejects[0]?.reason, 'unused_address_column');
});

it('words before a Dutch family name stand before it', async () => {
  const { members } = await csv(
    'id,Voornaam,Tussenvoegsel,Achternaam,Straat,Huisnummer,Postcode,Plaats\n' +
      '1,Jan,van der,Berg,Damstraat,5,1012 AB,Amsterdam\n' +
      '2,Piet,,Vries,Damstraat,6,1012 AB,Amsterdam\n' +
      '3,Kees,de,de Wit,Damstraat,7,1012 AB,Amsterdam\n',
    { defaultCountry: 'NL' },
  );
  assert.deepEqual(
    members.map(({ firstName, lastName }) => `${firstName} ${lastName}`),
    ['Jan van der Berg', 'Piet Vries', 'Kees de Wit'],
  );
});

it('of a list of addresses in an object the default one is taken, and else none', async () => {
  const folder = await temporaryFolder();
  const home = { address1: '1 Elm St', city: 'Boston', province_code: 'MA', zip: '02138' };
  const work = { ...home, address1: '2 Oak St', default: true };
  const rows = [
    { id: 1, addresses: [home] },
    { id: 2, addresses: [home, work] },
    { id: 3, addresses: [home, { ...work, default: false }] },
    { id: 4, default_address: work, addresses: [home, work] },
    { id: 5, email: 'e@example.com', addresses: [] },
  ];
  await writeFile(join(folder, 'a.ndjson'), rows.map((row) => JSON.stringify(row)).join('\n'));
  const { members, rejects } = await readAll(
    createNdjsonAudience({ path: 'a.ndjson' }, wiringAt(folder)),
  );
  assert.deepEqual(
    members.map(({ externalId, address }) => `${externalId} ${address?.line1}`),
    ['1 1 Elm St', '2 2 Oak St', '4 2 Oak St', '5 undefined'],
  );
  assert.ok(members.every(({ merge }) => !JSON.stringify(merge).includes('Elm')));
  assert.deepEqual(
    rejects.map(({ row, reason }) => [row, reason]),
    [[3, 'several_addresses']],
  );
});
