/**
 * A cancel of a whole campaign: each call looks at the people whom it cancels, and at no others.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancelPeople } from '@postrider/core';
import { freshMachine, launched } from '../../support/machine.ts';
import { fill, greedy, watched } from './many-people.ts';

const TOGETHER = 100;
/** Rows of a big table that are looked at for them. */
const MOST = 600;

void test('a cancel that goes on in the midst of a campaign looks at its own people alone', async () => {
  await using machine = await freshMachine();
  const at = await launched(machine.sql);
  await using session = await watched(machine.database.adminUrl);
  const { sql } = session;
  for (const table of ['recipient', 'recipient_state', 'mailpiece'])
    await sql`alter table postrider.${sql(table)} set (autovacuum_enabled = off)`;
  await fill(sql, at, 6000);
  await sql`analyze`;
  const { after } = await cancelPeople(sql, at, {}, { limit: 3000 });
  const plans = await session.plansOf(
    async () => await cancelPeople(sql, at, {}, { limit: TOGETHER, after }),
  );
  assert.ok(after !== null && plans.length > 0);
  assert.deepEqual(
    plans.flatMap((plan) => greedy(plan, MOST)),
    [],
  );
});
