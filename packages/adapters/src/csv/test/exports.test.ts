import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCase } from './cases.ts';
import { csv, rolesIn } from './people.ts';

async function read(name: string, options: object = {}) {
  const { members, rejects } = await readCase(name, options);
  assert.deepEqual(rejects, []);
  return members.map(({ externalId, email, firstName, lastName, address, notes = [] }) => ({
    who: `${externalId} ${email} ${firstName} ${lastName}`,
    address: Object.values(address ?? {}).join(', '),
    notes: notes.map(({ column, reason }) => `${column} ${reason}`),
  }));
}

function elm(unit: string, region = 'MA', zip = '02138'): string {
  return `12 Elm Street, ${unit}, Boston, ${region}, ${zip}, US`;
}

describe('The exports that people have', () => {
  it('of shops are recognised: Shopify, WooCommerce', async () => {
    const unwrapped = ['Customer ID unwrapped', 'Default Address Zip unwrapped'];
    assert.deepEqual(await read('a01-shopify.csv'), [
      { who: '6001 ada@example.com Ada Byron', address: elm('Apt 4'), notes: unwrapped },
      {
        who: '6002 grace@example.com Grace Murray',
        address: '7 Oak Road, , Austin, TX, 78701, US',
        notes: unwrapped,
      },
    ]);
    assert.deepEqual(await read('a06-woo.csv'), [
      { who: '301 ada@example.com Ada Byron', address: elm('Apt 4'), notes: [] },
    ]);
  });

  it('of newsletters are recognised: Klaviyo, Mailchimp with its address of one cell, Mautic', async () => {
    assert.deepEqual(await read('a02-klaviyo.csv'), [
      {
        who: '01HAAA ada@example.com Ada Byron',
        address: elm('Apt 4', 'MA'),
        notes: [],
      },
    ]);
    assert.deepEqual(await read('a07-mailchimp.csv'), [
      { who: '401 ada@example.com Ada Byron', address: elm('Apt 4'), notes: [] },
    ]);
    assert.deepEqual(
      (await read('a08-mautic.csv')).map(({ address, notes }) => [address, ...notes]),
      [
        [elm('Building C, Apt 4', 'MA'), 'Address Line 2 joined_lines'],
        [elm('Building C, Apt 9', 'MA'), 'Address Line 2 joined_lines'],
      ],
    );
  });

  it('of address books are recognised: Odoo, CiviCRM, HubSpot, Salesforce', async () => {
    assert.deepEqual(await read('a03-odoo.csv'), [
      { who: 'res_partner_1 ada@example.com Ada Byron', address: elm('Apt 4'), notes: [] },
      { who: 'res_partner_2 bob@example.com Bob Byron', address: elm('Apt 9'), notes: [] },
    ]);
    assert.deepEqual(await read('a04-civicrm.csv'), [
      {
        who: '101 ada@example.com Ada Byron',
        address: elm('Apt 4, c/o Lovelace', 'MA', '02138-1234'),
        notes: ['Supplemental Address 1 joined_lines'],
      },
      { who: '102 bob@example.com Bob Byron', address: elm('Apt 9'), notes: [] },
    ]);
    assert.equal((await read('a05-hubspot.csv'))[0]?.address, elm('Apt 4'));
    assert.equal((await read('a10-salesforce-report.csv'))[0]?.address, elm('Apt 4'));
  });

  it('are recognised in the other forms that the products write', async () => {
    const forms: readonly (readonly [string, string])[] = [
      [
        'First Name,Last Name,Email,Company,Address1,Address2,City,Province,Province Code,' +
          'Country,Country Code,Zip,Customer ID',
        'line1: Address1, line2: Address2, city: City, region: Province Code, ' +
          'country: Country Code, postalCode: Zip',
      ],
      [
        'ID,user_login,user_email,display_name,billing_first_name,billing_address_1,' +
          'billing_city,billing_postcode,billing_country',
        'line1: billing_address_1, city: billing_city, postalCode: billing_postcode, ' +
          'country: billing_country',
      ],
      [
        'Order Number,First Name (Billing),Address 1&2 (Billing),City (Billing),' +
          'State Code (Billing),Postcode (Billing),Country Code (Billing),Customer ID',
        'line1: Address 1&2 (Billing), city: City (Billing), region: State Code (Billing), ' +
          'postalCode: Postcode (Billing), country: Country Code (Billing)',
      ],
      [
        'Klaviyo ID,Email,$address1,$address2,$city,$region,$zip,$country,IP City,IP Country',
        'line1: $address1, line2: $address2, city: $city, region: $region, ' +
          'postalCode: $zip, country: $country',
      ],
      [
        'Record ID - Contact,Email,Street Address,City,State/Region,State/Region Code,' +
          'Postal Code,Country/Region,Country/Region Code,IP State/Region',
        'line1: Street Address, city: City, region: State/Region Code, ' +
          'postalCode: Postal Code, country: Country/Region Code',
      ],
      [
        'id,name,email,street,street2,city,state_id/code,zip,country_id/code',
        'line1: street, line2: street2, city: city, region: state_id/code, ' +
          'postalCode: zip, country: country_id/code',
      ],
      [
        'id,email,address1,address2,city,state,zipcode,country,preferred_locale',
        'line1: address1, line2: address2, city: city, region: state, postalCode: zipcode, ' +
          'country: country',
      ],
      [
        'Id,FirstName,LastName,Email,MailingStreet,MailingCity,MailingState,' +
          'MailingPostalCode,MailingCountry,MailingLatitude',
        'line1: MailingStreet, city: MailingCity, region: MailingState, ' +
          'postalCode: MailingPostalCode, country: MailingCountry',
      ],
      [
        'ID,EMAIL,MAILINGSTREET,MAILINGCITY,MAILINGSTATE,MAILINGPOSTALCODE,MAILINGCOUNTRY',
        'line1: MAILINGSTREET, city: MAILINGCITY, region: MAILINGSTATE, ' +
          'postalCode: MAILINGPOSTALCODE, country: MAILINGCOUNTRY',
      ],
      [
        'Lead ID,Email,Street,City,State/Province (text only),Zip/Postal Code,' +
          'Country (text only)',
        'line1: Street, city: City, region: State/Province (text only), ' +
          'postalCode: Zip/Postal Code, country: Country (text only)',
      ],
      [
        'Square Customer ID,Email Address,Street Address 1,Street Address 2,City,State,' +
          'Postal Code',
        'line1: Street Address 1, line2: Street Address 2, city: City, region: State, ' +
          'postalCode: Postal Code',
      ],
      [
        'id,Email,Name,Card Address Line1,Card Address Line2,Card Address City,' +
          'Card Address State,Card Address Country,Card Address Zip,Card Issue Country',
        'line1: Card Address Line1, line2: Card Address Line2, city: Card Address City, ' +
          'region: Card Address State, country: Card Address Country, ' +
          'postalCode: Card Address Zip',
      ],
      [
        'Customer ID,Email,Address Line 1 - 1,Address Line 2 - 1,City/Suburb - 1,' +
          'State Abbreviation - 1,Zip/Postcode - 1,Country - 1',
        'line1: Address Line 1 - 1, line2: Address Line 2 - 1, city: City/Suburb - 1, ' +
          'region: State Abbreviation - 1, postalCode: Zip/Postcode - 1, country: Country - 1',
      ],
      [
        'Entry Id,Email,Address (Street Address),Address (Address Line 2),Address (City),' +
          'Address (State / Province),Address (ZIP / Postal Code),ID',
        'line1: Address (Street Address), line2: Address (Address Line 2), ' +
          'city: Address (City), region: Address (State / Province), ' +
          'postalCode: Address (ZIP / Postal Code)',
      ],
      [
        'Kundennummer,Straße,Hausnummer,Adresszusatz,PLZ,Ort,Bundesland,Land',
        'line1: Straße, houseNumber: Hausnummer, line2: Adresszusatz, postalCode: PLZ, ' +
          'city: Ort, region: Bundesland, country: Land',
      ],
      [
        "Numéro client,Prénom,Nom,Adresse,Complément d'adresse,Code postal,Ville,Pays",
        "line1: Adresse, line2: Complément d'adresse, postalCode: Code postal, " +
          'city: Ville, country: Pays',
      ],
      [
        'ID cliente,Nombre,Apellidos,Dirección,Código postal,Ciudad,Provincia,País',
        'line1: Dirección, postalCode: Código postal, city: Ciudad, region: Provincia, ' +
          'country: País',
      ],
      [
        'ID,Preferred Address Line 1,Preferred City,Preferred State,Preferred ZIP',
        'line1: Preferred Address Line 1, city: Preferred City, region: Preferred State, ' +
          'postalCode: Preferred ZIP',
      ],
      [
        'ACCOUNT_ID,ADDR_LINE_1,ADDR_LINE_2,CITY_NAME,STATE_CD,ZIP_CD',
        'line1: ADDR_LINE_1, line2: ADDR_LINE_2, city: CITY_NAME, region: STATE_CD, ' +
          'postalCode: ZIP_CD',
      ],
      [
        'ID,Display Name,Street,Street2,Zip,City,State/Display Name,Country/Display Name',
        'line1: Street, line2: Street2, postalCode: Zip, city: City, ' +
          'region: State/Display Name, country: Country/Display Name',
      ],
      [
        'id,attributes.address1,attributes.city,attributes.region,attributes.zip',
        'line1: attributes.address1, city: attributes.city, region: attributes.region, ' +
          'postalCode: attributes.zip',
      ],
      [
        'id,shippingaddress1,shippingcity,shippingstate,shippingzip',
        'line1: shippingaddress1, city: shippingcity, region: shippingstate, ' +
          'postalCode: shippingzip',
      ],
      [
        'Member ID,Mailing Address,City,State,Zip',
        'line1: Mailing Address, city: City, region: State, postalCode: Zip',
      ],
      [
        'ID,House Number,Street Name,Address 2,Apt #,City,State,Zip Code,Zip4',
        'houseNumber: House Number, line1: Street Name, line2: Address 2, line3: Apt #, ' +
          'city: City, region: State, postalCode: Zip Code, postalCodeSuffix: Zip4',
      ],
    ];
    const person = /^(?:externalId|email|name|firstName|lastName): | the same as /;
    for (const [header, expected] of forms)
      assert.equal(
        (await rolesIn(header)).filter((role) => !person.test(role)).join(', '),
        expected,
        header,
      );
  });

  it('say who the person is in their own words', async () => {
    const person = /^(?:externalId|email|name|firstName|lastName): /;
    const who: Readonly<Record<string, string>> = {
      'LEID,EUID,Email Address,Name,Address,CC,REGION':
        'externalId: LEID, email: Email Address, name: Name',
      'Email,Name (First),Name (Last),Reference ID,Square Customer ID':
        'email: Email, firstName: Name (First), lastName: Name (Last), externalId: Square Customer ID',
      'Contact ID,External Identifier,Display Name,Address Name,Home-Email':
        'externalId: Contact ID, name: Display Name, email: Home-Email',
      'ID,user_login,user_email,display_name': 'externalId: ID, email: user_email',
      'Kunden-Nr.,Vorname,Name,E-Mail-Adresse':
        'externalId: Kunden-Nr., firstName: Vorname, lastName: Name, email: E-Mail-Adresse',
      'ID,E-mail 1 - Value,Given Name,Family Name,Company Name,Product Name,User Name':
        'externalId: ID, email: E-mail 1 - Value, firstName: Given Name, lastName: Family Name',
    };
    for (const [header, expected] of Object.entries(who))
      assert.equal(
        (await rolesIn(header)).filter((role) => person.test(role)).join(', '),
        expected,
        header,
      );
    const orders = 'Name,Email,Financial Status,Lineitem name,Shipping Name,Shipping Address1,Id';
    await assert.rejects(csv(orders), /no column holds the id.*columns: \{"externalId":"Email"\}/);
    const byEmail = await csv(`${orders}\n#1001,a@example.com,paid,Rye,Ann Ash,,17\n`, {
      columns: { externalId: 'Email' },
    });
    assert.deepEqual(
      byEmail.members.map(({ externalId, email, lastName }) => [externalId, email, lastName]),
      [['a@example.com', 'a@example.com', 'Ash']],
    );
  });
});
