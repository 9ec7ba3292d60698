/** The JSON that functions about limits answer has the shape that the typed calls tell of. */
import { test } from 'node:test';
import { takeSlots, type TakenSlots } from '../../../packages/core/src/machine/limits.ts';
import { place, sharedMachine } from '../rig.ts';
import { connected } from '../rig/connections.ts';
import { fits } from '../rig/shapes.ts';

const rig = sharedMachine();

void test('slots of a route', async () => {
  const { sql } = rig;
  const { organizationId } = await place(sql);
  const connection = await connected(sql, organizationId);
  const limit = { route: 'POST /postcards', windows: [{ requests: 150, ms: 5000 }] };
  const taken = fits<TakenSlots>(
    await takeSlots(sql, connection, limit, { most: 2, cost: 1, unused: [], late: [] }),
    {
      nowMs: 'number',
      slots: 'list',
      lateMs: 'number',
      wayMs: 'number',
      againMs: 'number',
      closedMs: 'number',
      told: 'number?',
    },
  );
  fits(taken.slots[0], { at: 'string', inMs: 'number' });
});
