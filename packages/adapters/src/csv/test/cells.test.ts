import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCase, told } from './cases.ts';
import { csv } from './people.ts';

const header = 'id,email,first_name,last_name,address1,address2,city,state,zip,note';

/** One row, of which some cells are given. */
async function one(cells: Readonly<Record<string, string>>, options: object = {}) {
  const row: Record<string, string> = {
    id: '1',
    email: 'a@example.com',
    first_name: 'Ann',
    last_name: 'Ash',
    address1: '1 Elm St',
    address2: '',
    city: 'Boston',
    state: 'MA',
    zip: '02138',
    note: '',
    ...cells,
  };
  const record = header
    .split(',')
    .map((column) => `"${(row[column] ?? '').replaceAll('"', '""')}"`)
    .join(',');
  const read = await csv(`${header}\n${record}\n`, options);
  return { member: read.members[0], reject: read.rejects[0] };
}

async function readAs(column: string, value: string): Promise<unknown> {
  const { member, reject } = await one({ [column]: value });
  if (member === undefined) return `!${reject?.column} ${reject?.reason}`;
  const { address, ...person } = member;
  const cells: Readonly<Record<string, unknown>> = {
    id: person.externalId,
    first_name: person.firstName,
    last_name: person.lastName,
    address1: address?.line1,
    address2: address?.line2,
    city: address?.city,
    zip: address?.postalCode,
    note: member.merge['note'],
  };
  const notes = (member.notes ?? []).map((note) => `${note.column} ${note.reason}`);
  return [cells[column], ...notes];
}

