/**
 * Addresses that change at the source: one goes bad, and a corrected one brings the person back.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { people, syncPeople } from '../../support/machine.ts';
import {
  answered,
  mailBegun,
  one,
  place,
  proofAll,
  reasonsOf,
  sending,
  settleAll,
  sharedMachine,
} from '../rig.ts';
import { at, faults } from '../rig/addresses.ts';

const rig = sharedMachine();

void test('who was skipped for a bad address comes back when the state alone is corrected, and once', async () => {
  const { sql } = rig;
  const where = await place(sql);
  await syncPeople(sql, where, [at({ region: 'ZZ' })]);
  const still = await syncPeople(sql, where, [at({ region: 'ZZ' })]);
  assert.equal(still['unchanged'], 1);
  await syncPeople(sql, where, [at({ region: 'YY' })]);
  const worse = await one(sql, where, 'p0');
  assert.equal(worse.state, 'skipped');
  assert.equal(worse.detail, 'region: YY is no state of US');
  await syncPeople(sql, where, [at({ region: 'California' })]);
  assert.deepEqual(await reasonsOf(sql, where), { p0: 'pending (address_came)' });
  const back = await one(sql, where, 'p0');
  await syncPeople(sql, where, [at({ region: 'CA' })]);
  assert.equal((await one(sql, where, 'p0')).moveNo, back.moveNo);
});

void test('why tells the field and the value, and that a corrected address helps', async () => {
  const { sql } = rig;
  const where = await place(sql);
  await syncPeople(sql, where, [at({ region: 'ZZ' })]);
  const { id } = await one(sql, where, 'p0');
  const rows = await sql`select * from postrider.why(${id})`;
  const text = JSON.stringify(rows);
  assert.match(text, /cannot be mailed/);
  assert.match(text, /ZZ is no state of US/);
  assert.match(text, /comes back by itself when the address is another one/);
});

void test('who waits and whose address goes bad at the source is skipped before anything is rendered', async () => {
  const { sql } = rig;
  const where = await place(sql);
  await syncPeople(sql, where, [at({})]);
  // The household's key stays.
  await syncPeople(sql, where, [at({ region: 'TX' })]);
  assert.deepEqual(await faults(sql, where), {
    p0: 'skipped: postal_code: 94607 is not in Texas',
  });
  assert.equal((await proofAll(sql, where)) ?? null, null);
});

void test('who was rejected by the printer for the address comes back when it changes, with a new card', async () => {
  const { sql } = rig;
  const where = await place(sql);
  const batch = await sending(sql, where, 1);
  await settleAll(sql, where, batch, (piece) =>
    answered(piece, 'rejected', { badAddress: true, message: 'no such street' }),
  );
  assert.deepEqual(await reasonsOf(sql, where), { p0: 'skipped (bad_address)' });
  await syncPeople(sql, where, people(1));
  assert.deepEqual(await reasonsOf(sql, where), { p0: 'skipped (bad_address)' });
  await syncPeople(
    sql,
    where,
    people(1).map((person) => ({ ...person, city: 'Piedmont' })),
  );
  assert.deepEqual(await reasonsOf(sql, where), { p0: 'pending (address_came)' });
  assert.equal((await one(sql, where, 'p0')).attempt, 0);
  await proofAll(sql, where);
  assert.equal((await mailBegun(sql, where)).pieces.length, 1);
});

void test('two sessions that correct an address at once bring the person back once', async () => {
  const { sql } = rig;
  const places = await Promise.all([place(sql), place(sql)]);
  for (const where of places) await syncPeople(sql, where, [at({ region: 'ZZ' })]);
  const sessions = Array.from({ length: 4 }, () => rig.machine.connect(1));
  await Promise.all(
    sessions.flatMap((session) =>
      places.map(async (where) => {
        // Another session may be at it: its sync is refused, and tried again.
        for (let tries = 0; tries < 50; tries += 1) {
          try {
            await syncPeople(session, where, [at({ region: 'CA' })]);
            return;
          } catch (error) {
            if (!/sync/.test(String(error))) throw error;
          }
        }
      }),
    ),
  );
  for (const where of places) {
    const person = await one(sql, where, 'p0');
    assert.deepEqual([person.state, person.moveNo], ['pending', 2]);
  }
});
