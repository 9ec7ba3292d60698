/** An actor that a function claims is claimed until it returns, and no longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sweepClaims } from './claims.ts';
import { sharedMachine } from '../rig.ts';

const rig = sharedMachine();

/** Functions that cannot go through. */
const never: Readonly<Record<string, string>> = {
  fail: 'it raises errors',
  fail_amend: 'it raises errors',
  refuse_hold: 'it raises errors',
  refuse_moves: 'it raises errors',
  require_list_read: 'it raises errors',
  attach_partition: 'a part of mend_event_partitions: a month that was detached before',
  detach_partition: 'a part of mend_event_partitions: it fills a table that is made for it',
};

void test('a call of any function leaves the actor claimed that it found, also when it is refused', async () => {
  const { kept, refused } = await sweepClaims(rig);
  assert.deepEqual(kept, []);
  assert.deepEqual(
    refused.toSorted(),
    Object.keys(never).toSorted(),
    'no call of these goes through: arrange one in arranged-calls.ts',
  );
});
