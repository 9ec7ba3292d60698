/** Columns of a list that say whether mail may go to a person. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder, wiringAt } from '../../../test/helpers.ts';
import { readAll } from '../../../test/read.ts';
import { createNdjsonAudience } from '../../ndjson/audience.ts';
import { allowing, forbidding, ofOtherThings, unclear } from './mail-headings.ts';
import { csv, good, header, rolesIn } from './people.ts';

const plain = 'id,email,street,city,state,zip';
const ann = 'c1,ann@example.com,12 Main Street,Springfield,IL,62701';

/** By which words a row is kept from mail, with one more column. */
async function because(column: string, cell: string, options: object = {}) {
  const { members, rejects } = await csv(
    `${plain},"${column}"\n${ann},"${cell.replaceAll('"', '""')}"\n`,
    options,
  );
  assert.deepEqual(rejects, []);
  const [member] = members;
  assert.equal(member?.doNotMail, member?.doNotMailBecause === undefined ? undefined : true);
  return member?.doNotMailBecause ?? null;
}

describe('A column that says whether mail may go to a person', () => {
  it('is known by its heading, where yes forbids mail', async () => {
    for (const heading of forbidding) {
      assert.equal(await because(heading, 'yes'), `"${heading}" is "yes"`, heading);
      assert.equal(await because(heading, 'no'), null, heading);
      assert.equal(await because(heading, ''), null, heading);
    }
  });

  it('is known by its heading, where no forbids mail', async () => {
    for (const heading of allowing) {
      assert.equal(await because(heading, 'no'), `"${heading}" is "no"`, heading);
      assert.equal(await because(heading, 'yes'), null, heading);
      assert.equal(await because(heading, ''), null, heading);
    }
  });

  it('is not one that speaks of e-mail, phone or SMS, or of something else', async () => {
    for (const heading of ofOtherThings)
      for (const cell of ['yes', 'no']) assert.equal(await because(heading, cell), null, heading);
  });

  it('is told of, where nobody knows whether it speaks of post', async () => {
    for (const heading of unclear) {
      assert.equal(await because(heading, 'yes'), null, heading);
      const roles = await rolesIn(`${plain},${heading}`);
      assert.ok(
        roles.some((role) => role.startsWith(`${heading}: nobody is kept out by it`)),
        roles.join('; '),
      );
      const named = { columns: { doNotMail: heading } };
      assert.equal(await because(heading, 'yes', named), `"${heading}" is "yes"`, heading);
    }
  });

  it('says yes and no in the words of exports', async () => {
    for (const cell of [
      'yes',
      'Y',
      'TRUE',
      't',
      '1',
      '1.0',
      'x',
      ' Yes ',
      "'1",
      '="1"',
      'ja',
      'oui',
    ])
      assert.match((await because('Do Not Mail', cell)) ?? '', /^"Do Not Mail" is "/, cell);
    for (const cell of [
      'no',
      'N',
      'FALSE',
      'f',
      '0',
      '0.0',
      'nein',
      'NULL',
      'N/A',
      'NA',
      '0000-00-00',
    ])
      assert.equal(await because('Do Not Mail', cell), null, cell);
    for (const cell of ['opted in', 'granted', 'Subscribed', '1', 'given'])
      assert.equal(await because('Postal Consent', cell), null, cell);
    for (const cell of ['opted out', 'denied', 'withdrawn'])
      assert.equal(await because('Postal Consent', cell), `"Postal Consent" is "${cell}"`, cell);
  });

  it('keeps the person out where it says neither yes nor no, and is told by row', async () => {
    for (const [column, cell, words] of [
      ['Deceased', '2021-04-05', '"Deceased" is not "no"'],
      ['Do Not Mail', 'ask her daughter', '"Do Not Mail" is not "no"'],
      ['Accepts Mail', 'perhaps', '"Accepts Mail" is not "yes"'],
      ['Do Not Mail', '#REF!', '"Do Not Mail" is not "no"'],
    ] as const) {
      const { members } = await csv(`${plain},${column}\n${ann},${cell}\n`, {
        machineWords: 'keep',
      });
      assert.deepEqual(
        [members[0]?.doNotMail, members[0]?.doNotMailBecause, members[0]?.notes],
        [
          true,
          words,
          [
            {
              column,
              reason: 'do_not_mail_unclear',
              message:
                `Column "${column}" holds "${cell}", which is neither yes nor no: ` +
                'the person counts as one who is not to be mailed.',
            },
          ],
        ],
      );
    }
  });

  it('counts beside others: one that forbids is enough', async () => {
    const columns = 'Do Not Mail,Deceased,Accepts Mail';
    const read = async (cells: string) =>
      (await csv(`${plain},${columns}\n${ann},${cells}\n`)).members[0]?.doNotMailBecause ?? null;
    assert.equal(await read('no,no,yes'), null);
    assert.equal(await read('no,yes,yes'), '"Deceased" is "yes"');
    assert.equal(await read('1,,no'), '"Do Not Mail" is "1"; "Accepts Mail" is "no"');
  });

  it('is told as what it is, is no e-mail, and no merge data', async () => {
    assert.deepEqual(await rolesIn(`id,No Mail,email,Street,City,State,Zip,Accepts Mail`), [
      'externalId: id',
      'doNotMail: No Mail',
      'email: email',
      'line1: Street',
      'city: City',
      'region: State',
      'postalCode: Zip',
      'doNotMail: Accepts Mail',
    ]);
    const { members } = await csv(`${plain},Do Not Mail,Note\n${ann},no,x\n`);
    assert.deepEqual(members[0]?.merge, { Note: 'x' });
  });

  it('is merge data where it is ignored, or switched off', async () => {
    for (const options of [
      { ignore: ['Do Not Mail'] },
      { ignore: ['do not*'] },
      { columns: { doNotMail: null } },
    ]) {
      const { members } = await csv(`${plain},Do Not Mail\n${ann},yes\n`, options);
      assert.equal(members[0]?.doNotMail, undefined);
      assert.deepEqual(members[0]?.merge, { 'Do Not Mail': 'yes' });
    }
  });

  it('is another one where the campaign names it, beside those that are found', async () => {
    const options = { columns: { doNotMail: 'Sperre' } };
    const read = async (cells: string) =>
      (await csv(`${plain},Sperre,Deceased\n${ann},${cells}\n`, options)).members[0]
        ?.doNotMailBecause ?? null;
    assert.equal(await read('ja,no'), '"Sperre" is "ja"');
    assert.equal(await read('no,yes'), '"Deceased" is "yes"');
    assert.equal(await read('no,no'), null);
    await assert.rejects(
      csv(`${plain}\n${ann}\n`, options),
      /no column "Sperre" for doNotMail.*the columns are/,
    );
  });

  it('counts in a row of which something else cannot be used: the person is known by the id', async () => {
    const bad = [
      [good.replace('62701', '9'), 'bad_postal_code'],
      [good.replace('Springfield', ''), 'incomplete_address'],
      [good.replace('Ann', '{{ first_name }}'), 'machine_word'],
      ['c1,,Ann,Lee,,,,,,,', 'no_email_no_address'],
    ] as const;
    for (const [row, reason] of bad) {
      const { members, rejects } = await csv(`${header},Do Not Mail\n${row},yes\n`);
      assert.deepEqual(rejects, [], reason);
      const [member] = members;
      assert.deepEqual(
        [member?.externalId, member?.doNotMail, member?.address, member?.notes?.at(-1)?.reason],
        ['c1', true, null, reason],
      );
      const without = await csv(`${header},Do Not Mail\n${row},no\n`);
      assert.deepEqual(
        without.rejects.map((reject) => reject.reason),
        [reason],
      );
    }
    const nobody = await csv(`${header},Do Not Mail\n${good.replace('c1', '')},yes\n`);
    assert.deepEqual(
      nobody.rejects.map((reject) => reject.reason),
      ['missing_external_id'],
    );
  });

  it('is a key of an object in a file of JSON', async () => {
    const folder = await temporaryFolder();
    const rows = [
      { do_not_mail: true },
      { doNotMail: false },
      { privacy: { do_not_mail: 1 } },
      { is_deceased: '0' },
      { accepts_mail: false },
      { accepts_mail: null },
    ].map((said, n) => ({
      id: `c${n}`,
      email: `c${n}@example.com`,
      address1: `${n + 1} Main Street`,
      city: 'Springfield',
      state: 'IL',
      zip: '62701',
      ...said,
    }));
    await writeFile(
      join(folder, 'people.ndjson'),
      rows.map((row) => JSON.stringify(row)).join('\n'),
    );
    const source = createNdjsonAudience({ path: 'people.ndjson' }, wiringAt(folder));
    const { members } = await readAll(source);
    assert.deepEqual(
      members.map(({ doNotMailBecause }) => doNotMailBecause ?? null),
      [
        '"do_not_mail" is "true"',
        null,
        '"privacy.do_not_mail" is "1"',
        null,
        '"accepts_mail" is "false"',
        null,
      ],
    );
  });
});
