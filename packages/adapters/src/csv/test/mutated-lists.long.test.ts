import { it } from 'node:test';
import { tryMutatedLists } from './mutated-lists.ts';

it('every row of 100,000 lists is accounted for once, whatever their bytes', async (t) => {
  const seed = Date.now() % 1_000_000_000;
  t.diagnostic(`seed ${seed}`);
  await tryMutatedLists(100_000, seed);
});
