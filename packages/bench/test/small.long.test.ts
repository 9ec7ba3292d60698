/**
 * The benches with a process beside them, with as little as they take: that they run, and judge.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDatabaseAddress } from '@postrider/core/database-address';
import { testDatabase } from '../../../test/support/server.ts';
import { benchmarks } from '../src/index.ts';

async function small(name: string, size: number): Promise<Readonly<Record<string, unknown>>> {
  const bench = benchmarks.find((one) => one.name === name);
  assert.ok(bench);
  // By the owner: roles are the whole server's, and belong to the first who migrates there.
  await using database = await testDatabase();
  const address = readDatabaseAddress(database.url, {});
  return { ...(await bench.run({ address, size, say: () => undefined })) };
}

void test('bench webhooks has all of its events applied, each once, and repeats among them', async () => {
  const told = await small('webhooks', 400);
  const { applied, lost, doubled, repeats, sent_again: again, events, cards } = told;
  assert.deepEqual(
    { applied, lost, doubled, repeats, again, events, cards },
    { applied: 400, lost: 0, doubled: 0, repeats: 8, again: 0, events: 400, cards: 80 },
  );
  assert.ok(Number(told['accepted_per_second']) > 0);
  assert.ok('pipeline_ratio' in told);
});

void test('bench submit orders each card once, without a limit and with it', async () => {
  const told = await small('submit', 100);
  assert.deepEqual([told['cards'], told['limited_cards'], told['used']], [100, 100, null]);
  assert.ok(Number(told['per_second']) > 0);
  assert.equal(told['worst_window'], 100);
});
