import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken, freshMachine, launched, people, states, syncPeople } from '../support/machine.ts';

void test('people come with the segment, and a second run changes nothing', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const place = await launched(sql);
  const report = await syncPeople(sql, place, people(10));
  assert.equal(report['created'], 10);
  const again = await syncPeople(sql, place, people(10));
  assert.equal(again['unchanged'], 10);
  assert.deepEqual(await states(sql), { pending: 10 });
  assert.deepEqual(await broken(sql), []);
});