describe('The cells of a row', () => {
  it('have no words of machines, and what counts as blank is told', async () => {
    const read = await readCase('c03-null.csv');
    assert.deepEqual(told(read), [
      '2 member 1 Joe "Big" Ash',
      '3 member 2 Ben Bay',
      '4 member 3',
      '5 member 4',
      '6 member 5 Eve Eck',
      '7 member 6 Fay Fox',
      '8 address1 incomplete_address',
      '9 last_name machine_word',
    ]);
    assert.deepEqual(
      read.members.map(({ address }) => [address?.line1, address?.line2]),
      [
        ['1 Elm St', null],
        ['2 Elm St', null],
        ['3 Elm St', null],
        ['4 Elm St', null],
        [undefined, undefined],
        ['6 Elm St', null],
      ],
    );
    assert.match(
      read.rejects[0]?.message ?? '',
      /^Column "address1" is blank, but .* Column "address1" holds "undefined", a word of a machine/,
    );
    assert.deepEqual(read.members[1]?.notes, [
      {
        column: 'address2',
        reason: 'machine_word',
        message: 'Column "address2" holds "NULL", a word of a machine, and counts as blank.',
      },
    ]);
  });

  it('are names of people and towns where machines write it otherwise', async () => {
    for (const [column, value] of [
      ['last_name', 'Null'],
      ['first_name', 'Nan'],
      ['first_name', 'Na'],
      ['first_name', 'Nil'],
      ['city', 'None'],
      ['last_name', 'Undefined-Smith'],
      ['first_name', "#panic('x')"],
      ['first_name', "=cmd|' /C calc'!A0"],
      ['last_name', "'t Hooft"],
      ['last_name', "O'Brien"],
      ['city', "'s-Gravenhage"],
      ['first_name', 'Ann & Bo; Jo'],
      ['first_name', 'a < b > c'],
      ['last_name', 'CAFÉ’S'],
      ['address1', 'Rue de l’Église 4'],
      ['address1', '12 Elm St #4'],
      ['note', '{{ first_name }} &amp; NULL'],
      ['first_name', 'क्\u200dष'],
    ] as const)
      assert.deepEqual(await readAs(column, value), [value], value);
  });

  it('count as blank, each word in the columns in which it is one', async () => {
    for (const word of [
      'NULL',
      'null',
      '\\N',
      'N/A',
      'n/a',
      '#N/A',
      'undefined',
      'nan',
      'NaN',
      '-',
    ])
      for (const column of ['first_name', 'address2'])
        assert.deepEqual(await readAs(column, word), [null, `${column} machine_word`], word);
    assert.deepEqual(await readAs('address2', 'None'), [null, 'address2 machine_word']);
    assert.deepEqual(await readAs('address2', 'NA'), [null, 'address2 machine_word']);
    assert.equal(await readAs('id', 'NULL'), '!id missing_external_id');
    const nowhere = await one({ address1: 'None', city: 'None', state: 'None', zip: 'None' });
    assert.equal(nowhere.member?.address, null);
  });

  it('are refused where nobody knows what they should be', async () => {
    for (const word of [
      '{{ first_name }}',
      'Dear {{contact.FIRSTNAME}}',
      '*|FNAME|*',
      '%%First Name%%',
      '${first}',
      '<%= name %>',
      '[FNAME]',
      '{firstName}',
      '#REF!',
      '#VALUE!',
      '#NAME?',
      '########',
      '[object Object]',
      '<script>x</script>',
    ])
      for (const column of ['first_name', 'address1'])
        assert.equal(await readAs(column, word), `!${column} machine_word`, word);
    for (const word of ['Jos?', 'M?ller', '????', 'é JosÃ©'])
      assert.equal(await readAs('first_name', word), '!first_name lost_letters', word);
    assert.equal(await readAs('address1', 'Hauptstra?e 5'), '!address1 lost_letters');
  });

  it('with a letter of another script among Latin ones are told, and stand', async () => {
    const { members } = await csv(
      [
        header,
        'c1,ann@example.com,Ann,Lee,12 M\u0430in Street,,Springfield,IL,62701,Rye',
        'c2,bob@example.com,Боб,Lee,ул. Ленина 5,,Springfield,IL,62701,Rye',
      ].join('\n'),
    );
    assert.deepEqual(
      members.map(({ address, notes = [] }) => [
        address?.line1,
        ...notes.map(({ column, reason }) => `${column} ${reason}`),
      ]),
      [['12 M\u0430in Street', 'address1 look_alike_letters'], ['ул. Ленина 5']],
    );
  });

  it('are mended where there is one right value, and what is said of them shows both', async () => {
    assert.deepEqual(told(await readCase('c08-entities.csv')), [
      "2 member 1 Ann O'Brien",
      '3 member 2 Ben & Jo Bay',
      '4 member 3 José Müller',
      '5 first_name machine_word',
      '6 first_name machine_word',
      '7 first_name lost_letters',
      '8 member 7 Gil Gee',
    ]);
    assert.deepEqual(told(await readCase('c09-zerowidth.csv')).slice(0, 3), [
      '2 member 1 Ann Ash',
      '3 member 2 Ben Bay',
      '4 member 3 Cathy Cox',
    ]);
    for (const [value, meant] of [
      ['O&amp;#39;Brien', "O'Brien"],
      ['JosÃƒÂ©', 'José'],
      ['Jos√©', 'José'],
      ['Dâ€™Angelo', 'D’Angelo'],
      ['Ð˜Ð²Ð°Ð½', 'Иван'],
      ['Jos\\u00e9', 'José'],
      ["O\\'Brien", "O'Brien"],
      ['A\u200Bnn', 'Ann'],
      ['\u202AEve\u202C', 'Eve'],
      ['<span class="x">Gil</span>', 'Gil'],
    ] as const)
      assert.deepEqual(await readAs('first_name', value), [meant, 'first_name mended'], value);
    const { member } = await one({ first_name: 'A\u200Bnn' });
    assert.equal(
      member?.notes?.[0]?.message,
      'Column "first_name" was "A\\u200bnn" and is read as "Ann".',
    );
    assert.deepEqual(await readAs('first_name', 'An\u00A0n'), ['An n'], 'a blank is a blank');
  });

  it('are taken as they stand where the campaign says so, wrappers excepted', async () => {
    const keep = { machineWords: 'keep' };
    const { member } = await one(
      { first_name: '{{ x }}', last_name: 'NULL', address2: 'Jos? &amp; JosÃ©', zip: "'02138" },
      keep,
    );
    assert.deepEqual(
      [member?.firstName, member?.lastName, member?.address?.line2, member?.address?.postalCode],
      ['{{ x }}', 'NULL', 'Jos? &amp; JosÃ©', '02138'],
    );
  });

  it('have no wrappers of spreadsheets', async () => {
    const read = await readCase('c07-zip.csv');
    assert.deepEqual(
      read.members.slice(0, 9).map(({ address }) => address?.postalCode),
      ['02138', '78701', '02140', '02141', '02143', '02144', '02145-1234', '02145-1234', '02138'],
    );
    assert.equal(read.rejects[0]?.row, 6, '7.87E+04 has lost a digit');
    const notes = read.members.flatMap((member) => member.notes ?? []);
    assert.equal(notes.filter(({ reason }) => reason === 'unwrapped').length, 7);
    for (const [column, value, meant] of [
      ['id', "'6001", '6001'],
      ['id', '6001.0', '6001'],
      ['id', '7.000000000001E+12', '7000000000001'],
      ['id', '="007"', '007'],
      ['zip', '7.8701E+04', '78701'],
      ['first_name', '“Ann”', 'Ann'],
      ['address1', "'12 Elm St", '12 Elm St'],
      ['note', '="007"', '007'],
    ] as const)
      assert.deepEqual(await readAs(column, value), [meant, `${column} unwrapped`], value);
    for (const [column, value] of [
      ['id', '1.00'],
      ['note', "'90s"],
      ['first_name', '="A"&"B"'],
    ] as const)
      assert.deepEqual(await readAs(column, value), [value], value);
  });

  it('of a street that have two lines are line 1 and line 2', async () => {
    const { members } = await readCase('e11-nl-in-address.csv');
    assert.deepEqual(
      [members[0]?.address?.line1, members[0]?.address?.line2],
      ['1 Elm St', 'Apt 4'],
    );
    assert.equal(members[0]?.notes?.[0]?.reason, 'two_lines');
    for (const [line1, line2] of [
      ['1 Elm St\nApt 4', 'Floor 2'],
      ['Ash Ltd\n1 Elm St\nApt 4', ''],
      ['1 Elm St', 'Apt 4\nFloor 2'],
    ] as const) {
      const { reject } = await one({ address1: line1, address2: line2 });
      assert.equal(reject?.reason, 'control_character', line1);
    }
    const { member } = await one({ address1: '1 Elm St<br>Apt 4' });
    assert.deepEqual([member?.address?.line1, member?.address?.line2], ['1 Elm St', 'Apt 4']);
  });

  it('of merge data decide about nobody: what cannot be stored is left out and told', async () => {
    const cells = await readCase('v03-cells.csv');
    assert.deepEqual(told(cells), ['2 member 1 Ann', '4 member 2 Ben', '5 member 3 Cat']);
    assert.deepEqual(
      cells.members.map(({ merge, notes }) => [merge, notes?.[0]?.reason]),
      [
        [{ tags: 'x' }, 'two_lines'],
        [{}, 'left_out'],
        [{ tags: 'y' }, undefined],
      ],
    );
    assert.deepEqual(told(await readCase('c11-badnote.csv')), ['2 member 1 Ann Ash']);
    const long = await readCase('c10-longnote.csv');
    assert.deepEqual(told(long), ['2 member 1 Ann Ash', '3 member 2 Ben Bay']);
    assert.ok((long.members[0]?.merge['note']?.length ?? 0) > 200, 'a long text is a text');
    for (const note of ['x'.repeat(1001), 'a\0b']) {
      const { member } = await one({ note });
      assert.deepEqual([member?.merge, member?.notes?.[0]?.reason], [{}, 'left_out']);
      assert.match(member?.notes?.[0]?.message ?? '', /"note" .*\. The cell was left out\.$/);
    }
  });
});
