/** Pairs of addresses of many countries: one household for certain, possibly, or two. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { byColumn, readTable } from '../../audit/csv.ts';
import { sharedMachine } from '../rig.ts';

const rig = sharedMachine();

interface Pair {
  readonly expected: string;
  readonly country: string;
  readonly postal_code: string;
  readonly one: string;
  readonly other: string;
}

/** A bar divides line 1 from line 2. */
function pairs(): Pair[] {
  const columns = ['expected', 'country', 'postal_code', 'one', 'other'];
  const text = readFileSync(join(import.meta.dirname, '../../cases/household-pairs.csv'), 'utf8');
  const table = readTable(text, columns, 'household-pairs.csv');
  return table.records.map((record) => byColumn(table, record) as unknown as Pair);
}

void test('every pair of household-pairs.csv is as near as it says, and is found by its number', async () => {
  const all = pairs();
  assert.ok(all.length > 600, `${all.length} pairs`);
  const found = await rig.sql<{ found: string; near: boolean; one: string; other: string }[]>`
    select
      case
        when k.one = k.other then 'same'
        when postrider.may_be_one_household(k.one, k.other) then 'possible'
        else 'apart'
      end as found,
      exists (
        select
        from unnest(postrider.keys_within(k.one)) as a (key),
          unnest(postrider.keys_within(k.other)) as b (key)
        where postrider.neighbourhood_of(a.key) = postrider.neighbourhood_of(b.key)) as near,
      k.one, k.other
    from jsonb_array_elements(${JSON.stringify(all)}::text::jsonb) with ordinality as p (pair, n)
    cross join lateral (
      select
        postrider.household_key(split_part(pair ->> 'one', '|', 1),
          split_part(pair ->> 'one', '|', 2), pair ->> 'postal_code', pair ->> 'country') as one,
        postrider.household_key(split_part(pair ->> 'other', '|', 1),
          split_part(pair ->> 'other', '|', 2), pair ->> 'postal_code', pair ->> 'country') as other
      offset 0) as k
    order by p.n`;
  const wrong = all.flatMap((pair, i) => {
    const is = found[i];
    return is?.found === pair.expected && (is.near || is.found === 'apart') ? [] : [[pair, is]];
  });
  assert.deepEqual(wrong, []);
});
