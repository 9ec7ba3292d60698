/** The checks of doctor: each can be asked for by itself, and none is asked that does not exist. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused, sharedMachine } from './rig.ts';

const rig = sharedMachine();
const checks = async (...only: (string | null)[]): Promise<string[]> =>
  (await rig.sql<{ name: string }[]>`select check_name as name from postrider.doctor(variadic ${only}::text[])`).map((row) => row.name);

void test('every check has its function, every function is a check, and each answers alone what it answers among all', async () => {
  const { sql } = rig;
  await sql`insert into postrider.beat (name, every, last_at) values ('house', '1 minute', clock_timestamp())`;
  const functions = await sql<{ name: string }[]>`
    select replace(substr(proname, 8), '_', ' ') as name from pg_proc
    where pronamespace = 'postrider'::regnamespace and proname like 'doctor\\_%'`;
  const all = await checks();
  const alone = new Map<string, string[]>();
  for (const { name } of functions) alone.set(name, await checks(name));
  assert.deepEqual([...alone.values()].flat().toSorted(), all.toSorted());
  assert.deepEqual(alone.get('beats'), ['beat house']);
  assert.deepEqual(await checks('webhooks', 'runners', 'webhooks'), ['runners', 'webhooks']);
});

void test('a check that does not exist is refused with those that do', async () => {
  for (const only of [['horoscope'], ['runners', ''], [null], ['beat house']])
    await refused('PR020', checks(...only), /doctor has no check/);
});
