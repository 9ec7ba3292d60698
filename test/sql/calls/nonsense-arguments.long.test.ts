/** As calls.test.ts, with some hundred mixtures of odd values for each function. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sweep } from './nonsense-arguments.ts';
import { logout } from '../privileges/logins.ts';
import { sharedMachine } from '../rig.ts';

const rig = sharedMachine(undefined, async () => await logout(rig));

void test('no function that a role may call answers any mixture of nonsense with an error of the server', async () => {
  assert.deepEqual((await sweep(rig, 400)).wrong, []);
});
