/** Addresses made of parts, of countries that write in other languages than English. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anotherAbroad, madeAbroad, spelledAbroad, withoutUnits } from './made-abroad.ts';
import { picker } from './made-address.ts';
import { sharedMachine } from '../rig.ts';
import { isLong } from '../../support/long.ts';

const rig = sharedMachine();

void test('however an address abroad is spelt it has one key, another part makes another, and without its flat it is in reach', async () => {
  const rounds = isLong ? 100 : 1;
  for (let round = 0; round < rounds; round++) {
    const made = Array.from({ length: 1000 }, (_, i) => {
      const seed = Date.now() + round * 1000 + i;
      const pick = picker(seed);
      const parts = madeAbroad(pick);
      return {
        seed,
        written: spelledAbroad(parts, pick),
        again: spelledAbroad(parts, pick),
        other: spelledAbroad(anotherAbroad(parts, pick), pick),
        house: spelledAbroad(withoutUnits(parts), pick),
      };
    });
    const keys = await rig.sql<Record<'key' | 'same' | 'apart' | 'house', string>[]>`
      select k[1] as key, k[2] as same, k[3] as apart,
        case when postrider.may_be_one_household(k[1], k[4]) then k[1] else k[4] end as house
      from jsonb_array_elements(${JSON.stringify(made)}::text::jsonb) with ordinality as m (made, n)
      cross join lateral (
        select array(
          select postrider.household_key(made -> w.which ->> 'line1', made -> w.which ->> 'line2',
            made -> w.which ->> 'postalCode', made -> w.which ->> 'country')
          from unnest('{written,again,other,house}'::text[]) with ordinality as w (which, n)
          order by w.n) as k
        offset 0) as x
      order by m.n`;
    const wrong = made.flatMap(({ seed, written, again, other, house }, i) => {
      const found = keys[i];
      if (found?.key !== found?.same) return [[seed, 'two keys', written, again, found]];
      if (found?.key === found?.apart) return [[seed, 'one key', written, other, found]];
      return found?.house === found?.key ? [] : [[seed, 'out of reach', written, house, found]];
    });
    assert.deepEqual(wrong.slice(0, 5), []);
  }
});
