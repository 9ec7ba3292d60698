import { it } from 'node:test';
import { tryMutatedLists } from './mutated-lists.ts';

it('every row of a list is accounted for once, whatever its bytes', async (t) => {
  const seed = Date.now() % 1_000_000_000;
  t.diagnostic(`seed ${seed}`);
  await tryMutatedLists(400, seed);
});
