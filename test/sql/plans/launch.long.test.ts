/** How much is read of a million people to show what their launch would do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchPreview, launchSample } from '@postrider/core';
import { freshMachine, launched } from '../../support/machine.ts';
import { blocksRead, fill, watched } from './many-people.ts';

const PEOPLE = 1_000_000;
/** It looks at 10,000, by one index and one key each. */
const BLOCKS_OF_SAMPLE = 10_000 * 15;

void test('before a launch of a million people no table is read twice, and its sample looks at 10,000', async (context) => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql, { daily_cap: 1_000, offer_ends_on: '2099-01-01' }, 'Bakery', null);
  await using session = await watched(machine.database.adminUrl);
  await fill(session.sql, at, PEOPLE);
  await session.sql`vacuum analyze`;
  const preview = await session.plansOf(async () => {
    const { cards, turnedAway } = await launchPreview(session.sql, at, { mode: 'live' });
    assert.deepEqual([cards.people, cards.now], [PEOPLE / 2, 1_000]);
    assert.deepEqual(
      turnedAway.map(({ people }) => people),
      [PEOPLE / 20],
    );
  });
  const sample = await session.plansOf(async () => {
    assert.equal((await launchSample(session.sql, at)).length, 12);
  });
  const [tables] = await session.sql<{ blocks: number }[]>`
    select sum(relpages)::int as blocks from pg_class
    where oid in ('postrider.recipient'::regclass, 'postrider.recipient_state'::regclass)`;
  assert.ok(tables);
  context.diagnostic(
    `the tables have ${tables.blocks} blocks, the preview read ${blocksRead(preview)}, ` +
      `the sample ${blocksRead(sample)}`,
  );
  assert.ok(blocksRead(preview) < tables.blocks);
  assert.ok(blocksRead(sample) < BLOCKS_OF_SAMPLE);
});
