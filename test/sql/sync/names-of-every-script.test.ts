/** People of one household are told apart by names in letters of any script. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { place, resident, sharedMachine, statesOf, syncRun } from '../rig.ts';
import { syncPeople } from '../../support/machine.ts';

const rig = sharedMachine();

const named = [
  ['Анна', 'Петрова', 'АННА', 'ПЕТРОВА', 'Иван', 'Петров'],
  ['Ελένη', 'Παπά', 'ΕΛΕΝΗ', 'ΠΑΠΑ', 'Νίκος', 'Παπάς'],
  ['花子', '田中', '花子', '田中', '太郎', '田中'],
  ['Anne', "O'Brien", 'ANNE', 'O’BRIEN', 'Ann', 'O’Brien'],
] as const;

void test('a plain name has the key that it has beside letters of other scripts', async () => {
  const names = ['Ada', 'ann-marie', "O'Brien", ' Van  den Berg ', 'a', '', '-', 'J-P d’Arc'];
  const rows = await rig.sql<{ plain: string; folded: string }[]>`
    select postrider.name_key(t, t) as plain,
      -- A letter before it takes the longer way.
      ltrim(substr(postrider.name_key('я ' || t, t), 2)) as folded
    from jsonb_array_elements_text(${JSON.stringify(names)}::text::jsonb) t`;
  for (const { plain, folded } of rows) assert.equal(plain, folded);
});

for (const [first, last, againFirst, againLast, otherFirst, otherLast] of named) {
  const home = { line1: '12 Elm Street', email: null };
  const her = { ...home, firstName: first, lastName: last };
  const again = { ...home, firstName: againFirst, lastName: againLast };
  const him = { ...home, firstName: otherFirst, lastName: otherLast };

  void test(`${first} ${last} is one person however she is written, and ${otherFirst} is another`, async () => {
    const { sql } = rig;
    const at = await place(sql, { dedupe: 'person' });
    await syncPeople(sql, at, [
      resident('her', her),
      resident('him', him, 2),
      resident('again', again, 3),
    ]);
    assert.deepEqual(await statesOf(sql, at), { her: 'pending', him: 'pending', again: 'skipped' });
  });

  void test(`mail that ${first} does not want keeps nobody else of the house out`, async () => {
    const { sql } = rig;
    const at = await place(sql, { dedupe: 'person' });
    await syncPeople(sql, at, [
      resident('her', { ...her, doNotMail: true, doNotMailBecause: 'she says so' }),
      resident('him', him, 2),
    ]);
    assert.deepEqual(await statesOf(sql, at), { her: 'blacklisted', him: 'pending' });
  });

  void test(`an id that comes again with ${otherFirst} in place of ${first}, who moved, is a conflict`, async () => {
    const { sql } = rig;
    const at = await place(sql);
    const run = await syncRun(sql, at);
    await run.page([resident('a', her)]);
    await run.page([resident('a', { ...him, line1: '90 Late Rd' }, 2)]);
    assert.equal((await run.close())['conflicting'], 1);
  });
}
