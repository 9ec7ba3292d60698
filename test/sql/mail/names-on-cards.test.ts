/** A name that is longer than the printer prints is shortened by a rule that is shown before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchPreview } from '@postrider/core';
import { people } from '../../support/machine.ts';
import { place, proofed, refused, sending, sharedMachine } from '../rig.ts';

const rig = sharedMachine();

for (const [first, last, longest, printed] of [
  ['Ada', 'Byron', null, 'Ada Byron'],
  ['Ada', 'Byron', 9, 'Ada Byron'],
  ['Ada', 'Byron', 8, 'A. Byron'],
  ['Ada', 'Byron', 7, 'Byron'],
  ['Ada', 'Byron', 4, 'Ada'],
  ['Anna Maria Luise', 'von Habsburg', 20, 'Anna von Habsburg'],
  ['Anna Maria Luise', 'von Habsburg', 16, 'A. von Habsburg'],
  ['Anna Maria Luise', 'von Habsburg', 12, 'von Habsburg'],
  ['Anna Maria Luise', 'von Habsburg', 11, 'Anna Maria'],
  ['Wolfeschlegelsteinhausenbergerdorff', '', 10, 'Wolfeschle'],
  [null, 'Byron', 3, 'Byr'],
  ['Zoë', 'Núñez', 8, 'Z. Núñez'],
  [null, null, null, 'Current Resident'],
  [' ', '', 7, 'Current'],
] as const)
  void test(`${first} ${last} in ${longest} letters is "${printed}"`, async () => {
    const [row] = await rig.sql<{ name: string }[]>`
      select postrider.name_on_card(${first}, ${last}, ${longest}::int) as name`;
    assert.equal(row?.name, printed);
  });

const long = { firstName: 'Anna Maria Luise', lastName: 'von Habsburg-Lothringen' };

void test('the printer is sent the shortened name, and the preview of the launch shows it', async () => {
  const { sql } = rig;
  const [first, second, third] = people(3);
  assert.ok(first && second && third);
  const list = [{ ...first, ...long }, second, { ...third, firstName: 'X'.repeat(30) }];
  const at = await place(sql, { longest_name: 28 }, null);
  await proofed(sql, at, list);
  const { names } = await launchPreview(sql, at, { mode: 'test' });
  assert.deepEqual([names?.longest, names?.shortened], [28, 2]);
  assert.ok(
    names?.examples.some(
      ({ name, printed }) =>
        name === 'Anna Maria Luise von Habsburg-Lothringen' &&
        printed === 'Anna von Habsburg-Lothringen',
    ),
    JSON.stringify(names),
  );
  const mailed = await place(sql, { longest_name: 28 });
  const batch = await sending(sql, mailed, list);
  assert.deepEqual(
    batch.pieces.map(({ request }) => request.to.name).toSorted((a, b) => a.localeCompare(b)),
    ['Ada Byron p1', 'Anna von Habsburg-Lothringen', 'X. Byron p2'],
  );
});

void test('a printer that prints any name shortens none', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  const [first] = people(1);
  assert.ok(first);
  await proofed(sql, at, [{ ...first, firstName: 'X'.repeat(100) }]);
  assert.equal((await launchPreview(sql, at, { mode: 'test' })).names, null);
  await refused(
    '23514',
    sql`update postrider.campaign set longest_name = 0 where id = ${at.campaignId}`,
  );
});
