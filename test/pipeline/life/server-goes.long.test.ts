import { test } from 'node:test';
import { goings, ground, statementsOf, sweep, type Going } from './server-goes.ts';

for (const going of Object.keys(goings) as Going[]) {
  for (const phase of ['start', 'stop'] as const) {
    void test(`the server goes at every statement of a ${phase}: ${going}`, async () => {
      await using on = await ground();
      await sweep(on, phase, going, { many: await statementsOf(on, phase) });
    });
  }
}
