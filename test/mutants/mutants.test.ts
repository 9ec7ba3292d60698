/**
 * Do tests notice when a safeguard is missing? Every mutant still fits; a few quick ones are
 * hunted. All of them: `npm run test:mutants`.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { huntAll } from './hunt.ts';
import { mutants, quick } from './mutants.ts';
import { modulesOf, mutantNamed, mutated, root } from './patch.ts';

void test('every mutant fits the machine as it is, and names a file of tests that is there', () => {
  for (const mutant of mutants) {
    for (const module of modulesOf(mutant)) mutated(mutant, module);
    assert.ok(existsSync(join(root, mutant.test.file)), `${mutant.name}: ${mutant.test.file}`);
  }
  assert.equal(new Set(mutants.map((mutant) => mutant.name)).size, mutants.length);
});

void test('quick mutants are killed', async (t) => {
  const hunted = await huntAll(quick.map(mutantNamed), 2, ({ mutant, verdict, ms }) =>
    t.diagnostic(`${mutant}: ${verdict} (${ms} ms)`),
  );
  assert.deepEqual(
    hunted.filter(({ verdict }) => verdict !== 'killed'),
    [],
  );
});
