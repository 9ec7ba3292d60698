/** The same with a true million people, and how much the answers read. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { freshMachine, launched } from '../../support/machine.ts';
import { blocksRead, fill, greedy, watched } from './many-people.ts';
import { everyday } from './everyday-statements.ts';
import { askedAtNight } from './night-statements.ts';

const PEOPLE = 1_000_000;
const MOST = 2_000;
/**
 * What people ask, and the claim: it is answered from so many blocks. Steps of sync work on a whole
 * page, and have their own measure in `bench`.
 */
const MOST_BLOCKS = 8_000;
/** All its checks together. */
const MOST_BLOCKS_OF_DOCTOR = 10_000;
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

void test('with a million people no everyday statement reads a big table, and answers are read from few blocks', async (context) => {
  await using machine = await freshMachine();
  const at = await launched(machine.sql, { effects: ['usage_meter'] });
  await using session = await watched(machine.database.adminUrl);
  await fill(session.sql, at, PEOPLE);
  await session.sql`analyze`;
  await session.sql`select postrider.fold_tally()`;
  const found: string[] = [];
  const blocks: [string, number][] = [];
  for (const [what, run] of [
    ...everyday(session.sql, at, randomUUID()),
    ...askedAtNight(session.sql, at),
  ]) {
    const plans = await session.plansOf(run);
    found.push(
      ...plans.flatMap((plan) => greedy(plan, MOST)).map((problem) => `${what} ${problem}`),
    );
    if (ASKED.has(what)) blocks.push([what, blocksRead(plans)]);
  }
  context.diagnostic(blocks.map(([what, read]) => `${what}: ${read}`).join(' · '));
  assert.deepEqual(found, []);
  assert.equal(blocks.length, ASKED.size);
  const costly = blocks.filter(
    ([what, read]) => read > (what === 'doctor' ? MOST_BLOCKS_OF_DOCTOR : MOST_BLOCKS),
  );
  assert.deepEqual(costly, []);
});
