/** Several of a list at the same time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { severalAtOnce } from '../turns.ts';

void test('answers stand where they were asked for, and no more are under way than are allowed', async () => {
  let [underWay, most] = [0, 0];
  const answers = await severalAtOnce([30, 10, 20, 0], 2, async (ms) => {
    most = Math.max(most, (underWay += 1));
    await new Promise((resolve) => setTimeout(resolve, ms));
    underWay -= 1;
    return ms;
  });
  assert.deepEqual([answers, most], [[30, 10, 20, 0], 2]);
  assert.deepEqual(await severalAtOnce([], 3, async () => await Promise.resolve(1)), []);
});

void test('what one throws is thrown when all that was begun has ended, and nothing is begun after it', async () => {
  const [begun, ended]: number[][] = [[], []];
  const slow = Promise.withResolvers<void>();
  const all = severalAtOnce([0, 1, 2, 3], 2, async (item) => {
    begun?.push(item);
    if (item === 1) throw new Error('no such card');
    await slow.promise;
    ended?.push(item);
  });
  const first = await Promise.race([all.catch(() => 'thrown'), Promise.resolve('waits')]);
  assert.equal(first, 'waits');
  slow.resolve();
  await assert.rejects(all, /no such card/);
  assert.deepEqual([begun, ended], [[0, 1], [0]]);
});
