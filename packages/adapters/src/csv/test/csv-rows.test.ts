import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { csv, good, header, reasonsOf } from './people.ts';

describe('Rows of a CSV audience', () => {
  it('tells each bad row by line, column and reason, and nothing else', async () => {
    assert.deepEqual(
      await reasonsOf(
        good,
        ',a@example.com,,,,,,,,,',
        'c3,,,,,,,,,,',
        'c4,not an address,,,,,,,,,',
        'c5,,,,12 Main Street,,Springfield,IL,6270,US,',
        'c6,,,,12 Main Street,,,IL,62701,US,',
        'c7,,,,12 Main Street,,Springfield,,62701,US,',
        `c8,a@example.com,${'x'.repeat(201)},,,,,,,,`,
        'c9,a@example.com,"An\nn",,,,,,,,',
        'c10,a@example.com,A\0nn,,,,,,,,',
        'c11,a@example.com',
        'c12,a@example.com,,,,,,,,,,,one too many',
        'c13,,,,1 High St,,Leeds,,XX1 1XX1,GB,',
        'c14,,,,1 High St,,Leeds,,,Atlantis,',
        'c15,a@example.com,,,--,.,Springfield,IL,62701,US,',
      ),
      [
        '2 member',
        '3 id missing_external_id',
        '4 null no_email_no_address',
        '5 email bad_email',
        '6 zip bad_postal_code',
        '7 city incomplete_address',
        '8 state incomplete_address',
        '9 first_name too_long',
        '10 first_name control_character',
        '12 first_name nul_byte',
        '13 null wrong_number_of_fields',
        '14 null wrong_number_of_fields',
        '15 zip bad_postal_code',
        '16 country bad_country',
        '17 address1 incomplete_address',
      ],
    );
  });

  it('tells in a report the id of a bad row, unless no database would take it', async () => {
    const { rejects } = await csv(
      [header, 'c\0 1,a@example.com,,,,,,,,,', 'c2,,,,,,,,,,', 'c3'].join('\n'),
    );
    assert.deepEqual(
      rejects.map(({ reason, externalId }) => [reason, externalId]),
      [
        ['nul_byte', null],
        ['no_email_no_address', 'c2'],
        ['wrong_number_of_fields', 'c3'],
      ],
    );
    assert.ok(rejects.every(({ message }) => !message.includes('\0')));
  });

  it('keeps a person with a good address and a bad e-mail, without e-mail', async () => {
    const { members, rejects } = await csv(
      `${header}\nc1,nobody(at)example,Ann,Lee,12 Main Street,,Springfield,IL,62701,US,\n`,
    );
    assert.deepEqual(rejects, []);
    assert.equal(members[0]?.email, null);
    assert.equal(members[0]?.address?.line1, '12 Main Street');
    assert.deepEqual(
      members[0]?.notes?.map(({ column, reason, message }) => [column, reason, message]),
      [
        [
          'email',
          'email_not_used',
          'Column "email" is not an e-mail address, and was left out: "nobody(at)example".',
        ],
      ],
    );
  });

  it('takes every address of an e-mail cell, and tells what in it is none', async () => {
    const rest = 'Ann,Lee,12 Main Street,,Springfield,IL,62701,US,';
    const { members } = await csv(
      [
        header,
        `c1,"ann@example.com; Ann.Work@example.com",${rest}`,
        `c2,"ann@example.com; at home",${rest}`,
        `c3,"ann@example.com\nann.work@example.com",${rest}`,
        `c4,Ann <ann@example.com>,${rest}`,
        '',
      ].join('\n'),
    );
    assert.deepEqual(
      members.map(({ email, otherEmails, notes }) => [
        email,
        otherEmails,
        notes?.map(({ reason, message }) => `${reason}: ${message}`),
      ]),
      [
        ['ann@example.com', ['Ann.Work@example.com'], undefined],
        [
          'ann@example.com',
          undefined,
          [
            'email_partly_read: Column "email" was read as ann@example.com; this in it is no address: "at home".',
          ],
        ],
        ['ann@example.com', ['ann.work@example.com'], undefined],
        ['ann@example.com', undefined, undefined],
      ],
    );
  });

  it('gives a ZIP its lost zeros back only where the state has such codes', async () => {
    const zip = async (state: string, code: string): Promise<string> => {
      const { members, rejects } = await csv(
        `${header}\nc1,,A,B,1 Main St,,Town,${state},${code},US,\n`,
      );
      return members[0]?.address?.postalCode ?? rejects[0]?.reason ?? '';
    };
    assert.equal(await zip('MA', '2138'), '02138');
    assert.equal(await zip('Massachusetts', '2138'), '02138');
    assert.equal(await zip('PR', '907'), '00907');
    assert.equal(await zip('NJ', '7030-1234'), '07030-1234');
    assert.equal(await zip('MA', '21381234'), '02138-1234');
    assert.equal(await zip('IL', '627011234'), '62701-1234');
    assert.equal(await zip('CA', '9021'), 'bad_postal_code');
    assert.equal(await zip('MA', '9021'), 'bad_postal_code');
    assert.equal(await zip('IL', '62701.5'), 'bad_postal_code');
    assert.equal(await zip('IL', '00000'), 'bad_postal_code');
  });

  it('knows British postcodes by their form', async () => {
    const of = async (code: string): Promise<string> => {
      const { members, rejects } = await csv(`${header}\nc1,,A,B,1 High St,,Leeds,,${code},GB,\n`);
      return members[0]?.address?.postalCode ?? rejects[0]?.reason ?? '';
    };
    for (const [code, expected] of [
      ['m11ae', 'M1 1AE'],
      ['B33 8TH', 'B33 8TH'],
      ['w1a0ax', 'W1A 0AX'],
      ['CR2 6XH', 'CR2 6XH'],
      ['DN55 1PT', 'DN55 1PT'],
      ['EC1A 1BB', 'EC1A 1BB'],
      ['GIR 0AA', 'GIR 0AA'],
      ['bfpo 57', 'BFPO 57'],
      ['EC1A 1BV', 'bad_postal_code'],
      ['E1', 'bad_postal_code'],
      ['', 'bad_postal_code'],
    ] as const) {
      assert.equal(await of(code), expected, code);
    }
  });

  it('composes accents and trims', async () => {
    const { members } = await csv(`${header}\n c1 , a@example.com ,Zoe\u0308 ,,,,,,,, \n`);
    assert.deepEqual(
      [members[0]?.externalId, members[0]?.email, members[0]?.firstName],
      ['c1', 'a@example.com', 'Zoë'],
    );
  });

  it('quotes at most 40 characters of a value and shows what cannot be seen', async () => {
    const { rejects } = await csv(
      `${header}\nc1,${'long'.repeat(30)},,,,,,,,,\nc2,a@example.com,\u202Egnp.exe,,,,,,,,\n`,
    );
    assert.match(rejects[0]?.message ?? '', /"(long){10}"…\.$/);
    assert.match(rejects[1]?.message ?? '', /\\u202e/);
  });
});
