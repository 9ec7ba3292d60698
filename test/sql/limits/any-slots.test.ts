/** No order of takes, notices and fates of slots exceeds a window, as the provider counts it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { noteLimit, takeSlots } from '../../../packages/core/src/machine/limits.ts';
import { worstWindow } from '@postrider/bench/worst-window';
import { sharedMachine, turnClock } from '../rig.ts';
import { newConnection } from '../rig/connections.ts';
import { events, postcards } from './routes.ts';

const rig = sharedMachine();

/** What became of a slot: used late and slow on its way, given back, or lost in a crash. */
interface Fate {
  readonly late: number;
  readonly slow: number;
  readonly kind: 'used' | 'returned' | 'lost';
}

void test('for any sequence of takes and notices no window is exceeded, at the provider', async () => {
  const limits = [postcards, events, { route: 'few', windows: [{ requests: 5, ms: 2000 }] }];
  const fate = fc.record<Fate>({
    late: fc.double({ min: 0, max: 1, noNaN: true }),
    slow: fc.double({ min: 0, max: 1, noNaN: true }),
    kind: fc.constantFrom('used', 'used', 'used', 'returned', 'lost'),
  });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ most: fc.integer({ min: 0, max: 60 }), fate }) },
    { weight: 1, arbitrary: fc.record({ told: fc.integer({ min: 1, max: 200 }) }) },
    { weight: 1, arbitrary: fc.record({ closedMs: fc.integer({ min: 0, max: 3000 }) }) },
  );
  const steps = fc.array(fc.tuple(step, fc.integer({ min: 0, max: 1500 })), {
    minLength: 20,
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...limits), steps, async (limit, played) => {
      const key = await newConnection(rig.sql);
      const sent: { at: number; arrived: number; told: number }[] = [];
      const longest = Math.max(...limit.windows.map(({ ms }) => ms));
      let told = Infinity;
      let unused: string[] = [];
      for (const [action, waitMs] of played) {
        if ('told' in action) {
          told = action.told;
          await noteLimit(rig.sql, key, limit, { told, closes: false, waitMs: null });
        } else if ('closedMs' in action) {
          const note = { told: null, closes: true, waitMs: action.closedMs };
          await noteLimit(rig.sql, key, limit, note);
        } else {
          const got = await takeSlots(rig.sql, key, limit, {
            most: action.most,
            cost: 1,
            unused,
            late: [],
          });
          unused = [];
          const { late, slow, kind } = action.fate;
          for (const { at } of got.slots)
            if (kind === 'returned') unused.push(at);
            else if (kind === 'used')
              sent.push({
                at: Date.parse(at),
                arrived: Date.parse(at) + late * got.lateMs + slow * got.lateMs * 3,
                told,
              });
        }
        await turnClock(rig.sql, waitMs);
      }
      sent.sort((one, other) => one.at - other.at);
      for (const { requests, ms } of limit.windows) {
        const arrived = sent.map((one) => one.arrived);
        // To the microsecond, of which a date of JavaScript knows nothing.
        assert.ok(worstWindow(arrived, ms - 1) <= requests);
        for (const [index, { arrived: at, told: most }] of sent.entries()) {
          const before = sent[index - (ms === longest ? Math.min(requests, most) : requests)];
          if (before !== undefined) assert.ok(at - before.arrived >= ms - 2);
        }
      }
    }),
    { numRuns: 25 },
  );
});
