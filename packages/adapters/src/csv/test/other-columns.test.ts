/** Columns beside the usual ones: further e-mails, and pieces of an address. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { csv, rolesIn } from './people.ts';

describe('Columns beside the usual ones', () => {
  it('a further e-mail column of a person counts for opt-outs, and is the e-mail where the first is blank', async () => {
    const { members } = await csv(
      [
        'ID,E-mail 1 - Value,E-mail 2 - Value,Secondary Email,Salesperson Email,First Name',
        '1,ann@example.com,ann.work@example.com,N/A,rep@example.com,Ann',
        '2,,ben@example.com,ben@example.com; ben2@example.com,rep@example.com,Ben',
        '3,cat@example.com,cat@work,,rep@example.com,Cat',
      ].join('\n'),
    );
    assert.deepEqual(
      members.map(({ email, otherEmails = [], notes = [] }) => [
        email,
        ...otherEmails,
        ...notes.map(({ column, reason }) => `${column} ${reason}`),
      ]),
      [
        ['ann@example.com', 'ann.work@example.com'],
        ['ben@example.com', 'ben2@example.com'],
        ['cat@example.com', 'E-mail 2 - Value email_not_used'],
      ],
    );
    assert.equal(members[0]?.merge['E-mail 2 - Value'], 'ann.work@example.com');
    assert.ok(
      (await rolesIn('id,Email,Secondary Email')).some((role) =>
        role.startsWith('Secondary Email: a further e-mail'),
      ),
    );
  });

  it('an e-mail and an address whose kind stands behind it are recognised', async () => {
    assert.deepEqual(
      await rolesIn(
        'Person - ID,Person - Name,Person - Email - Work,Street address line 1 - Home,' +
          'City - Home,State/Province - Home,Zip/Postal code - Home,Country - Home',
      ),
      [
        'externalId: Person - ID',
        'name: Person - Name',
        'email: Person - Email - Work',
        'line1: Street address line 1 - Home',
        'city: City - Home',
        'region: State/Province - Home',
        'postalCode: Zip/Postal code - Home',
        'country: Country - Home',
      ],
    );
    assert.deepEqual(
      await rolesIn('id,Straße privat,Ort privat,Postleitzahl privat,Länderkennzeichen'),
      [
        'externalId: id',
        'line1: Straße privat',
        'city: Ort privat',
        'postalCode: Postleitzahl privat',
        'country: Länderkennzeichen',
      ],
    );
  });

  it('ids of exports and of other languages are recognised', async () => {
    for (const column of [
      'nationbuilder_id',
      'Attendee ID',
      'Buyer User ID',
      'entity_id',
      'N° client',
      'Nº cliente',
      'Klantnummer',
      'Relatienummer',
      'Kundennummer',
      'Codice cliente',
      'Código do cliente',
      'Numer klienta',
    ])
      assert.deepEqual(
        await rolesIn(`Email,${column}`),
        ['email: Email', `externalId: ${column}`],
        column,
      );
    // The supporters of NationBuilder have ids of other programs beside their own.
    assert.ok(
      (await rolesIn('nationbuilder_id,external_id,email')).includes(
        'externalId: nationbuilder_id',
      ),
    );
    assert.ok((await rolesIn('entity_id,customer_id,email')).includes('externalId: customer_id'));
  });

  it('name, address and e-mail are recognised in Italian, Dutch, Portuguese, Polish, Spanish, French, German', async () => {
    const parts = 'firstName lastName email line1 city postalCode country'.split(' ');
    for (const header of [
      'Nome,Cognome,Indirizzo e-mail,Indirizzo,Città,CAP,Paese',
      'Voornaam,Achternaam,E-mailadres,Adres,Woonplaats,Postcode,Land',
      'Nome,Apelido,Endereço de e-mail,Morada,Localidade,Código postal,País',
      'Primeiro nome,Sobrenome,Correio eletrônico,Endereço,Cidade,CEP,País',
      'Imię,Nazwisko,Adres e-mail,Ulica i numer,Miejscowość,Kod pocztowy,Kraj',
      'Nombre,Apellidos,Dirección de correo electrónico,Dirección,Ciudad,Código postal,País',
      'Prénom,Nom de famille,Adresse e-mail,Numéro et voie,Ville,Code postal,Pays',
      'Vorname,Nachname,E-Mail-Adresse,Straße und Hausnummer,Wohnort,Postleitzahl,Land',
    ]) {
      const named = header.split(',');
      assert.deepEqual(
        await rolesIn(`id,${header}`),
        ['externalId: id', ...parts.map((role, index) => `${role}: ${named[index]}`)],
        header,
      );
    }
    for (const name of [
      'Nominativo',
      'Naam',
      'Nome completo',
      'Imię i nazwisko',
      'Nombre y apellidos',
      'Nom et prénom',
      'Vor- und Nachname',
      'Name 1',
    ])
      assert.ok((await rolesIn(`id,email,${name}`)).includes(`name: ${name}`), name);
    assert.deepEqual(await rolesIn('id,Factuuradres,Factuurplaats,Factuurpostcode,Naam'), [
      'externalId: id',
      'line1: Factuuradres',
      'city: Factuurplaats',
      'postalCode: Factuurpostcode',
      'name: Naam',
    ]);
    assert.ok(
      (await rolesIn('id,Indirizzo di spedizione,Città di spedizione,CAP di spedizione')).includes(
        'line1: Indirizzo di spedizione',
      ),
    );
  });

  it('a number in a column of its own belongs to a bare street, before it or behind it', async () => {
    const lines = async (header: string) => {
      const { members } = await csv(`${header}\n1,Elm,12,Boston,MA,02138\n`);
      return members[0]?.address?.line1;
    };
    assert.equal(await lines('id,Street,Number,City,State,Zip'), '12 Elm');
    assert.equal(await lines('id,Street,House #,City,State,Zip'), '12 Elm');
    assert.equal(await lines('id,Calle,Número,Ciudad,Provincia,CP'), 'Elm 12');
    assert.equal(await lines('id,Calle,Número exterior,Ciudad,Provincia,CP'), 'Elm 12');
    assert.equal(await lines('id,Straat,Huisnummer,Plaats,Provincie,Postcode'), 'Elm 12');
    assert.equal(await lines('id,Ulica,Nr domu,Miasto,Województwo,Kod pocztowy'), 'Elm 12');
    assert.equal(await lines('id,Via,Numero civico,Comune,Provincia,CAP'), 'Elm 12');
    assert.equal(await lines('id,Via,N. civico,Comune,Provincia,CAP'), 'Elm 12');
    assert.equal(await lines('id,Rua,Número,Cidade,Estado,CEP'), 'Elm 12');
    assert.equal(await lines('id,Rue,Numéro,Ville,Province,CP'), '12 Elm');
    const roles = await rolesIn('id,Address,Number,City,State,Zip');
    assert.ok(roles.every((role) => !role.startsWith('houseNumber')));
  });

  it('what else is a piece of an address is refused, where nothing says what it is', async () => {
    for (const column of [
      'Rural Route',
      'Urbanization',
      'Pre Dir',
      'Unit Type',
      'Mailing Flat/House/Building No',
      'Piso',
      'Puerta',
      'Número interior',
      'Sub Building',
      'Mailbox',
      'Level',
      'Toevoeging',
      'Planta',
      'Nr lokalu',
      'Interno',
      'Name 2',
      'City State Zip',
      'City State',
      'Attn',
      'Mail Stop',
      'PO Box Number',
      'Flat No.',
      'Block',
      'Landmark',
      'Lieu-dit',
      'Hausnummernzusatz',
      'Stiege',
      'Nr mieszkania',
      'Num. Int.',
    ])
      await assert.rejects(
        csv(`id,Street,${column},City,State,Zip\n`),
        new RegExp(`"${column}" looks like`),
        column,
      );
    const roles = async (column: string) => await rolesIn(`id,Address,${column},City,State,Zip`);
    for (const column of ['Address Cont.', 'Apt / Suite / Other', 'Appt', 'Complément'])
      assert.ok((await roles(column)).includes(`line2: ${column}`), column);
    // Of something that nobody knows these words say nothing of an address.
    for (const column of [
      'Membership Level',
      'Market CAP',
      'Shared Mailbox',
      'Contatto Interno',
      'Sales Block',
    ])
      assert.deepEqual(await rolesIn(`id,Street,City,State,Zip,${column}`), [
        'externalId: id',
        'line1: Street',
        'city: City',
        'region: State',
        'postalCode: Zip',
      ]);
  });
});
