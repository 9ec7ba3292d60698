import { test } from 'node:test';
import { goings, ground, statementsOf, sweep, type Going } from './server-goes.ts';

void test('no start and no stop ends the process, or waits for ever, where the server goes in its midst', async () => {
  await using on = await ground();
  const starts = await statementsOf(on, 'start');
  const stops = await statementsOf(on, 'stop');
  // All together meet every tenth statement or so; every one of them, in each way:
  // server-goes.long.test.ts.
  for (const [index, going] of (Object.keys(goings) as Going[]).entries()) {
    await sweep(on, 'start', going, { many: starts, every: 45, first: index * 9 });
    await sweep(on, 'stop', going, { many: stops, every: 30, first: index * 6 });
  }
});
