/** Whose cards are looked at before a launch. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchSample } from '@postrider/core';
import { people, syncPeople } from '../../support/machine.ts';
import { place, proofAll, refused, sharedMachine } from '../rig.ts';

const rig = sharedMachine();

void test('the sample has the first people and those whose cards go wrong most easily', async () => {
  const at = await place(rig.sql, {}, null);
  const merge = { code: 'HELLO', note: 'x' };
  const list = people(40).map((one) => ({ ...one, merge }));
  const change = (index: number, over: object): void => {
    const one = list[index];
    if (one !== undefined) list[index] = { ...one, ...over };
  };
  change(31, { firstName: 'Wolfeschlegelsteinhausen', lastName: 'Bergerdorff the Third' });
  change(32, { line1: '12345 Northwest Martin Luther King Junior Boulevard' });
  change(33, { firstName: 'Zoë', lastName: 'Łękårska-Ñúñez' });
  change(34, { merge: { code: 'HELLO', note: 'a sentence that is longer than any other' } });
  change(35, { merge: { code: 'HELLO', note: ' ' }, firstName: null });
  await syncPeople(rig.sql, at, list);
  const sample = await launchSample(rig.sql, at);
  assert.deepEqual(
    sample.map(({ externalId, why }) => `${externalId} ${why.join()}`),
    [
      ...Array.from({ length: 7 }, (_, index) => `p${index} first`),
      'p31 longest_name',
      'p32 longest_address',
      'p33 most_accents',
      'p34 longest_merge_data',
      'p35 missing_data',
    ],
  );
  assert.equal((await launchSample(rig.sql, at, 1)).length, 1);
  await refused('PR020', launchSample(rig.sql, at, 0));
  assert.ok(sample.every(({ proof }) => proof === null));
  await proofAll(rig.sql, at);
  const [proofed] = await launchSample(rig.sql, at, 1);
  assert.equal(proofed?.proof?.frontUrl, 'file:///front.pdf');
});
