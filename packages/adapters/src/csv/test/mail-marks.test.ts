/** People of whom a name, a street or a tag says that they are not to be mailed. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { csv } from './people.ts';

const columns = [
  'id',
  'first_name',
  'last_name',
  'company',
  'address1',
  'address2',
  'notes',
  'tags',
];
const plain = { id: '1', first_name: 'Ann', last_name: 'Lee', address1: '12 Elm St' };

async function because(cells: Readonly<Record<string, string>>, options: object = {}) {
  const header = [...new Set([...columns, ...Object.keys(cells)])];
  const row = header.map((name) => {
    const cell = cells[name] ?? (plain as Record<string, string>)[name] ?? '';
    return `"${cell.replaceAll('"', '""')}"`;
  });
  const { members, rejects } = await csv(
    `${header.join(',')},city,state,zip\n${row.join(',')},Boston,MA,02138\n`,
    options,
  );
  assert.deepEqual(rejects, []);
  assert.equal(
    members[0]?.doNotMail,
    members[0]?.doNotMailBecause === undefined ? undefined : true,
  );
  return members[0]?.doNotMailBecause ?? null;
}

void it('a mark in a name or a street keeps its person out', async () => {
  for (const [column, cell, mark] of [
    ['last_name', 'Lee - DO NOT MAIL', 'DO NOT MAIL'],
    ['last_name', 'Lee (DNM)', 'DNM'],
    ['last_name', 'Lee (deceased)', 'deceased'],
    ['last_name', "Lee (dec'd)", "dec'd"],
    ['last_name', 'Lee †', '†'],
    ['first_name', 'DECEASED', 'DECEASED'],
    ['first_name', 'Ann (verstorben)', 'verstorben'],
    ['first_name', 'The Estate of Ann', 'The Estate of'],
    ['first_name', 'Est. of Ann', 'Est. of'],
    ['last_name', 'do-not-contact', 'do-not-contact'],
    ['last_name', "Lee - don't mail!", "don't mail"],
    ['address1', 'DO NOT MAIL', 'DO NOT MAIL'],
    ['address2', 'no mail', 'no mail'],
    ['address2', '*** DO NOT SEND ***', 'DO NOT SEND'],
    ['address2', 'Opted out', 'Opted out'],
  ] as const)
    assert.equal(await because({ [column]: cell }), `"${column}" says "${mark}"`, cell);
});

void it('so does a tag or a note', async () => {
  for (const [column, cell, mark] of [
    ['tags', 'vip, do-not-mail', 'do not mail'],
    ['tags', 'DNM', 'DNM'],
    ['tags', 'newsletter;deceased', 'deceased'],
    ['Status', 'Deceased', 'Deceased'],
    ['notes', 'asked on 3 March: please do not mail', 'do not mail'],
    ['company', 'DO NOT MAIL', 'DO NOT MAIL'],
    ['Custom 7', 'Do Not Mail!', 'Do Not Mail'],
  ] as const)
    assert.equal(await because({ [column]: cell }), `"${column}" says "${mark}"`, cell);
});

void it('a name, a street or a note that only looks so keeps nobody out', async () => {
  for (const [column, cell] of [
    ['last_name', 'Dec'],
    ['last_name', 'Mailer'],
    ['last_name', 'Nomail'],
    ['first_name', 'Esther'],
    ['address1', '12 Estate Thomas'],
    ['address1', '12 Estate of Mind Rd'],
    ['address2', 'c/o Dunmore Mail'],
    ['company', 'Late Bloomers'],
    ['notes', 'her husband is deceased'],
    ['notes', 'Do not call before ten'],
    ['Email Status', 'do not contact'],
    ['Spouse', 'deceased'],
    ['tags', 'mail, not deceased yet'],
  ] as const)
    assert.equal(await because({ [column]: cell }), null, cell);
});

void it('is told by row, and is none where the campaign says so', async () => {
  const list =
    'id,name,street,city,state,zip,tags\n1,Ann Lee (deceased),12 Elm St,Boston,MA,02138,dnm\n';
  const { members } = await csv(list);
  assert.deepEqual(members[0]?.notes, [
    {
      column: 'name',
      reason: 'do_not_mail_mark',
      message: 'Column "name" says "deceased": the person counts as one who is not to be mailed.',
    },
    {
      column: 'tags',
      reason: 'do_not_mail_mark',
      message: 'Column "tags" says "dnm": the person counts as one who is not to be mailed.',
    },
  ]);
  const ignored = await csv(list, { ignore: ['tags'] });
  assert.equal(ignored.members[0]?.doNotMailBecause, '"name" says "deceased"');
  const off = await csv(list, { columns: { doNotMail: null } });
  assert.equal(off.members[0]?.doNotMail, undefined);
});

void it('a name with a note of another kind in it is not printed', async () => {
  const row = (name: string) =>
    csv(`id,name,street,city,state,zip\n1,${name},12 Elm St,Boston,MA,02138\n`);
  for (const name of ['Ann Lee (do not call)', 'Ann Lee DO NOT PHONE', 'Ann Lee - do not email']) {
    const { rejects } = await row(name);
    assert.deepEqual(
      rejects.map(({ column, reason }) => [column, reason]),
      [['name', 'machine_word']],
      name,
    );
  }
});
