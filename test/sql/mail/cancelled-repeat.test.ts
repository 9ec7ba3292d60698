/**
 * Somebody who is to be sent again for the sake of a key may have a card already: nobody knows what
 * became of the first request. Who stops them must not take them for somebody without a card.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel } from '@postrider/core';
import { claimDue, DAY, one, onlyPiece, place, sharedMachine, unknownDue } from '../rig.ts';
import { claimOne, conclude, verdict } from '../rig/reconcile.ts';

const rig = sharedMachine();

// The cancel skips them at once, and nothing asks the printer any more: a card that exists is only
// told when the printer happens to be heard of (`printed_all_the_same`), and is not called back.
void test(
  'who is cancelled while waiting to be sent again is asked for at the printer first',
  { todo: 'the cancel closes a piece of which nobody knows whether it was made' },
  async () => {
    const { sql } = rig;
    const at = await place(sql);
    await unknownDue(sql, at);
    const piece = await claimOne(sql, at);
    await conclude(sql, at, verdict(piece, 'cannot_tell', { keyLifetimeMs: DAY }));
    const person = await one(sql, at);
    assert.deepEqual([person.state, person.reason], ['proofed', 'same_key_again']);
    await cancel(sql, person.id);
    assert.notEqual((await onlyPiece(sql, at)).status, 'cancelled');
    assert.notEqual((await one(sql, at)).state, 'skipped');
    assert.equal((await claimDue(sql, at)).length, 1);
  },
);
