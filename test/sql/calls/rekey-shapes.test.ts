/** The JSON of a re-key has the shape that its typed calls tell of: as in `json-shapes.test.ts`. */
import { test } from 'node:test';
import { rekey, rekeyPreview, type Rekeyed, type RekeyPreview } from '@postrider/core';
import { place, sharedMachine } from '../rig.ts';
import { fits } from '../rig/shapes.ts';

const rig = sharedMachine();

void test('what a re-key would do, and each of its steps', async () => {
  const { sql } = rig;
  const { organizationId } = await place(sql);
  fits<RekeyPreview>(await rekeyPreview(sql, organizationId), {
    version: 'string',
    people: 'number',
    campaigns: 'list',
    joined: 'list',
    parted: 'list',
    suppressions: 'number',
    left: 'number',
  });
  for await (const step of rekey(sql, organizationId))
    fits<Rekeyed>(step, { next: 'string?', people: 'number', kept: 'number' });
});
