/** What people and forms write where they have nothing. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { csv, good, header } from './people.ts';

async function read(lastName: string, line1: string, city = 'Boston'): Promise<string> {
  const { members, rejects } = await csv(
    `id,email,first_name,last_name,address1,city,state,zip\n` +
      `1,a@example.com,Ann,"${lastName}","${line1}","${city}",MA,02138\n`,
  );
  const [member] = members;
  if (member === undefined) return rejects.map(({ reason }) => reason).join();
  return [member.lastName, member.address?.line1].join(' / ');
}

it('a placeholder is no name and no street, and a name that is a word stays', async () => {
  for (const word of ['[First Name]', '[last_name]'])
    assert.equal(await read(word, '1 Elm St'), 'machine_word', word);
  for (const word of ['(blank)', '(empty)', '(none)', '(not set)', '[blank]'])
    assert.equal(await read(word, '1 Elm St'), ' / 1 Elm St', word);
  for (const word of ['unknown', 'UNKNOWN', 'TBD', 'tbd', 'To be determined', 'Not provided'])
    assert.equal(await read('Ash', word), 'incomplete_address', word);
  assert.equal(await read('Unknown', 'Unknown Rd 4'), 'Unknown / Unknown Rd 4');
  assert.equal(await read('[Ash]', '[rear] 1 Elm St'), '[Ash] / [rear] 1 Elm St');
});

it('words that programs put together are none of a name or a street', async () => {
  for (const word of ['NOT APPLICABLE', 'n.a.', 'N\\A', '\\\\N', 'null null', 'NULL, NULL'])
    assert.equal(await read(word, '1 Elm St'), ' / 1 Elm St', word);
  assert.equal(await read('undefined Ash', '1 Elm St null'), 'Ash / 1 Elm St');
  assert.equal(await read('Null', '1 Null St'), 'Null / 1 Null St');
  for (const word of ['{first_name|friend}', '%fname%', '$FirstName', 'first_name', 'LNAME'])
    assert.equal(await read(word, '1 Elm St'), 'machine_word', word);
  for (const word of ['=CONCAT(A2)', 'ann@example.com', 'www.example.com', '(617) 555-0123'])
    assert.equal(await read('Ash', word), 'machine_word', word);
  for (const word of ['Same as billing', 'No address', 'Address unknown'])
    assert.equal(await read('Ash', word), 'incomplete_address', word);
});

it('a town and a street hold no second copy of state and postal code', async () => {
  const { members } = await csv(
    `id,email,address1,city,state,zip\n` +
      '1,,"1 Elm St, Boston, MA 02138",Boston,MA,02138\n' +
      '2,,2 Boston Rd,"Boston, MA",MA,02138\n' +
      '3,,3 Elm St Boston,Boston,MA,02138\n',
  );
  assert.deepEqual(
    members.map(({ address, notes }) => [address?.line1, address?.city, notes?.[0]?.reason]),
    [
      ['1 Elm St', 'Boston', 'mended'],
      ['2 Boston Rd', 'Boston', 'mended'],
      ['3 Elm St Boston', 'Boston', undefined],
    ],
  );
});

it('zeros that a spreadsheet took off a postal code are given back, and told', async () => {
  const { members } = await csv(
    `id,address1,city,state,zip,country\n` +
      '1,1 Elm St,Boston,MA,2138,US\n2,Hauptstr. 5,Dresden,,1067,DE\n3,C/ Mayor 5,Madrid,,28001,ES\n',
  );
  assert.deepEqual(
    members.map(({ address, notes = [] }) => [
      address?.postalCode,
      ...notes.map(({ reason, column }) => `${reason} ${column}`),
    ]),
    [['02138', 'mended zip'], ['01067', 'mended zip'], ['28001']],
  );
});

it('a line of the street that is the town once more is left out, and told', async () => {
  const { members, rejects } = await csv(
    `id,address1,address2,city,state,zip,country\n` +
      '1,"1 Elm St\nBoston, MA 02138",,Boston,MA,02138,US\n' +
      '2,"2 Elm St\nApt 4\nBoston, MA 02138-1234",,Boston,MA,02138-1234,US\n' +
      '3,Hauptstr. 5,10115 Berlin,Berlin,,10115,DE\n' +
      '4,"4 Elm St\nBoston, MA 02138",Apt 4,Boston,MA,02138,US\n' +
      '5,5 Elm St,Boston Building,Boston,MA,02138,US\n',
  );
  assert.deepEqual(rejects, []);
  assert.deepEqual(
    members.map(({ address, notes = [] }) => [
      address?.line1,
      address?.line2,
      ...notes.map(({ reason }) => reason),
    ]),
    [
      ['1 Elm St', null, 'mended'],
      ['2 Elm St', 'Apt 4', 'mended', 'two_lines'],
      ['Hauptstr. 5', null, 'mended'],
      ['4 Elm St', 'Apt 4', 'mended'],
      ['5 Elm St', 'Boston Building'],
    ],
  );
});

void it('an entity is mended without its semicolon, and a sign alone counts as blank', async () => {
  const row = good.replace('Ann,Lee', 'Jos&eacute,M&uumlller').replace('Apt 4', '*');
  const { members, rejects } = await csv(`${header}\n${row}\nc2${row.slice(2).replace('*', '#')}`);
  assert.deepEqual(rejects, []);
  for (const { firstName, lastName, address } of members)
    assert.deepEqual([firstName, lastName, address?.line2], ['José', 'Müller', null]);
  for (const name of ['AT&T', 'R&D', 'Smith&Amper', 'Lee & Ampleforth']) {
    const kept = await csv(`${header}\n${good.replace('Lee', name)}`);
    assert.equal(kept.members[0]?.lastName, name);
  }
});

void it('an error of a spreadsheet is nobody’s id, and then nobody has left', async () => {
  for (const id of ['#REF!', '#####', '=A2', '#VALUE!']) {
    const { members, rejects, incomplete } = await csv(`${header}\n${good.replace('c1', id)}`);
    assert.deepEqual([members, rejects[0]?.column, rejects[0]?.reason], [[], 'id', 'machine_word']);
    assert.match(incomplete ?? '', /^Column "id" .*nobody was taken as having left$/);
  }
  const kept = await csv(`${header}\n${good.replace('c1', '#7')}`);
  assert.equal(kept.members[0]?.externalId, '#7');
});
