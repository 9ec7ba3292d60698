/** The same with a true million people, and how long the answers take. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { freshMachine, launched } from '../../support/machine.ts';
import { fill, greedy, watched } from './many-people.ts';
import { everyday } from './everyday-statements.ts';
import { askedAtNight } from './night-statements.ts';

const PEOPLE = 1_000_000;
const MOST = 2_000;
/**
 * What people ask, and the claim: within this, the best of some. Steps of sync work on a whole
 * page, and have their own measure in `bench`.
 */
const WITHIN_MS = 50;
/** All its checks together. */
const DOCTOR_WITHIN_MS = 200;
const ASKED = new Set([
  'stage plan, proof',
  'stage plan, mail',
  'stage proof',
  'stage mail',
  'begin proof',
  'begin mail',
  'funnel',
  'stuck',
  'queue',
  'what waits',
  'doctor',
  'due',
  'trace by id',
  'trace by e-mail',
  'trace by reference',
  "why by the printer's id",
  'why by mailpiece',
  'why by an id of nobody',
  'trace by an id of nobody',
  'suppressed',
  'suppressed, by address',
  'spending',
  'pace',
  'progress',
  'reap, nothing',
  'cancel',
  'amend an address',
  'amend a name',
  'hold',
  'release',
]);

void test('with a million people no everyday statement reads a big table, and the answers come within 50 ms', async (context) => {
  await using machine = await freshMachine();
  const at = await launched(machine.sql, { effects: ['usage_meter'] });
  await using session = await watched(machine.database.adminUrl);
  await fill(session.sql, at, PEOPLE);
  await session.sql`analyze`;
  await session.sql`select postrider.fold_tally()`;
  const found: string[] = [];
  for (const [what, run] of [
    ...everyday(session.sql, at, randomUUID()),
    ...askedAtNight(session.sql, at),
  ])
    for (const plan of await session.plansOf(run))
      found.push(...greedy(plan, MOST).map((problem) => `${what} ${problem}`));
  assert.deepEqual(found, []);

  const best = new Map<string, number>();
  for (let round = 0; round < 7; round += 1) {
    for (const [what, run] of [
      ...everyday(machine.sql, at, randomUUID()),
      ...askedAtNight(machine.sql, at),
    ]) {
      const started = performance.now();
      await run();
      best.set(what, Math.min(best.get(what) ?? Infinity, performance.now() - started));
    }
  }
  context.diagnostic([...best].map(([what, ms]) => `${what}: ${ms.toFixed(1)} ms`).join(' · '));
  const slow = [...best].filter(
    ([what, ms]) => ASKED.has(what) && ms > (what === 'doctor' ? DOCTOR_WITHIN_MS : WITHIN_MS),
  );
  assert.deepEqual(slow, []);
});
