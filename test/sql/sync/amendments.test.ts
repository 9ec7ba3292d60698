/** What an operator has amended, and what the source says afterwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { amend, erase } from '@postrider/core';
import { syncPeople, type Person, type Place } from '../../support/machine.ts';
import { emailOnly, one, place, reasonsOf, resident, sharedMachine } from '../rig.ts';

const rig = sharedMachine();

async function content(sql: postgres.Sql, at: Place, who = 'Ada'): Promise<postgres.Row> {
  const [row] = await sql`
    select first_name, last_name, line1, line2, city, merge
    from postrider.recipients
    where organization_id = ${at.organizationId}
      and external_id = ${who}`;
  return row ?? assert.fail('nobody');
}

/** One person, amended in these fields. */
async function amended(
  sql: postgres.Sql,
  row: Partial<Person>,
  fields: Parameters<typeof amend>[2],
): Promise<Place> {
  const at = await place(sql, { campaign_mode: 'automated' });
  await syncPeople(sql, at, [resident('Ada', row)]);
  await amend(sql, (await one(sql, at)).id, fields);
  return at;
}

void test('the row as it was takes nothing back, however often it comes', async () => {
  const { sql } = rig;
  const row = { merge: { offer: 'A', code: 'x' } };
  const at = await amended(sql, row, {
    lastName: 'King',
    line2: 'Apt 4',
    merge: { offer: 'B', code: null, more: 'm' },
  });
  const before = await content(sql, at);
  const stood = await one(sql, at);
  for (let n = 0; n < 2; n += 1) {
    const report = await syncPeople(sql, at, [resident('Ada', row)]);
    assert.deepEqual([report['changed'], report['unchanged'], report['noted']], [0, 1, {}]);
  }
  assert.deepEqual(await content(sql, at), before);
  assert.deepEqual([before['line2'], before['merge']], ['Apt 4', { offer: 'B', more: 'm' }]);
  assert.deepEqual(await one(sql, at), stood);
});

void test('what was not amended follows the row all the same', async () => {
  const { sql } = rig;
  const at = await amended(sql, { merge: { offer: 'A', code: 'x' } }, { merge: { offer: 'B' } });
  const report = await syncPeople(sql, at, [
    resident('Ada', { line1: '5 Elm Street', firstName: 'Eve', merge: { offer: 'A', code: 'y' } }),
  ]);
  assert.deepEqual([report['changed'], report['noted']], [1, {}]);
  const now = await content(sql, at);
  assert.deepEqual(
    [now['first_name'], now['line1'], now['merge']],
    ['Eve', '5 Elm Street', { offer: 'B', code: 'y' }],
  );
});

void test('a row that was corrected since wins, whole, and it is told by row', async () => {
  const { sql } = rig;
  const at = await amended(
    sql,
    { merge: { offer: 'A' } },
    {
      line2: 'Apt 4',
      lastName: 'King',
      merge: { offer: 'B' },
    },
  );
  const report = await syncPeople(sql, at, [
    resident('Ada', { line1: '5 Elm Street', lastName: 'Lovelace', merge: { offer: 'C' } }, 7),
  ]);
  assert.deepEqual([report['changed'], report['noted']], [1, { amendment_replaced: 3 }]);
  const now = await content(sql, at);
  // The old flat does not go with the new street.
  assert.deepEqual(
    [now['line1'], now['line2'], now['last_name'], now['merge']],
    ['5 Elm Street', null, 'Lovelace', { offer: 'C' }],
  );
  const notes = await sql`
    select source_row::int as row, source_column as column, external_id, message
    from postrider.sync_notes
    where organization_id = ${at.organizationId}
    order by source_column`;
  assert.deepEqual(
    notes.map((note) => [note['row'], note['column'], note['external_id']]),
    [
      [7, 'address', 'Ada'],
      [7, 'name', 'Ada'],
      [7, 'offer', 'Ada'],
    ],
  );
  assert.match(String(notes[0]?.['message']), /the row stands/);
  // It is told once: the amendment is over.
  const again = await syncPeople(sql, at, [
    resident('Ada', { line1: '6 Elm Street', lastName: 'Lovelace', merge: { offer: 'C' } }, 7),
  ]);
  assert.deepEqual([again['changed'], again['noted']], [1, {}]);
});

void test('a row that was corrected in the same way is no news', async () => {
  const { sql } = rig;
  const at = await amended(sql, {}, { line2: 'Apt 4', lastName: 'King' });
  const corrected = resident('Ada', { line2: 'Apt 4', lastName: 'King' });
  const report = await syncPeople(sql, at, [corrected]);
  assert.deepEqual(report['noted'], {});
  assert.equal((await syncPeople(sql, at, [corrected]))['unchanged'], 1);
  // From now on the list has it, and may change it.
  await syncPeople(sql, at, [resident('Ada')]);
  assert.equal((await content(sql, at))['line2'], null);
});

void test('what the row said first is what counts after a second amendment', async () => {
  const { sql } = rig;
  const at = await amended(sql, {}, { line2: 'Apt 4' });
  await amend(sql, (await one(sql, at)).id, { line2: 'Apt 5', city: 'Piedmont' });
  assert.equal((await syncPeople(sql, at, [resident('Ada')]))['unchanged'], 1);
  const now = await content(sql, at);
  assert.deepEqual([now['line2'], now['city']], ['Apt 5', 'Piedmont']);
});

void test('an address that the source did not know holds until the source knows one', async () => {
  const { sql } = rig;
  const at = await place(sql, { campaign_mode: 'automated' });
  await syncPeople(sql, at, [emailOnly('Ada')]);
  const told = await amend(sql, (await one(sql, at)).id, {
    line1: '1 Elm St',
    city: 'Oakland',
    region: 'CA',
    postalCode: '94607',
    country: 'US',
  });
  assert.deepEqual([told.was, told.state], ['address_enrichable', 'pending']);
  assert.equal((await syncPeople(sql, at, [emailOnly('Ada')]))['unchanged'], 1);
  const report = await syncPeople(sql, at, [
    resident('Ada', { ...emailOnly('Ada'), line1: '2 Elm St' }),
  ]);
  assert.deepEqual(report['noted'], { amendment_replaced: 1 });
  assert.equal((await content(sql, at))['line1'], '2 Elm St');
});

void test('who was amended back from a bad address stays back', async () => {
  const { sql } = rig;
  const at = await place(sql, { campaign_mode: 'automated' });
  const bad = resident('Ada', { region: 'ZZ' });
  await syncPeople(sql, at, [bad, resident('Bob', {}, 2)]);
  await amend(sql, (await one(sql, at, 'Ada')).id, { region: 'CA' });
  await syncPeople(sql, at, [bad, resident('Bob', { lastName: 'Bee' }, 2)]);
  assert.deepEqual(await reasonsOf(sql, at), { Ada: 'pending (amended)', Bob: 'pending (new)' });
});

void test('nothing of what the source said is left after an erasure', async () => {
  const { sql } = rig;
  const at = await amended(sql, {}, { line1: '77 New Road' });
  const { id } = await one(sql, at);
  assert.match(
    JSON.stringify(await rig.admin`select amended from postrider.recipient where id = ${id}`),
    /1 Ada Street/,
  );
  await erase(sql, id);
  const [row] = await rig.admin`select amended from postrider.recipient where id = ${id}`;
  assert.equal(row?.['amended'], null);
});
