/**
 * Do tests notice when a safeguard is missing? Every mutant still fits; a few quick ones are
 * hunted. All of them: `npm run test:mutants`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { huntAll } from './hunt.ts';
import { mutants, quick } from './mutants.ts';
import { modulesOf, mutantNamed, mutated } from './patch.ts';

void test('every mutant fits the machine as it is', () => {
  for (const mutant of mutants) for (const module of modulesOf(mutant)) mutated(mutant, module);
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
