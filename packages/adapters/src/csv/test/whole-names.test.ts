/** Names in one cell, as they are printed: the given name, a blank, the family name. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { csv } from './people.ts';

async function read(name: string): Promise<readonly (string | null)[]> {
  const { members } = await csv(
    `id,name,street,city,state,zip\n1,"${name.replaceAll('"', '""')}",12 Elm St,Boston,MA,02138\n`,
  );
  return [members[0]?.firstName ?? null, members[0]?.lastName ?? null];
}

void it('a comma stands between family and given name, or before what is no name', async () => {
  for (const [name, first, last] of [
    ['Ann Lee', 'Ann', 'Lee'],
    ['Lee, Ann', 'Ann', 'Lee'],
    ['van der Berg, Anna Maria', 'Anna Maria', 'van der Berg'],
    ['Smith Jr., John', 'John', 'Smith Jr.'],
    ['Smith, John, Jr.', 'John', 'Smith, Jr.'],
    ['John Smith, Jr.', 'John', 'Smith, Jr.'],
    ['John Smith, MD', 'John', 'Smith, MD'],
    ['Dr. Ann Lee, Ph.D.', 'Dr. Ann', 'Lee, Ph.D.'],
    ['John Smith, III', 'John', 'Smith, III'],
    ['Acme, Inc.', 'Acme, Inc.', null],
    ['Smith & Sons, LLC', 'Smith & Sons, LLC', null],
    ['Müller GmbH, Abt. Einkauf', 'Müller GmbH, Abt. Einkauf', null],
    ['Smith, Jones, and Lee', 'Smith, Jones, and', 'Lee'],
    ['Lee,', null, 'Lee'],
  ] as const)
    assert.deepEqual(await read(name), [first, last], name);
});
